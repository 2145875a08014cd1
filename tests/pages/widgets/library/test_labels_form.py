"""What the page says of label files before they are imported, and of those that wait."""

import os

import numpy as np
import pytest

from core.formats.labels.rows import LabelledRow
from core.foundation.arrays import Keypoints
from core.points import label_importing
from core.points.label_placing import keep_waiting
from core.points.label_writing import FileLabel
from db.writing import writing
from pages.widgets.library import labels_form

POINTS = np.stack([np.arange(68.0), np.arange(68.0)], axis=1)
PTS = "version: 1\nn_points: 68\n{\n" + "\n".join(f"{x} {y}" for x, y in POINTS) + "\n}\n"


@pytest.fixture
def sniffed(monkeypatch):
    """The names of the files that were opened to say what they are."""
    names = []

    def sniff(name, content):
        names.append(name)
        return look(name, content)

    look = label_importing.sniff_label_file
    monkeypatch.setattr(label_importing, "sniff_label_file", sniff)
    return names


@pytest.fixture
def folder(tmp_path):
    """Three label files."""
    made = tmp_path / "labels"
    made.mkdir()
    for number in range(3):
        (made / f"{number}.pts").write_text(PTS)
    return made


def test_label_files_are_opened_once_and_again_when_one_has_changed(opened, dataset, folder, sniffed):
    page = opened("library.py")
    page.session_state["labels_origin"] = "server"
    page.run()
    page.text_input(key="labels_source").input(str(folder)).run()
    assert any("300\\-W \\.pts" in text.value and "3 files" in text.value for text in page.markdown)
    assert len(sniffed) == 3
    page.run()
    assert len(sniffed) == 3
    os.utime(folder / "1.pts", ns=(1, 1))
    page.run()
    assert len(sniffed) == 6


def test_of_many_waiting_pictures_one_page_is_read(opened, workspace, dataset, author, monkeypatch):
    rows = [LabelledRow(f"{number:03d}.png", Keypoints.of(POINTS), "face68") for number in range(45)]
    with writing(workspace.engine) as session:
        keep_waiting(dataset, [FileLabel(row, "all.json", author) for row in rows], session=session)
    lengths = []

    def counted(*args, **kwargs):
        found = pictures(*args, **kwargs)
        lengths.append(len(found))
        return found

    pictures = labels_form.waiting_pictures
    monkeypatch.setattr(labels_form, "waiting_pictures", counted)
    page = opened("library.py")
    assert [text.value.split(" for ")[0] for text in page.main.info] == ["45 labels wait"]
    assert "Labels that wait" in [box.label for box in page.selectbox]
    assert lengths == [20]


def test_labels_that_wait_are_said_outside_the_folded_section_and_nothing_where_none_wait(
    opened, workspace, dataset, author
):
    assert not opened("library.py").info
    row = LabelledRow("0.png", Keypoints.of(POINTS), "face68")
    with writing(workspace.engine) as session:
        keep_waiting(dataset, [FileLabel(row, "all.json", author)], session=session)
    page = opened("library.py")
    assert page.info[0].value.startswith("1 label waits for pictures that are not here")
    (section,) = [folded for folded in page.expander if folded.label == "Import labels"]
    assert not section.info
