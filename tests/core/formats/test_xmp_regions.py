"""Names beside pictures: regions that other tools read, names that no markup comes out of, nothing for nobody."""

import hashlib
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from core.formats import READERS, WRITERS
from core.formats.dataset import LabelledDataset, LabelledImage, LabelledInstance, LabelledPerson
from core.formats.xmp_regions import sidecar

WHEN = "2026-11-20T12:00:00Z"
LISTED = ".//{http://www.metadataworkinggroup.com/schemas/regions/}RegionList//{http://www.w3.org/1999/02/22-rdf-syntax-ns#}li"
MWG = "{http://www.metadataworkinggroup.com/schemas/regions/}"
AREA = "{http://ns.adobe.com/xmp/sType/Area#}"


def _picture(*faces: LabelledInstance) -> LabelledImage:
    return LabelledImage(path="a.jpg", sha256="a" * 64, size_bytes=1, width=200, height=100, file=None, instances=faces)


def _face(
    person: str | None = "p-1", box: tuple[float, float, float, float] = (19.5, 9.5, 59.5, 49.5)
) -> LabelledInstance:
    source = "human" if person else None
    return LabelledInstance(kind="face", box=box, origin="model", person=person, person_source=source)


def _regions(content: bytes | None) -> list[tuple[str | None, list[float]]]:
    assert content is not None
    found = []
    for region in ElementTree.fromstring(content).iterfind(LISTED):
        area = region.find(f"{MWG}Area")
        assert area is not None
        assert area.get(f"{AREA}unit") == "normalized"
        assert region.findtext(f"{MWG}Type") == "Face"
        found.append((region.findtext(f"{MWG}Name"), [float(area.get(f"{AREA}{part}") or "nan") for part in "xywh"]))
    return found


def test_a_region_is_a_centre_and_a_size_as_shares_of_the_sides() -> None:
    # 20 to 60 of 200 pixels across, 10 to 50 of 100 down.
    assert _regions(sidecar(_picture(_face()), {"p-1": "Ann"})) == [("Ann", [0.2, 0.3, 0.2, 0.4])]


def test_what_lies_outside_the_picture_is_cut_off() -> None:
    (region,) = _regions(sidecar(_picture(_face(box=(-50, -50, 99.5, 49.5))), {"p-1": "Ann"}))
    assert region[1] == [0.25, 0.25, 0.5, 0.5]


@pytest.mark.parametrize("faces", [(), (_face(None),), (_face("p-2"),)])
def test_where_nobody_has_a_name_there_is_no_sidecar(faces: tuple[LabelledInstance, ...]) -> None:
    assert sidecar(_picture(*faces), {"p-1": "Ann", "p-2": None}) is None


@given(st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Cn"]), min_size=1).filter(str.strip))
def test_a_name_is_never_markup(name: str) -> None:
    content = sidecar(_picture(_face(), _face()), {"p-1": name})
    assert [found for found, _ in _regions(content)] == [name, name]


@pytest.mark.parametrize("name", ["<b>Ann</b>", 'A "quoted" & odd', "각각", "שלום", "🙂"])
def test_names_that_others_stumble_over(name: str) -> None:
    assert _regions(sidecar(_picture(_face()), {"p-1": name}))[0][0] == name


def test_what_xml_cannot_hold_is_shown_as_missing() -> None:
    assert _regions(sidecar(_picture(_face()), {"p-1": "A\x07n\uffffn"}))[0][0] == "A\ufffdn\ufffdn"


def test_pillow_reads_the_very_names_and_places(tmp_path: Path) -> None:
    picture = Image.new("RGB", (200, 100))
    picture.save(tmp_path / "a.jpg", xmp=sidecar(_picture(_face()), {"p-1": "Ann"}))
    with Image.open(tmp_path / "a.jpg") as opened:
        regions = opened.getxmp()["xmpmeta"]["RDF"]["Description"]["Regions"]
    assert regions["RegionList"]["Bag"]["li"]["Name"] == "Ann"


def test_an_export_of_people_has_a_sidecar_beside_each_picture_of_somebody_named(
    small_dataset: LabelledDataset, tmp_path: Path
) -> None:
    manifest = WRITERS["identities"](small_dataset, tmp_path / "out", exported_at=WHEN)
    assert [path for path in manifest.files if path.endswith(".xmp")] == ["images/one.png.xmp"]
    ((name, area),) = _regions((tmp_path / "out" / "images" / "one.png.xmp").read_bytes())
    assert name == "Ann"
    np.testing.assert_allclose(area, [30.5 / 100, 30.5 / 80, 0.2, 0.25], atol=1e-6)
    assert READERS["identities"](tmp_path / "out").left_out == manifest.left_out


def test_without_a_name_nothing_lies_beside_the_pictures(small_dataset: LabelledDataset, tmp_path: Path) -> None:
    unnamed = replace(small_dataset, people=(LabelledPerson("person-0001"),))
    manifest = WRITERS["identities"](unnamed, tmp_path / "out", exported_at=WHEN)
    assert not [path for path in manifest.files if path.endswith(".xmp")]


def test_a_picture_that_a_tag_still_turns_has_none_and_is_named(small_dataset: LabelledDataset, tmp_path: Path) -> None:
    one, two = small_dataset.images
    turned = tmp_path / "turned.jpg"
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.open(tmp_path / "originals" / "one.png").rotate(90, expand=True).save(turned, exif=exif)
    content = turned.read_bytes()
    image = replace(
        one, path="one.jpg", file=turned, sha256=hashlib.sha256(content).hexdigest(), size_bytes=len(content)
    )
    dataset = replace(small_dataset, images=(image, two))
    manifest = WRITERS["identities"](dataset, tmp_path / "untouched", exported_at=WHEN, untouched=True)
    assert not [path for path in manifest.files if path.endswith(".xmp")]
    assert [item.path for item in manifest.left_out if "regions" in item.reason] == ["one.jpg"]
    upright = WRITERS["identities"](dataset, tmp_path / "upright", exported_at=WHEN)
    assert "images/one.jpg.xmp" in upright.files
