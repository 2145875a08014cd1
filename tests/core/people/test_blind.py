"""What machines alone know of faces: as a grouping afresh does it, whatever was decided, and by clothes."""

import io

import numpy as np
import pytest
from PIL import Image as Picture
from sqlmodel import select

from core.foundation.errors import MissingWeights
from core.foundation.progress import DEAF
from core.people.blind import BlindFaces, WornClothes
from core.people.comparing import IN_FORCE, WITH_CLOTHES, compare_groupings
from core.people.cues import Cue
from core.people.deciding import move_faces
from core.people.encoders import encoder_of
from db.tables import Image, Video
from db.writes.motion import add_track, set_tracks
from db.writing import writing
from tests.builders.clothes_networks import publish
from tests.builders.poor_faces import judge
from tests.builders.staged_people import add_faces, group, owners, vector
from tests.builders.staged_tracks import add_video


@pytest.fixture
def faces(workspace, dataset):
    """Two people of three faces and two unlike ones, the two in one track; one face is poor, one photo shows two."""
    rows = [(f"{p}/{n}.jpg", vector(p, n)) for p in range(2) for n in range(3)]
    found = add_faces(
        workspace, dataset, [*rows, ("0/0.jpg", vector(1, 4)), ("x.jpg", vector(2)), ("y.jpg", vector(3))]
    )
    add_video(workspace, dataset, "clip.mp4", indices=[0])
    with writing(workspace.engine) as session:
        track = add_track(dataset, session.exec(select(Video.id)).one(), "face", session=session)
        set_tracks(dict.fromkeys(found[-2:], track), session=session)
    judge(workspace, found, poor=found[2:3])
    return found


def blind(workspace, dataset):
    return BlindFaces.of(workspace, dataset, encoder_of(workspace, dataset).id)


def parts(instances, labels):
    return {frozenset(instances[labels == label].tolist()) for label in set(labels.tolist())}


def test_the_groups_are_those_of_a_grouping_afresh(workspace, dataset, faces):
    found = blind(workspace, dataset)
    for threshold in (0.5, 0.97):
        group(workspace, dataset, threshold=threshold, regroup=True)
        people = owners(workspace, dataset)
        expected = parts(np.array(list(people)), np.array([person for person, _ in people.values()]))
        assert parts(found.instances, found.grouped(threshold)) == expected
    assert frozenset(faces[-2:]) in expected, "a track"


def test_nothing_that_was_decided_is_known(workspace, dataset, faces, author):
    before = blind(workspace, dataset)
    move_faces(workspace, faces[1:5], name="Mixed", author_id=author)
    after = blind(workspace, dataset)
    assert after.grouped(0.5).tolist() == before.grouped(0.5).tolist()
    assert after.gate.silent.tolist() == before.gate.silent.tolist()
    assert after.instances.tolist() == before.instances.tolist()


def test_faces_come_in_the_order_of_their_pictures_and_the_first_alone_can_be_had(workspace, dataset, faces):
    found = blind(workspace, dataset)
    assert (np.diff(found.photos) >= 0).all()
    few = found.first(3)
    assert (len(few), few.photos.tolist()) == (3, found.photos[:3].tolist())
    assert few.grouped(0.5).shape == (3,)


def test_nobody_is_no_error(workspace, dataset, faces):
    assert blind(workspace, dataset).first(0).grouped(0.5).tolist() == []


def test_who_is_alone_goes_by_clothes_within_a_scene_worked_out_by_hand():
    red, blue = [1, 0], [0, 1]
    worn = WornClothes(np.array([red, red, blue, red, red, red], np.float32), np.array([0, 0, 0, 0, 1, 0]))
    labels = np.array([0, 0, 1, 2, 3, 4])  # 3 is dressed like 0 and 1; 4 too, but elsewhere; 5 is in the photo of 1
    assert worn.given(labels, np.array([10, 11, 12, 13, 14, 11])).tolist() == [0, 0, 1, 0, 3, 4]
    assert worn.given(labels[:0], labels[:0]).tolist() == []


def test_clothes_are_a_row_of_the_comparison_where_they_are_asked_for(workspace, dataset, author):
    rows = [("day/1.jpg", vector(0, 0)), ("day/2.jpg", vector(0, 1)), ("day/3.jpg", vector(1, 0))]
    faces = add_faces(workspace, dataset, rows)
    with writing(workspace.engine) as session:
        for image in session.exec(select(Image).where(Image.dataset_id == dataset)):
            pixels = np.full((180, 124, 3), (200, 30, 30), np.uint8)
            pixels[0, 0] = image.id  # no two files are alike
            out = io.BytesIO()
            Picture.fromarray(pixels).save(out, "PNG")
            image.height = 180
            (workspace.home / image.original).write_bytes(out.getvalue())
    move_faces(workspace, faces, name="Ada", author_id=author)
    worn = WornClothes.of(workspace, dataset, np.array(faces), DEAF)
    assert np.isfinite(worn.cue).all()
    assert len(set(worn.scenes.tolist())) == 1
    found = compare_groupings(workspace, dataset_id=dataset, clothes=True)
    recalls = {row["method"]: row["recall"] for row in found["rows"][:2]}
    assert recalls == {IN_FORCE: pytest.approx(1 / 3), WITH_CLOTHES: 1}
    assert WITH_CLOTHES not in {row["method"] for row in compare_groupings(workspace, dataset_id=dataset)["rows"]}
    publish(workspace.weights)
    by_network = compare_groupings(workspace, dataset_id=dataset, clothes=True, cue="imagenet-resnet18")["rows"]
    assert (by_network[1]["method"], by_network[1]["recall"]) == (f"{WITH_CLOTHES}-imagenet-resnet18", 1)
    with pytest.raises(MissingWeights, match="weights fetch imagenet-resnet50"):
        compare_groupings(workspace, dataset_id=dataset, clothes=True, cue="imagenet-resnet50")


def test_how_sure_a_link_has_to_be_is_the_cues():
    cue, labels = np.array([[1, 0], [1, 0], [0.8, 0.6]], np.float32), np.array([0, 0, 1])
    photos = np.arange(3)
    strict, loose = (WornClothes(cue, np.zeros(3, np.int64), Cue(least)) for least in (0.81, 0.79))
    assert strict.given(labels, photos).tolist() == [0, 0, 1]
    assert loose.given(labels, photos).tolist() == [0, 0, 0]
