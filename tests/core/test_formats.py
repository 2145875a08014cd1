from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.formats import READERS, WRITERS
from core.formats.dataset import LabelledDataset
from tests.builders.labelled_examples import facts, files_of, random_dataset

FORMATS = sorted(WRITERS)
WHEN = "2026-11-20T12:00:00Z"


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("seed", range(5))
def test_export_read_and_exported_again_is_byte_equal(make_dataset, tmp_path, name, seed):
    first = WRITERS[name](make_dataset(seed), tmp_path / "first", exported_at=WHEN)
    again = WRITERS[name](READERS[name](tmp_path / "first"), tmp_path / "again", exported_at=WHEN)
    assert files_of(tmp_path / "first") == files_of(tmp_path / "again")
    assert len(first.files) > 10
    assert first == again


@pytest.mark.parametrize("name", ["coco", "facet"])
@pytest.mark.parametrize("seed", range(5))
def test_nothing_is_lost_on_the_way_out_and_back(make_dataset, tmp_path, name, seed):
    dataset = make_dataset(seed)
    WRITERS[name](dataset, tmp_path / "out", exported_at=WHEN)
    back = READERS[name](tmp_path / "out")
    crops = tuple(item for item in back.left_out if "crop" in item.reason)
    assert facts(back) == facts(replace(dataset, left_out=(*dataset.left_out, *crops)))


@pytest.mark.parametrize("name", FORMATS)
def test_pictures_come_back_as_the_files_of_the_export(small_dataset, tmp_path, name):
    WRITERS[name](small_dataset, tmp_path / "out", exported_at=WHEN)
    for image, original in zip(READERS[name](tmp_path / "out").images, small_dataset.images, strict=True):
        assert image.file == tmp_path / "out" / "images" / image.path
        assert image.file.read_bytes() == original.file.read_bytes()
        assert image.size_bytes == original.file.stat().st_size


@pytest.mark.parametrize("name", FORMATS)
def test_counts_agree_with_a_count_by_hand_of_what_is_read_back(make_dataset, tmp_path, name):
    counts = WRITERS[name](make_dataset(4), tmp_path / "out", exported_at=WHEN).counts
    back = READERS[name](tmp_path / "out")
    found = [instance for image in back.images for instance in image.instances]
    for skeleton, by_visibility in counts["keypoints"].items():
        values = [v for i in found if i.skeleton == skeleton for v in i.keypoints.visibility.tolist()]
        assert list(by_visibility.values()) == [values.count(0), values.count(1), values.count(2)]
    assert counts["faces_confirmed_by_human"] == sum(i.kind == "face" and i.person_source == "human" for i in found)
    assert counts["images"] == len(back.images)
    assert counts["people"] == len(back.people)
    assert counts["left_out"] == len(back.left_out)


@pytest.mark.parametrize("name", FORMATS)
def test_empty_dataset_makes_an_export_that_reads_back_empty(tmp_path, name):
    manifest = WRITERS[name](LabelledDataset("Nothing"), tmp_path / "out", exported_at=WHEN)
    back = READERS[name](tmp_path / "out")
    assert (back.name, back.images, back.people, back.models, back.left_out) == ("Nothing", (), (), (), ())
    assert manifest.counts["images"] == manifest.counts["people"] == 0


@settings(max_examples=8)
@given(st.integers(100, 2**31), st.sampled_from(["coco", "facet"]))
def test_whatever_a_dataset_holds_comes_back(seed, name):
    with TemporaryDirectory() as folder:
        dataset = random_dataset(Path(folder) / "originals", seed)
        WRITERS[name](dataset, Path(folder) / "out", exported_at=WHEN)
        back = READERS[name](Path(folder) / "out")
        crops = tuple(item for item in back.left_out if "crop" in item.reason)
        assert facts(back) == facts(replace(dataset, left_out=(*dataset.left_out, *crops)))
