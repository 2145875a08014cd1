"""Clothes as a second stage: who is linked, who is left alone, and that it is one decision that can be undone."""

import io
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image as Picture
from sqlmodel import select

from core.drawn.clips import DrawnClip
from core.drawn.people import PEOPLE
from core.drawn.portraits import Clothes
from core.foundation.errors import BadInput, Conflict, MissingWeights, NotFound
from core.foundation.messages import Message, message
from core.foundation.progress import DEAF
from core.jobs.kinds import RUN_KINDS
from core.jobs.runs import submit
from core.people import clothes, deciding
from core.people.clothes import KIND, clothes_of, link_by_clothes
from core.people.cues import load_cue
from core.people.deciding import confirm_faces, move_faces, release_faces
from core.people.showing import hide_people
from db.engine import reading
from db.queries.people.decisions import last_decision
from db.tables import Assignment, Image, Instance, PeopleEvent, Person, Run, RunState, sides
from db.writing import writing
from tests.builders.clothes_networks import publish
from tests.builders.staged_people import add_faces, group, owners, vector

RED, BLUE = (200, 30, 30), (30, 30, 200)


@pytest.fixture
def run(workspace, dataset, author):
    number = submit(workspace, "clothes", dataset_id=dataset, author_id=author, parameters={})
    with writing(workspace.engine) as session:  # no worker is to do it as well
        session.get_one(Run, number).state = RunState.DONE
    return number


def dressed(workspace, dataset, faces):
    """Faces of (photo, vector, colour), one in a photo, high enough that what is worn below can be seen."""
    numbers = add_faces(workspace, dataset, [(photo, found) for photo, found, _ in faces])
    with writing(workspace.engine) as session:
        for photo, _, colour in faces:
            image = session.exec(select(Image).where(Image.dataset_id == dataset, Image.path == photo)).one()
            pixels = np.full((180, 124, 3), colour, np.uint8)
            pixels[:60] = (120, 110, 100)
            pixels[0, 0] = image.id  # no two files are alike
            out = io.BytesIO()
            Picture.fromarray(pixels).save(out, "PNG")
            image.height = 180
            (workspace.home / image.original).write_bytes(out.getvalue())
    return numbers


def drawn(workspace, dataset, shown):
    """Faces of (photo, vector, drawn picture of one person), where they were drawn."""
    numbers = add_faces(workspace, dataset, [(photo, found) for photo, found, _ in shown])
    with writing(workspace.engine) as session:
        for number, (_, _, picture) in zip(numbers, shown, strict=True):
            face = session.get_one(Instance, number)
            image = session.get_one(Image, face.image_id)
            image.height, image.width = picture.pixels.shape[:2]
            for side, value in sides(picture.instances[0].box.tolist()).items():
                setattr(face, side, value)
            out = io.BytesIO()
            Picture.fromarray(picture.pixels).save(out, "PNG")
            (workspace.home / image.original).write_bytes(out.getvalue())
    return numbers


def clip(name, colour, seed):
    """Seven frames of a drawn person in clothes of one colour."""
    made = DrawnClip.random(PEOPLE[name], np.random.default_rng(seed), frames=7, size=(200, 480))
    return list(replace(made, clothes=Clothes(colour, "crew")))


@pytest.fixture
def album(workspace, dataset):
    """Two people, in red and in blue, and somebody turned away in red, of whom the face tells nothing."""
    faces = dressed(
        workspace,
        dataset,
        [
            ("day/1.jpg", vector(0, 0), RED),
            ("day/2.jpg", vector(0, 1), RED),
            ("day/3.jpg", vector(1, 0), BLUE),
            ("day/4.jpg", vector(1, 1), BLUE),
            ("day/5.jpg", vector(2, 0), RED),
        ],
    )
    group(workspace, dataset)
    return faces


def link(workspace, dataset, run, **options):
    return link_by_clothes(workspace, dataset_id=dataset, run_id=run, **options)


def person(workspace, dataset, face):
    return owners(workspace, dataset)[face][0]


def test_an_empty_dataset_has_nobody_to_link(workspace, dataset, run):
    assert link(workspace, dataset, run) == {"loose": 0, "linked": 0, "without_clothes": 0}
    with reading(workspace.engine) as session:
        assert not last_decision(dataset, session=session)


def test_who_is_seen_once_goes_to_the_one_in_the_same_clothes(workspace, dataset, album, run):
    assert link(workspace, dataset, run) == {"loose": 1, "linked": 1, "without_clothes": 0}
    assert person(workspace, dataset, album[4]) == person(workspace, dataset, album[0])
    with reading(workspace.engine) as session:
        row = session.get_one(Assignment, album[4])
        event = session.get_one(PeopleEvent, last_decision(dataset, session=session))
    assert (event.kind, event.id, row.source, row.run_id) == (KIND, row.event_id, "model", run)
    assert Message.from_json(event.summary) == message("decisions.clothes", faces=1, people=1)


def test_it_is_undone_as_one_and_can_be_done_again(workspace, dataset, album, author, run):
    before = owners(workspace, dataset)
    link(workspace, dataset, run)
    after = owners(workspace, dataset)
    with reading(workspace.engine) as session:
        event = last_decision(dataset, session=session)
    taken_back = deciding.undo(workspace, event, author_id=author)
    assert owners(workspace, dataset) == before
    deciding.undo(workspace, taken_back, author_id=author)
    assert owners(workspace, dataset) == after


def test_it_is_undone_also_when_the_person_has_a_name_since_and_not_when_they_were_merged(
    workspace, dataset, album, author, run
):
    alone, red, blue = (person(workspace, dataset, album[at]) for at in (4, 0, 2))
    link(workspace, dataset, run)
    with reading(workspace.engine) as session:
        event = last_decision(dataset, session=session)
    deciding.name_person(workspace, red, "Ada", author_id=author)
    merged = deciding.merge_people(workspace, blue, [red], author_id=author)
    with pytest.raises(Conflict):
        deciding.undo(workspace, event, author_id=author)
    deciding.undo(workspace, merged, author_id=author)
    deciding.undo(workspace, event, author_id=author)
    assert person(workspace, dataset, album[4]) == alone
    with reading(workspace.engine) as session:
        assert session.get_one(Person, red).name == "Ada"


def test_a_second_time_there_is_nothing_left_to_link(workspace, dataset, album, run):
    link(workspace, dataset, run)
    assert link(workspace, dataset, run)["linked"] == 0


def test_clothes_of_another_day_say_nothing(workspace, dataset, album, run):
    with writing(workspace.engine) as session:
        image = session.exec(select(Image).where(Image.path == "day/5.jpg")).one()
        image.path = "another day/5.jpg"
    assert link(workspace, dataset, run) == {"loose": 0, "linked": 0, "without_clothes": 0}


def test_a_face_that_was_said_not_to_be_them_is_not_linked(workspace, dataset, album, author, run):
    move_faces(workspace, [album[4]], person_id=person(workspace, dataset, album[0]), author_id=author)
    release_faces(workspace, [album[4]], author_id=author)
    assert link(workspace, dataset, run) == {"loose": 1, "linked": 0, "without_clothes": 0}


@pytest.mark.parametrize("decided", ["named", "hidden", "confirmed"])
def test_whom_a_human_has_decided_about_stays_alone(workspace, dataset, album, author, run, decided):
    alone = person(workspace, dataset, album[4])
    if decided == "hidden":
        hide_people(workspace, [alone], author_id=author)
    elif decided == "named":
        deciding.name_person(workspace, alone, "Ada", author_id=author)
    else:
        confirm_faces(workspace, [album[4]], author_id=author)
    assert link(workspace, dataset, run)["linked"] == 0
    assert person(workspace, dataset, album[4]) == alone


def test_clothes_that_cannot_be_seen_are_counted(workspace, dataset, author, run):
    faces = add_faces(workspace, dataset, [("a.jpg", vector(0)), ("b.jpg", vector(0, 1)), ("c.jpg", vector(1))])
    group(workspace, dataset)
    assert link(workspace, dataset, run) == {"loose": 1, "linked": 0, "without_clothes": 1}
    assert len(set(owners(workspace, dataset).values())) == 2
    assert len(faces) == 3


def test_a_picture_that_cannot_be_read_leaves_the_others(workspace, dataset, album, run):
    with reading(workspace.engine) as session:
        image = session.exec(select(Image).where(Image.path == "day/1.jpg")).one()
    (workspace.home / image.original).write_bytes(b"no picture")
    assert link(workspace, dataset, run)["linked"] == 1
    assert person(workspace, dataset, album[4]) == person(workspace, dataset, album[1])


def test_what_was_decided_meanwhile_counts_more(workspace, dataset, album, author, run, monkeypatch):
    look = clothes.clothes_of

    def meanwhile(*arguments):
        confirm_faces(workspace, [album[4]], author_id=author)
        return look(*arguments)

    monkeypatch.setattr(clothes, "clothes_of", meanwhile)
    alone = person(workspace, dataset, album[4])
    assert link(workspace, dataset, run)["linked"] == 0
    assert owners(workspace, dataset)[album[4]] == (alone, True)


def test_a_threshold_outside_its_range_is_refused(workspace, dataset, album, run):
    with pytest.raises(BadInput, match="2"):
        link(workspace, dataset, run, least=2.0)


def test_the_run_says_what_it_came_to(workspace, dataset, album, author, run):
    with reading(workspace.engine) as session:
        asked = session.get_one(Run, run)
    kind = RUN_KINDS["clothes"]
    counts = kind.task(workspace, asked, DEAF)
    assert kind.result(counts) == message("run_results.linked_by_clothes", loose=1, linked=1, without_clothes=0)


def test_somebody_seen_once_whom_another_is_said_not_to_be_stays_alone(workspace, dataset, album, author, run):
    alone = person(workspace, dataset, album[4])
    move_faces(workspace, [album[0]], person_id=alone, author_id=author)
    release_faces(workspace, [album[0]], author_id=author)
    move_faces(workspace, [album[0]], person_id=person(workspace, dataset, album[1]), author_id=author)
    assert link(workspace, dataset, run)["linked"] == 0
    assert person(workspace, dataset, album[4]) == alone


@pytest.mark.parametrize("decided", ["merged", "released", "removed"])
def test_what_was_decided_about_others_meanwhile_counts_too(
    workspace, dataset, album, author, run, monkeypatch, decided
):
    red, blue = (person(workspace, dataset, album[at]) for at in (0, 2))
    look = clothes.clothes_of

    def meanwhile(*arguments):
        if decided == "merged":
            deciding.merge_people(workspace, blue, [red], author_id=author)
        elif decided == "released":
            move_faces(workspace, [album[4]], person_id=red, author_id=author)
            release_faces(workspace, [album[4]], author_id=author)
        else:
            deciding.remove_faces(workspace, [album[4]], author_id=author)
        return look(*arguments)

    release_faces(workspace, [album[4]], author_id=author)
    monkeypatch.setattr(clothes, "clothes_of", meanwhile)
    assert link(workspace, dataset, run)["linked"] == (decided == "merged")
    assert owners(workspace, dataset).get(album[4]) == ((blue, False) if decided == "merged" else None)


NETWORK = "imagenet-resnet18"


@pytest.fixture
def drawn_album(workspace, dataset):
    """Felix in red and Ada in green, drawn, and Felix once more with a face that tells nothing."""
    red, green = clip("felix", (176, 66, 62), 1), clip("ada", (74, 118, 92), 2)
    faces = drawn(
        workspace,
        dataset,
        [
            ("day/1.jpg", vector(0, 0), red[0]),
            ("day/2.jpg", vector(0, 1), red[3]),
            ("day/3.jpg", vector(1, 0), green[0]),
            ("day/4.jpg", vector(1, 1), green[3]),
            ("day/5.jpg", vector(2, 0), red[6]),
        ],
    )
    group(workspace, dataset)
    return faces


@pytest.mark.parametrize("cue", ["colours", NETWORK])
def test_drawn_people_are_told_by_their_clothes_and_the_decision_says_by_what(
    workspace, dataset, drawn_album, run, cue
):
    publish(workspace.weights)
    margin = 0.0 if cue == NETWORK else None  # random weights see all clothes as much alike
    assert link(workspace, dataset, run, cue=cue, margin=margin) == {"loose": 1, "linked": 1, "without_clothes": 0}
    assert person(workspace, dataset, drawn_album[4]) == person(workspace, dataset, drawn_album[0])
    with reading(workspace.engine) as session:
        summary = session.get_one(PeopleEvent, last_decision(dataset, session=session)).summary
    said = {"colours": "the colours of their clothes", NETWORK: "their clothes, as imagenet-resnet18 sees them"}
    assert Message.from_json(summary).text() == f"Gave 1 face to 1 person of the same event by {said[cue]}"


def test_a_network_is_as_strict_as_it_says_unless_something_else_is_asked_for(workspace, dataset, drawn_album, run):
    publish(workspace.weights)
    assert link(workspace, dataset, run, cue=NETWORK)["linked"] == 0, "its margin"
    assert link(workspace, dataset, run, cue=NETWORK, margin=0.0, least=1.0)["linked"] == 0
    assert link(workspace, dataset, run, cue=NETWORK, margin=0.0)["linked"] == 1


def test_a_face_whose_region_is_cut_off_says_nothing_to_a_network_and_the_others_as_by_themselves(
    workspace, dataset, drawn_album
):
    publish(workspace.weights)
    (cut_off,) = add_faces(workspace, dataset, [("day/6.jpg", vector(0, 2))])
    network = load_cue(workspace, NETWORK)
    found = clothes_of(workspace, np.array([*drawn_album, cut_off]), network, DEAF)
    assert np.isnan(found[5]).all()
    alone = [clothes_of(workspace, np.array([face]), network, DEAF)[0] for face in drawn_album]
    np.testing.assert_allclose(found[:5], alone, atol=1e-5)
    assert clothes_of(workspace, np.array([], np.int64), network, DEAF).shape == (0, 512)


def test_without_weights_nobody_is_linked_and_it_is_said_what_is_missing(workspace, dataset, album, run):
    with pytest.raises(MissingWeights, match=f"weights fetch {NETWORK}` or download https://"):
        link(workspace, dataset, run, cue=NETWORK)
    with pytest.raises(NotFound, match="no cue of clothes called 'shoes'"):
        link(workspace, dataset, run, cue="shoes")
    with reading(workspace.engine) as session:
        assert session.exec(select(PeopleEvent).where(PeopleEvent.kind == KIND)).all() == []


def test_the_run_goes_by_what_it_was_asked_for(workspace, dataset, drawn_album, author):
    publish(workspace.weights)
    asked = {"cue": NETWORK, "least": None, "margin": 0.0}
    number = submit(workspace, "clothes", dataset_id=dataset, author_id=author, parameters=asked)
    with reading(workspace.engine) as session:
        of_network = session.get_one(Run, number)
    assert RUN_KINDS["clothes"].task(workspace, of_network, DEAF)["linked"] == 1
    with reading(workspace.engine) as session:
        event = session.get_one(PeopleEvent, last_decision(dataset, session=session))
    assert Message.from_json(event.summary) == message(
        "decisions.clothes_by_network", faces=1, people=1, network=NETWORK
    )
