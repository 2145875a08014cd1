"""Grouping under what humans decided: their word is never changed, ids stay, and new photos only add."""

from __future__ import annotations

from contextlib import suppress

import numpy as np
import pytest
from sqlmodel import select

from core.foundation.errors import BadInput, Conflict, NotFound
from core.foundation.messages import message
from core.people import deciding as people
from core.people import encoders, grouping
from core.people.evidence import Evidence
from core.people.kept_trees import people_tree
from core.people.naming_by_folder import confirm_identities
from core.people.showing import hide_people
from db.engine import reading
from db.queries.library import count_people
from db.queries.people.decisions import last_decision
from db.queries.people.listing import count_loose_faces, people_page, person_names, strips
from db.tables import Assignment, Image, Person, Run, Threshold, Video
from db.writes.motion import add_track, set_tracks
from db.writing import writing
from tests.builders.poor_faces import judge
from tests.builders.staged_people import ENCODER, SAME, add_faces, group, owners, vector
from tests.builders.staged_tracks import add_video


def persons(workspace, dataset, faces):
    whose = owners(workspace, dataset)
    return [whose[face][0] for face in faces]


def last_event(workspace, dataset):
    with reading(workspace.engine) as session:
        return last_decision(dataset, session=session)


def three_people(workspace, dataset, counts=(3, 2, 1)):
    return add_faces(
        workspace, dataset, [(f"{p}/{v}.jpg", vector(p, v)) for p, n in enumerate(counts) for v in range(n)]
    )


def test_an_empty_dataset_cannot_be_grouped(workspace, dataset):
    with pytest.raises(NotFound, match="no face here has an embedding of dlib-resnet yet; run “find faces” first"):
        group(workspace, dataset)


def test_one_face_is_one_person(workspace, dataset):
    faces = add_faces(workspace, dataset, [("a.jpg", vector(0))])
    assert group(workspace, dataset) == {"faces": 1, "people": 1, "threshold": 0.5}
    assert len(set(persons(workspace, dataset, faces))) == 1


def test_faces_are_joined_from_the_threshold_on(workspace, dataset):
    faces = three_people(workspace, dataset)
    assert group(workspace, dataset, threshold=SAME - 1e-3)["people"] == 3
    one, two, three, *_ = persons(workspace, dataset, faces)
    assert one == two == three
    assert group(workspace, dataset, threshold=SAME + 1e-3, regroup=True)["people"] == 6


def test_grouping_again_changes_nothing(workspace, dataset):
    faces = three_people(workspace, dataset)
    group(workspace, dataset)
    before = persons(workspace, dataset, faces)
    for regroup in (False, True):
        group(workspace, dataset, regroup=regroup)
        assert persons(workspace, dataset, faces) == before


def test_new_photos_only_add(workspace, dataset):
    faces = three_people(workspace, dataset)
    group(workspace, dataset)
    before = persons(workspace, dataset, faces)
    more = add_faces(workspace, dataset, [("n/1.jpg", vector(1, 9)), ("n/2.jpg", vector(7))])
    group(workspace, dataset)
    assert persons(workspace, dataset, faces) == before
    joined, fresh = persons(workspace, dataset, more)
    assert joined == before[3]
    assert fresh not in before


def test_existing_people_stay_together_at_a_stricter_threshold_unless_grouped_afresh(workspace, dataset):
    faces = three_people(workspace, dataset)
    group(workspace, dataset)
    before = persons(workspace, dataset, faces)
    group(workspace, dataset, threshold=0.99)
    assert persons(workspace, dataset, faces) == before
    group(workspace, dataset, threshold=0.99, regroup=True)
    assert len(set(persons(workspace, dataset, faces))) == 6


def test_people_who_exist_are_not_joined_unless_grouped_afresh_and_new_faces_still_join_them(
    workspace, dataset, author
):
    faces = three_people(workspace, dataset, (2, 2, 2))
    group(workspace, dataset)
    before = persons(workspace, dataset, faces)
    people.name_person(workspace, before[0], "Ada", author_id=author)
    new = add_faces(workspace, dataset, [("n/0.jpg", vector(0, 8)), ("n/1.jpg", vector(1, 9))])
    group(workspace, dataset, threshold=-1.0)
    assert persons(workspace, dataset, faces) == before
    assert persons(workspace, dataset, new) == [before[0], before[2]]
    group(workspace, dataset, threshold=-1.0, regroup=True)
    assert set(persons(workspace, dataset, faces)) == {before[0]}


def test_human_rows_are_never_changed_by_a_run(workspace, dataset, author):
    faces = three_people(workspace, dataset)
    group(workspace, dataset)
    people.move_faces(workspace, [faces[0], faces[3], faces[5]], name="<b>Ada</b>", author_id=author)
    people.confirm_faces(workspace, [faces[1]], author_id=author)
    with reading(workspace.engine) as session:
        human = [row.model_dump() for row in session.exec(select(Assignment).where(Assignment.source == "human"))]
    for threshold in (-1.0, 0.2, 0.5, 0.99):
        for regroup in (False, True):
            group(workspace, dataset, threshold=threshold, regroup=regroup)
    with reading(workspace.engine) as session:
        after = session.exec(select(Assignment).where(Assignment.source == "human").order_by(Assignment.instance_id))
        assert [row.model_dump() for row in after] == human


def test_people_with_names_stay_apart_at_any_threshold(workspace, dataset, author):
    faces = three_people(workspace, dataset)
    group(workspace, dataset)
    one, other = persons(workspace, dataset, [faces[0], faces[3]])
    people.name_person(workspace, one, "Ada", author_id=author)
    people.name_person(workspace, other, "Bea", author_id=author)
    group(workspace, dataset, threshold=-1.0, regroup=True)
    assert persons(workspace, dataset, faces[:5]) == [one] * 3 + [other] * 2


def test_two_faces_of_one_photo_are_two_people(workspace, dataset):
    faces = add_faces(workspace, dataset, [("a.jpg", vector(0, 0)), ("a.jpg", vector(0, 1)), ("b.jpg", vector(0, 2))])
    group(workspace, dataset)
    one, other, _ = persons(workspace, dataset, faces)
    assert one != other


def test_a_released_face_stays_out_when_its_former_person_is_split(workspace, dataset, author):
    faces = add_faces(workspace, dataset, [(f"{v}.jpg", vector(0, v)) for v in range(5)])
    group(workspace, dataset)
    released = people.release_faces(workspace, faces[:1], author_id=author)
    group(workspace, dataset, threshold=0.99, regroup=True)  # the former person's four faces are four people now
    grouped = last_event(workspace, dataset)
    assert len(set(persons(workspace, dataset, faces))) == 5
    group(workspace, dataset)
    whose = persons(workspace, dataset, faces)
    assert whose[0] not in whose[1:]
    with pytest.raises(Conflict, match=r"“Grouped again at 0\.990: another place for 4 faces” \(by ada\) came later"):
        people.undo(workspace, released, author_id=author)
    people.undo(workspace, grouped, author_id=author)
    people.undo(workspace, released, author_id=author)
    group(workspace, dataset, regroup=True)
    assert len(set(persons(workspace, dataset, faces))) == 1


def test_a_stray_face_does_not_keep_a_released_face_from_a_named_person(workspace, dataset, author):
    ada = add_faces(workspace, dataset, [(f"ada/{v}.jpg", vector(0, v)) for v in range(2)])
    person = people.move_faces(workspace, ada, name="Ada", author_id=author)
    mixed = add_faces(
        workspace, dataset, [(f"m/{v}.jpg", vector(1, v)) for v in range(3)] + [("m/9.jpg", vector(0, 9))]
    )
    with writing(workspace.engine) as session:  # a run at a loose threshold put a face of Ada among others
        wrong = Person(dataset_id=dataset)
        session.add(wrong)
        session.flush()
        wrong_id = wrong.id
        session.add_all(
            Assignment(instance_id=face, dataset_id=dataset, person_id=wrong_id, source="model") for face in mixed
        )
    (late,) = add_faces(workspace, dataset, [("late.jpg", vector(0, 5))])
    with writing(workspace.engine) as session:
        session.add(Assignment(instance_id=late, dataset_id=dataset, person_id=wrong_id, source="model"))
    people.release_faces(workspace, [late], author_id=author)
    group(workspace, dataset, regroup=True)
    assert persons(workspace, dataset, [mixed[3]]) == [person]
    group(workspace, dataset, regroup=True)
    assert persons(workspace, dataset, [late]) == [person]
    people.move_faces(workspace, [late], person_id=person, author_id=author)
    group(workspace, dataset)
    assert owners(workspace, dataset)[late] == (person, True)


def test_a_decision_made_meanwhile_makes_the_grouping_start_over(workspace, dataset, author, monkeypatch):
    faces = three_people(workspace, dataset)
    real, rounds = grouping.group, []

    def decide_once(*arguments):
        if not rounds:
            rounds.append(people.move_faces(workspace, [faces[0], faces[3]], name="Zoe", author_id=author))
        else:
            rounds.append(None)
        return real(*arguments)

    monkeypatch.setattr(grouping, "group", decide_once)
    group(workspace, dataset)
    assert len(rounds) == 2
    zoe = rounds[0]
    assert owners(workspace, dataset)[faces[0]] == owners(workspace, dataset)[faces[3]] == (zoe, True)
    assert zoe not in persons(workspace, dataset, [faces[5]])


def test_a_grouping_that_is_overtaken_again_and_again_gives_up_without_a_trace(workspace, dataset, author, monkeypatch):
    faces = three_people(workspace, dataset)
    person = people.move_faces(workspace, faces[:1], author_id=author)
    names = iter(range(99))
    real = grouping.group

    def decide(*arguments):
        people.name_person(workspace, person, f"name {next(names)}", author_id=author)
        return real(*arguments)

    monkeypatch.setattr(grouping, "group", decide)
    with pytest.raises(Conflict, match="people kept changing while they were grouped; group them again"):
        group(workspace, dataset)
    assert owners(workspace, dataset) == {faces[0]: (person, True)}


def test_a_released_face_stays_away_from_a_confirmed_face_that_comes_after_a_free_one(workspace, dataset, author):
    rows = [(1, 0.9), (1, 0), (1, -0.05)]
    faces = add_faces(workspace, dataset, [(f"{n}.jpg", plane(*row)) for n, row in enumerate(rows)])
    group(workspace, dataset)
    (person,) = set(persons(workspace, dataset, faces))
    people.confirm_faces(workspace, [faces[1]], author_id=author)  # faces[0] is free when grouped afresh
    people.release_faces(workspace, [faces[2]], author_id=author)
    group(workspace, dataset, threshold=0.9, regroup=True)
    assert owners(workspace, dataset)[faces[1]] == (person, True)
    assert persons(workspace, dataset, [faces[2]]) != [person]


def plane(x, y):
    """(64,) float32 of unit length in the plane of the first two axes."""
    made = np.zeros(64)
    made[:2] = x, y
    return (made / np.linalg.norm(made)).astype(np.float32)


def test_a_face_that_is_somebody_elses_is_tied_to_one_face_of_a_person_who_stays_together(
    workspace, dataset, author, monkeypatch
):
    faces = three_people(workspace, dataset, (3, 3))
    group(workspace, dataset)
    one, other = persons(workspace, dataset, [faces[0], faces[3]])
    people.keep_apart(workspace, one, other, author_id=author)
    assert links(workspace, dataset, monkeypatch) == {(0, 3)}
    afresh = links(workspace, dataset, monkeypatch, regroup=True)
    assert afresh == {(left, right) for left in range(3) for right in range(3, 6)}
    people.confirm_faces(workspace, faces[:2], author_id=author)
    afresh = links(workspace, dataset, monkeypatch, regroup=True)
    assert afresh == {(left, right) for left in (0, 2) for right in range(3, 6)}


def links(workspace, dataset, monkeypatch, **options):
    """The cannot-links that a grouping is given, each once."""
    given, real = [], grouping.group
    with monkeypatch.context() as patch:
        patch.setattr(grouping, "group", lambda *arguments: given.append(arguments[2].apart) or real(*arguments))
        group(workspace, dataset, **options)
    pairs = [tuple(pair) for pair in given[0].tolist()]
    assert len(set(pairs)) == len(pairs)
    return set(pairs)


def test_another_grouping_meanwhile_makes_the_grouping_start_over(workspace, dataset, monkeypatch):
    faces = add_faces(workspace, dataset, [("0.jpg", plane(1, 0)), ("1.jpg", plane(0.7, 0.714))])
    group(workspace, dataset, threshold=0.9)
    faces += add_faces(workspace, dataset, [("2.jpg", plane(0.69, 0.724))])
    rounds = overtake(monkeypatch, lambda: group(workspace, dataset, threshold=0.5, regroup=True))
    group(workspace, dataset, threshold=0.9)
    assert len(rounds) == 3  # this one, the other one in between, this one again
    with reading(workspace.engine) as session:
        assert sum(row.faces for row in people_page(dataset, session=session)) == len(faces)  # all of active people


def test_faces_that_folders_confirm_meanwhile_stay_confirmed(workspace, dataset, author, monkeypatch):
    faces = add_faces(workspace, dataset, [(f"x/{v}.jpg", vector(0, v)) for v in range(3)])
    group(workspace, dataset)

    def name_the_folder():
        with writing(workspace.engine) as session:
            for image in session.exec(select(Image)):
                image.identity, image.identity_by = "Ada", author
            run = Run(kind="people", dataset_id=dataset, author_id=author)
            session.add(run)
            session.flush()
            run_id = run.id
        assert confirm_identities(workspace, dataset_id=dataset, run_id=run_id) == 3

    overtake(monkeypatch, name_the_folder)
    group(workspace, dataset, threshold=0.99, regroup=True)
    whose = owners(workspace, dataset)
    assert all(whose[face] == (whose[faces[0]][0], True) for face in faces)


def overtake(monkeypatch, act):
    """Let something happen while the first grouping computes; lists one item for each round of any grouping."""
    rounds, real = [], grouping.group

    def compute(*arguments):
        rounds.append(None)
        if len(rounds) == 1:
            act()
        return real(*arguments)

    monkeypatch.setattr(grouping, "group", compute)
    return rounds


def test_people_without_a_face_are_listed_nowhere_and_a_name_stays_to_be_given_faces(workspace, dataset, author):
    faces = three_people(workspace, dataset, (2, 2))
    group(workspace, dataset)
    named, unnamed = persons(workspace, dataset, [faces[0], faces[2]])
    people.name_person(workspace, named, "Ada", author_id=author)
    people.remove_faces(workspace, faces[2:], author_id=author)
    people.move_faces(workspace, faces[:2], name="Bea", author_id=author)
    group(workspace, dataset)
    with reading(workspace.engine) as session:
        assert {named, unnamed}.isdisjoint(person.id for person in people_page(dataset, session=session))
        assert count_people(dataset, session=session) == 1
        assert {"Ada", "Bea"} == {name for _, name in person_names(dataset, session=session)}


# The threshold


def test_the_saved_threshold_is_used_then_the_encoders_own(workspace, dataset, author):
    three_people(workspace, dataset)
    version = encoders.encoder_of(workspace, dataset, None)
    own = encoders.threshold_of(workspace, dataset, version)
    assert group(workspace, dataset, threshold=None)["threshold"] == own
    with writing(workspace.engine) as session:
        for value in (0.3, 0.98):
            session.add(
                Threshold(
                    dataset_id=dataset,
                    model_version_id=version.id,
                    value=value,
                    chosen=message("thresholds.by_hand").to_json(),
                    author_id=author,
                )
            )
            session.flush()
    assert group(workspace, dataset, threshold=None, regroup=True) == {"faces": 6, "people": 6, "threshold": 0.98}


def test_an_encoder_that_has_seen_no_face_is_named(workspace, dataset):
    three_people(workspace, dataset)
    assert encoders.encoder_of(workspace, dataset, None).name == ENCODER
    with pytest.raises(NotFound, match="no face here has an embedding of facenet-vggface2 yet"):
        encoders.encoder_of(workspace, dataset, "facenet-vggface2")


# Reads and questions


def test_strips_show_confirmed_faces_first_and_no_more_than_asked(workspace, dataset, author):
    faces = three_people(workspace, dataset, (4, 2))
    group(workspace, dataset)
    one, other = persons(workspace, dataset, [faces[0], faces[4]])
    people.confirm_faces(workspace, [faces[3]], author_id=author)
    with reading(workspace.engine) as session:
        shown = strips([one, other, 999], each=3, session=session)
    assert [face.instance_id for face in shown[one]] == [faces[3], faces[0], faces[1]]
    assert [face.instance_id for face in shown[other]] == faces[4:]
    assert shown[999] == []


def test_loose_faces_are_counted(workspace, dataset, author):
    faces = three_people(workspace, dataset)
    with reading(workspace.engine) as session:
        assert count_loose_faces(dataset, session=session) == 6
    group(workspace, dataset)
    people.release_faces(workspace, faces[:2], author_id=author)
    people.remove_faces(workspace, faces[2:3], author_id=author)
    with reading(workspace.engine) as session:
        assert count_loose_faces(dataset, session=session) == 2


def test_poor_faces_neither_found_nor_bridge_people_and_are_given_to_the_nearest_afterwards(workspace, dataset):
    faces = three_people(workspace, dataset, (2, 2))
    between = (vector(0) + vector(1)) / np.linalg.norm(vector(0) + vector(1))
    poor = add_faces(
        workspace,
        dataset,
        [("p/0.jpg", vector(0, 7)), ("p/1.jpg", between), ("q/0.jpg", vector(5)), ("q/1.jpg", vector(5, 1))],
    )
    judge(workspace, faces + poor, poor=poor)
    assert group(workspace, dataset)["people"] == 5
    one, other = persons(workspace, dataset, [faces[0], faces[2]])
    near, mixed, *alone = persons(workspace, dataset, poor)
    assert near == one
    assert len({one, other, mixed, *alone}) == 5
    more = add_faces(workspace, dataset, [("m/0.jpg", vector(5, 2)), ("m/1.jpg", vector(5, 3))])
    judge(workspace, more)
    group(workspace, dataset)
    assert set(persons(workspace, dataset, poor[2:])) == set(persons(workspace, dataset, more)), "somebody is near now"
    assert persons(workspace, dataset, poor[:2]) == [near, mixed]


def test_what_a_human_says_of_a_poor_face_counts_as_of_any_other(workspace, dataset, author):
    faces = three_people(workspace, dataset, (2, 1))
    judge(workspace, faces, poor=faces)
    people.move_faces(workspace, faces[:1], name="Ada", author_id=author)
    group(workspace, dataset, regroup=True)
    ada, joined, other = persons(workspace, dataset, faces)
    assert ada == joined != other, "one poor face is Ada by a human's word, so that another one can be"


def test_of_poor_faces_a_look_ahead_says_what_a_grouping_then_does(workspace, dataset):
    faces = three_people(workspace, dataset, (4, 3, 2))
    judge(workspace, faces, poor=faces[1::2])
    group(workspace, dataset)
    for threshold in (0.2, SAME - 1e-3, SAME + 1e-3, 0.99):
        then = people_tree(
            workspace, dataset, encoders.encoder_of(workspace, dataset), least=threshold, regroup=True
        ).what_if(threshold)
        assert group(workspace, dataset, threshold=threshold, regroup=True)["people"] == then.people
        assert count_people_now(workspace, dataset) == then.people


def count_people_now(workspace, dataset):
    return len({person for person, _ in owners(workspace, dataset).values()})


@pytest.fixture
def tracked(workspace, dataset):
    """Six unlike faces of a clip, the first four of them in one track; gives the faces and the track."""
    add_video(workspace, dataset, "a.mp4", indices=[0])
    faces = add_faces(workspace, dataset, [(f"a/{n}.png", vector(n)) for n in range(6)])
    with writing(workspace.engine) as session:
        track = add_track(dataset, session.exec(select(Video.id)).one(), "face", session=session)
        set_tracks(dict.fromkeys(faces[:4], track), session=session)
    return faces, track


def test_a_track_is_one_person_until_it_is_cut(workspace, dataset, tracked):
    faces, _ = tracked
    assert group(workspace, dataset)["people"] == 3
    assert len(set(persons(workspace, dataset, faces[:4]))) == 1
    looked = people_tree(workspace, dataset, encoders.encoder_of(workspace, dataset), least=0.5, regroup=True)
    assert looked.what_if(0.5).people == 3
    with writing(workspace.engine) as session:
        set_tracks(dict.fromkeys(faces[2:4]), session=session)
    assert group(workspace, dataset, regroup=True)["people"] == 5, "not the tree of before"


def test_what_a_human_says_of_one_face_of_a_track_is_said_of_the_track_and_not_this_person_of_that_face(
    workspace, dataset, author, tracked
):
    faces, _ = tracked
    people.move_faces(workspace, faces[:1], name="Ada", author_id=author)
    group(workspace, dataset)
    (ada, *others), last = persons(workspace, dataset, faces[:4]), persons(workspace, dataset, faces[4:])
    assert others == [ada] * 3
    assert ada not in last
    people.release_faces(workspace, faces[1:2], author_id=author)
    for regroup in (False, True):
        group(workspace, dataset, regroup=regroup)
        assert [person == ada for person in persons(workspace, dataset, faces)] == [
            True,
            False,
            True,
            True,
            False,
            False,
        ]
    people.move_faces(workspace, faces[2:3], name="Bea", author_id=author)
    group(workspace, dataset, regroup=True)
    assert persons(workspace, dataset, faces[:1]) == [ada]
    assert persons(workspace, dataset, faces[2:3]) != [ada]


def test_faces_of_a_track_for_which_better_ones_stand_have_no_say(workspace, dataset, tracked):
    faces, track = tracked
    views = [(f"b/{n}.png", vector(9, n)) for n in range(8)]
    more = add_faces(workspace, dataset, views)
    judge(workspace, faces + more, poor=faces[:4])
    with writing(workspace.engine) as session:
        set_tracks(dict.fromkeys(more, track), session=session)
    found = Evidence.of(workspace, dataset, encoders.encoder_of(workspace, dataset).id)
    silent = found.gate(found.limits(regroup=True), 0.0).silent
    assert silent.tolist() == [True] * 4 + [False] * 2 + [False] * 5 + [True] * 3
    group(workspace, dataset)
    assert len(set(persons(workspace, dataset, faces[:4] + more))) == 1


def test_a_track_of_poor_faces_alone_goes_as_one_to_whom_it_is_nearest_or_nowhere(workspace, dataset, tracked):
    faces, _ = tracked
    judge(workspace, faces, poor=faces[:4])
    assert group(workspace, dataset)["people"] == 3
    near = add_faces(workspace, dataset, [("n.png", vector(0, 1))])
    judge(workspace, near)
    group(workspace, dataset, threshold=0.2, regroup=True)
    assert set(persons(workspace, dataset, faces[:4])) == set(persons(workspace, dataset, near))


def test_two_tracks_of_one_moment_are_two_people_however_alike(workspace, dataset):
    add_video(workspace, dataset, "a.mp4", indices=[0])
    faces = add_faces(workspace, dataset, [(f"{n // 2}.png", vector(0, n % 2)) for n in range(8)])
    with writing(workspace.engine) as session:
        video = session.exec(select(Video.id)).one()
        for side in (0, 1):
            track = add_track(dataset, video, "face", session=session)
            set_tracks(dict.fromkeys(faces[side::2], track), session=session)
    group(workspace, dataset)
    (one,), (other,) = (set(persons(workspace, dataset, faces[side::2])) for side in (0, 1))
    assert one != other


@pytest.mark.parametrize("seed", range(3))
def test_whatever_was_decided_and_however_faces_look_every_face_has_one_person_and_a_look_ahead_agrees(
    workspace, dataset, author, seed
):
    rng = np.random.default_rng(seed)
    views = [(f"{n // 3}.png", vector(int(rng.integers(4)), n)) for n in range(30)]
    add_video(workspace, dataset, "a.mp4", indices=[0])
    faces = add_faces(workspace, dataset, views)
    judge(workspace, faces, poor=rng.choice(faces, 10).tolist())
    with writing(workspace.engine) as session:
        video = session.exec(select(Video.id)).one()
        tracks = [add_track(dataset, video, "face", session=session) for _ in range(4)]
        tied = rng.choice(faces, 16, replace=False).tolist()
        set_tracks({face: int(rng.choice(tracks)) for face in tied}, session=session)
    group(workspace, dataset)
    for _ in range(8):
        decide_at_random(workspace, dataset, author, faces, rng)
        threshold, regroup = float(rng.uniform(0.2, 0.99)), bool(rng.integers(2))
        human = {face: owner for face, owner in owners(workspace, dataset).items() if owner[1]}
        encoder = encoders.encoder_of(workspace, dataset)
        then = people_tree(workspace, dataset, encoder, least=threshold, regroup=regroup).what_if(threshold)
        assert group(workspace, dataset, threshold=threshold, regroup=regroup)["people"] == then.people
        now = owners(workspace, dataset)
        assert sorted(now) == faces
        assert {face: now[face] for face in human} == human


def decide_at_random(workspace, dataset, author, faces, rng):
    """One of what can be decided, about some faces."""
    some = rng.choice(faces, int(rng.integers(1, 4)), replace=False).tolist()
    one, other, *_ = rng.permutation(sorted({person for person, _ in owners(workspace, dataset).values()})).tolist()
    match int(rng.integers(5)):
        case 0:
            people.move_faces(workspace, some, person_id=one, author_id=author)
        case 1:
            people.release_faces(workspace, some, author_id=author)
        case 2:
            with suppress(BadInput):  # all of them are confirmed
                people.confirm_faces(workspace, some, author_id=author)
        case 3:
            people.keep_apart(workspace, one, other, author_id=author)
        case 4:
            people.merge_people(workspace, one, [other], author_id=author, together=True)


@pytest.mark.parametrize("broken", [np.nan, 0.0])
def test_a_face_whose_vector_points_nowhere_is_nobody_and_keeps_the_others_from_nothing(workspace, dataset, broken):
    wrong = np.full(64, broken, np.float32)
    faces = add_faces(workspace, dataset, [("a.jpg", vector(0)), ("b.jpg", wrong), ("c.jpg", vector(0, 1))])
    group(workspace, dataset)
    whose = owners(workspace, dataset)
    assert whose.keys() == {faces[0], faces[2]}
    assert whose[faces[0]] == whose[faces[2]]


def test_who_is_hidden_keeps_their_faces_when_all_is_grouped_again(workspace, dataset, author):
    faces = three_people(workspace, dataset)
    group(workspace, dataset)
    before = persons(workspace, dataset, faces)
    hide_people(workspace, before[3:], author_id=author)
    for threshold in (0.99, -1.0):
        group(workspace, dataset, regroup=True, threshold=threshold)
        assert persons(workspace, dataset, faces)[3:] == before[3:], "they are neither taken apart nor joined"
