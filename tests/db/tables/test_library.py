"""What the store refuses of pictures and clips, and what goes with them."""

from __future__ import annotations

import pytest
from sqlalchemy.exc import IntegrityError
from sqlmodel import select

from db.engine import reading
from db.tables import (
    Dataset,
    Embedding,
    Exclusion,
    Frame,
    GroupPart,
    Image,
    ImagePath,
    Instance,
    Part,
    Scan,
    User,
    Video,
)
from db.writes.library import ensure_dataset, refresh_picture
from db.writes.models import ensure_model_version
from db.writing import writing
from tests.builders.learning_rows import Shelf


def test_the_same_content_twice_in_a_dataset_is_refused(workspace, dataset):
    same = {"sha256": "0", "size_bytes": 1, "width": 1, "height": 1, "format": "PNG", "original": "a"}
    with pytest.raises(IntegrityError, match="UNIQUE"), writing(workspace.engine) as session:
        session.add_all([Image(dataset_id=dataset, path=path, **same) for path in ("a", "b")])


def test_deleting_a_picture_takes_its_faces_and_vectors_along(workspace, dataset):
    with writing(workspace.engine) as session:
        image = Image(
            dataset_id=dataset, path="a", sha256="0", size_bytes=1, width=1, height=1, format="PNG", original="a"
        )
        session.add(image)
        session.flush()
        face = Instance(dataset_id=dataset, image_id=image.id, kind="face", left=0, top=0, right=1, bottom=1)
        session.add(face)
        session.flush()
        encoder = ensure_model_version("e", "encoder", "0", {}, session=session)
        session.add(Embedding(instance_id=face.id, model_version_id=encoder, vector=bytes(8)))
        refresh_picture(image.id, session=session)
        session.refresh(image)
        assert image.faces == 1
        session.delete(image)
    with reading(workspace.engine) as session:
        assert session.exec(select(Instance)).all() == []
        assert session.exec(select(Embedding)).all() == []


@pytest.fixture
def clip(workspace, dataset, author):
    """A clip of two frames; gives the clip and the frames' pictures."""
    shelf = Shelf(workspace, dataset, author)
    images = [shelf.image(f"clip/{number}.png") for number in range(2)]
    return shelf.clip("clip.mp4", images), images


def _refused(workspace, why, *rows):
    with pytest.raises(IntegrityError, match=why), writing(workspace.engine) as session:
        session.add_all(rows)


def test_a_name_is_one_user_and_one_dataset(workspace, dataset, author):
    _refused(workspace, "UNIQUE", User(name="ada"))
    _refused(workspace, "UNIQUE", Dataset(name="faces", created_by=author))


def test_the_same_content_may_be_in_two_datasets(workspace, dataset, author):
    with writing(workspace.engine) as session:
        other = ensure_dataset("other", author, session=session)
    for number in (dataset, other):
        assert Shelf(workspace, number, author).image("a.png")


def test_a_path_a_frame_and_a_clips_content_are_there_once(workspace, dataset, clip):
    video, (first, _) = clip
    with writing(workspace.engine) as session:
        session.add(ImagePath(image_id=first, path="again.png"))
        content = session.get(Video, video).model_dump(exclude={"id", "path"})
    _refused(workspace, "UNIQUE", ImagePath(image_id=first, path="again.png"))
    _refused(workspace, "UNIQUE", Frame(video_id=video, index=1, seconds=9.0))
    _refused(workspace, "UNIQUE", Video(path="copy.mp4", **content))


def test_a_group_has_one_part_and_a_name_is_left_out_once(workspace, dataset, author):
    with writing(workspace.engine) as session:
        session.add(GroupPart(dataset_id=dataset, group="clip", part=Part.TEST))
        session.add(Exclusion(dataset_id=dataset, name="a.png", author_id=author))
    _refused(workspace, "UNIQUE", GroupPart(dataset_id=dataset, group="clip", part=Part.TRAIN))
    _refused(workspace, "UNIQUE", Exclusion(dataset_id=dataset, name="a.png", author_id=author))


def test_a_detector_scans_a_picture_once(workspace, clip):
    _, (first, second) = clip
    with writing(workspace.engine) as session:
        detector = ensure_model_version("d", "detector", "0", {}, session=session)
        session.add_all([Scan(image_id=image, model_version_id=detector) for image in (first, second)])
    _refused(workspace, "UNIQUE", Scan(image_id=first, model_version_id=detector))


def test_frames_go_with_their_clip_and_the_pictures_stay(workspace, clip):
    video, images = clip
    with writing(workspace.engine) as session:
        session.delete(session.get(Video, video))
    with reading(workspace.engine) as session:
        assert session.exec(select(Frame)).all() == []
        assert session.exec(select(Image.id).order_by(Image.id)).all() == images


def test_a_picture_stays_while_a_frame_shows_it_and_takes_its_paths_and_scans_along(workspace, clip):
    _, (first, _) = clip
    with writing(workspace.engine) as session:
        detector = ensure_model_version("d", "detector", "0", {}, session=session)
        session.add_all([ImagePath(image_id=first, path="x"), Scan(image_id=first, model_version_id=detector)])
    with pytest.raises(IntegrityError, match="FOREIGN KEY"), writing(workspace.engine) as session:
        session.delete(session.get(Image, first))
    with writing(workspace.engine) as session:
        session.exec(select(Frame).where(Frame.image_id == first)).one().image_id = None
        session.flush()
        session.delete(session.get(Image, first))
    with reading(workspace.engine) as session:
        assert session.exec(select(ImagePath)).all() == session.exec(select(Scan)).all() == []
