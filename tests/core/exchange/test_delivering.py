import hashlib
import io
import json
import zipfile
from pathlib import Path

import pytest
from sqlmodel import select

from core.exchange.delivering import export_folder, left_out_of, suggested_folder, zipped_export
from core.exchange.exporting import export_dataset
from core.foundation.errors import BadInput, Conflict, NotFound
from core.jobs.runs import submit
from core.library.importing import PictureIntake
from db.engine import reading
from db.tables import Export


@pytest.fixture
def export(workspace, dataset, author, pictures, tmp_path):
    """A written export of two pictures and a file that is none."""
    source = tmp_path / "photos"
    source.mkdir()
    for seed, name in enumerate(["a.png", "größe.png"]):
        (source / name).write_bytes(pictures(seed))
    (source / "broken.png").write_bytes(b"no picture")
    who = {"dataset_id": dataset, "author_id": author}
    run_id = submit(workspace, "import", **who, parameters={})
    PictureIntake(workspace, **who, run_id=run_id).take_source(source)
    folder = export_folder(workspace, suggested_folder("faces", "facet"))
    run_id = submit(workspace, "export", **who, parameters={})
    export_dataset(workspace, **who, run_id=run_id, format_name="facet", folder=folder)
    with reading(workspace.engine) as session:
        return session.exec(select(Export)).one()


def test_the_zip_holds_what_the_manifest_lists(workspace, export):
    delivery = zipped_export(workspace, export.id)
    folder = Path(export.folder)
    assert delivery.name == f"{folder.name}.zip"
    with zipfile.ZipFile(io.BytesIO(b"".join(delivery.content))) as archive:
        assert archive.testzip() is None
        manifest = archive.read(f"{folder.name}/manifest.json")
        assert hashlib.sha256(manifest).hexdigest() == export.manifest_sha256
        files = json.loads(manifest)["files"]
        assert set(archive.namelist()) == {f"{folder.name}/{name}" for name in ["manifest.json", *files]}
        for name, entry in files.items():
            content = archive.read(f"{folder.name}/{name}")
            assert (hashlib.sha256(content).hexdigest(), len(content)) == (entry["sha256"], entry["size"])


def test_the_zip_comes_in_small_pieces(workspace, export):
    large = Path(export.folder) / "images" / "a.png"
    large.write_bytes(bytes(5 * 2**20))
    pieces = [len(piece) for piece in zipped_export(workspace, export.id).content]
    assert sum(pieces) > 5 * 2**20
    assert max(pieces) < 2 * 2**20


def test_what_was_left_out_comes_with_its_reason(workspace, export):
    (row,) = left_out_of(workspace, export.id)
    assert row["path"] == "broken.png"
    assert "not a picture" in row["reason"]


def test_an_export_that_was_moved_or_changed_is_not_handed_over(workspace, export):
    folder = Path(export.folder)
    (folder / "images" / "a.png").unlink()
    with pytest.raises(NotFound, match=r"images/a\.png is gone; export again"):
        zipped_export(workspace, export.id)
    (folder / "manifest.json").write_text("{}")
    with pytest.raises(Conflict, match="was changed after the export was written"):
        zipped_export(workspace, export.id)
    (folder / "manifest.json").unlink()
    with pytest.raises(NotFound, match="any more; export again"):
        left_out_of(workspace, export.id)
    for number in (999, 10**20):  # an address may name any number
        with pytest.raises(NotFound, match=f"there is no export {number}"):
            zipped_export(workspace, number)


@pytest.mark.parametrize("name", ["", " ", "..", "../x", "a/b", "/tmp", "a\\b", ".", "a\0b", "con"])
def test_an_export_lies_only_among_the_exports(workspace, name):
    with pytest.raises(BadInput, match="cannot be a folder's name"):
        export_folder(workspace, name)


def test_a_taken_folder_is_refused_and_a_new_one_is_not(workspace):
    assert export_folder(workspace, " mine ") == workspace.exports / "mine"
    (workspace.exports / "mine").mkdir(parents=True)
    assert export_folder(workspace, "mine") == workspace.exports / "mine"
    (workspace.exports / "mine" / "x").touch()
    with pytest.raises(BadInput, match="there is a folder mine already"):
        export_folder(workspace, "mine")


@pytest.mark.parametrize("dataset", ["a/b: c?", "..", "", "Größe", "con"])
def test_the_suggested_name_is_always_possible(workspace, dataset):
    name = suggested_folder(dataset, "coco")
    assert export_folder(workspace, name).parent == workspace.exports
    assert "-coco-20" in name
    assert name.endswith("Z")
