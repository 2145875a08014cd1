"""The Training page leads to labels where there are none, and offers a recipe where there are some."""

from __future__ import annotations


def test_without_data_it_leads_to_the_library(opened_without_data):
    assert [button.label for button in opened_without_data("training.py").button] == ["Open the library"]


def test_without_labels_it_leads_to_where_they_come_from(opened):
    page = opened("training.py")
    assert page.info[0].value.startswith("No human has set or accepted 68 face landmarks here yet.")
    assert [button.label for button in page.button] == ["Correct keypoints", "Import labels"]


def test_with_labels_a_recipe_can_be_trained(opened, small_dataset):
    page = opened("training.py")
    assert page.metric[0].value == "4"
    assert {"Train", "Does it fit?"} <= {button.label for button in page.button}
