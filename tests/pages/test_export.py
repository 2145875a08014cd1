"""The Export page offers to write what is there, and without pictures leads to the library."""

from __future__ import annotations

from tests.pages.conftest import labelled


def test_without_data_it_leads_to_the_library(opened_without_data):
    assert [button.label for button in opened_without_data("export.py").button] == ["Open the library"]


def test_without_pictures_there_is_nothing_to_export(opened):
    page = opened("export.py")
    assert "nothing to export" in page.info[0].value
    assert [button.label for button in page.button] == ["Open the library"]


def test_it_says_what_will_be_written_and_suggests_a_folder_for_the_format(opened, small_dataset):
    page = opened("export.py")
    assert page.markdown[0].value.startswith("4 pictures with 4 faces of 0 people and 0 figures will be written")
    assert "Export" in [button.label for button in page.button]
    assert "None yet." in [caption.value for caption in page.caption]
    (formats,) = page.radio
    folder = labelled(page.text_input, "Folder").value
    formats.set_value(formats.options[-1]).run()
    assert labelled(page.text_input, "Folder").value != folder
