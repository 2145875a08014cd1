"""What imports of pictures and clips have in common."""

import pytest
from sqlmodel import select

from core.foundation.errors import NotFound
from core.foundation.messages import worded
from core.foundation.progress import Progress
from core.jobs.inline import run_here
from core.library import intake
from core.library.clip_importing import ClipIntake
from core.library.importing import PictureIntake
from core.library.intake import ImportOptions
from db.engine import reading
from db.tables import Run, SkippedInput
from db.writing import writing


@pytest.fixture
def run_id(workspace, dataset, author):
    with writing(workspace.engine) as session:
        run = Run(kind="import", dataset_id=dataset, author_id=author)
        session.add(run)
        session.flush()
        return run.id


@pytest.mark.parametrize("kind", [PictureIntake, ClipIntake])
def test_nothing_comes_into_a_dataset_that_is_not_there(workspace, author, run_id, kind):
    with pytest.raises(NotFound, match="there is no dataset 99"):
        kind(workspace, dataset_id=99, author_id=author, run_id=run_id)


@pytest.mark.parametrize(("kind", "what"), [(PictureIntake, "images"), (ClipIntake, "clips")])
def test_a_folder_that_cannot_name_a_person_is_listed(workspace, dataset, author, run_id, kind, what):
    options = ImportOptions(identities=True)
    made = kind(workspace, dataset_id=dataset, author_id=author, run_id=run_id, options=options)
    with writing(workspace.engine) as session:
        assert made.identity("Ada/1.png", no_name=f"{what}.folder_no_name", session=session) == "Ada"
        assert made.identity(f"{'n' * 200}/1.png", no_name=f"{what}.folder_no_name", session=session) is None
    with reading(workspace.engine) as session:
        named = {"images": "picture", "clips": "clip"}[what]
        (reason,) = map(worded, session.exec(select(SkippedInput.reason)).all())
    assert reason.endswith(f"; the {named} came in without a name")


def test_a_source_is_listed_once_for_its_pictures_and_its_clips(workspace, dataset, tmp_path, pictures, monkeypatch):
    listed = []

    def list_source(source, limits):
        listed.append(source)
        return original(source, limits)

    original = intake.list_source
    monkeypatch.setattr(intake, "list_source", list_source)
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "a.png").write_bytes(pictures(1))
    run = run_here(workspace, "import", dataset, {"source": str(tmp_path / "photos")}, Progress())
    assert (run.counts["images"], run.counts["clips"]) == (1, 0)
    assert listed == [tmp_path / "photos"]
