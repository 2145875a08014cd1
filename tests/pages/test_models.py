"""The Models page leads to training where nothing was trained, and else lists what was."""

from __future__ import annotations


def test_without_data_it_leads_to_the_library(opened_without_data):
    assert [button.label for button in opened_without_data("models.py").button] == ["Open the library"]


def test_where_nothing_was_trained_it_offers_to_train(opened):
    page = opened("models.py")
    assert page.info[0].value.startswith("No model was trained on this dataset yet.")
    assert "Train one" in [button.label for button in page.button]


def test_a_trained_model_can_be_written_as_onnx_and_promoted(opened, small_dataset):
    page = opened("models.py")
    labels = [button.label for button in page.button]
    assert "Train one" not in labels
    assert {"Write ONNX", "Promote"} <= set(labels)
    assert not any(info.value.startswith("No model was trained") for info in page.info)
