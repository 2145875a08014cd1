"""What is learned from and what is held out: groups stay whole, parts stay, bad pictures and empty labels stay out."""

import itertools

import numpy as np
import pytest

from core.foundation.arrays import Keypoints
from core.foundation.errors import BadInput
from core.learning.labels import (
    SPLIT_BY,
    Supply,
    keep_parts,
    label_supply,
    lone_folder,
    read_labels,
    read_unlabelled,
    usual_skeleton,
)
from core.points.annotating import Edit, save_edit
from db.engine import reading
from db.queries.learning.labels import labels_in_progress
from db.queries.library import group_parts
from db.tables import Assignment, Exclusion, GroupPart, Instance, Part, Person, Source
from db.writes.people import ensure_person
from db.writing import writing
from tests.builders.learning_rows import Shelf, face


@pytest.fixture
def shelf(workspace, dataset, author):
    return Shelf(workspace, dataset, author)


def _read(shelf, split_by="auto", keep=False):
    with writing(shelf.workspace.engine) as session:
        labels = read_labels(shelf.dataset, "face68", split_by=split_by, session=session)
        if keep:
            keep_parts(shelf.dataset, labels, session=session)
    return labels


def _groups(labels):
    return {label.image.path: group for label, group in zip(labels.labels, labels.groups, strict=True)}


def _clips_of(shelf, *people):
    """A clip of two labelled frames for each person, in this order; gives the ids of the clips."""
    numbers = []
    for count, person in enumerate(people):
        images = [shelf.image(f"{count}.mp4/{i}.jpg", identity=person) for i in range(2)]
        numbers.append(shelf.clip(f"{count}.mp4", images))
        for image in images:
            shelf.instance(image, face())
    return numbers


def test_frames_stay_with_their_clip_whatever_is_asked_for(shelf):
    images = [shelf.image(f"clip.mp4/{i}.jpg", sequence="clip.mp4") for i in range(3)]
    number = shelf.clip("clip.mp4", images)
    for image in images:
        shelf.instance(image, face())
    shelf.instance(shelf.image("photos/a.png"), face())
    for split_by in ("auto", "person", "folder", "picture"):
        groups = _groups(_read(shelf, split_by))
        assert {groups[f"clip.mp4/{i}.jpg"] for i in range(3)} == {f"clip {number}"}
    assert _groups(_read(shelf, "picture"))["photos/a.png"] == "picture photos/a.png"


def test_a_group_is_the_sequence_then_the_person_then_the_folder(shelf):
    shelf.instance(shelf.image("x/1.png", sequence="squat-03"), face())
    known = shelf.instance(shelf.image("x/2.png"), face())
    shelf.instance(shelf.image("x/3.png", identity="ada"), face())
    shelf.instance(shelf.image("x/4.png"), face())
    with writing(shelf.workspace.engine) as session:
        person = Person(dataset_id=shelf.dataset, name="bob")
        session.add(person)
        session.flush()
        session.add(Assignment(instance_id=known, dataset_id=shelf.dataset, person_id=person.id, source="human"))
    groups = _groups(_read(shelf))
    assert groups == {
        "x/1.png": "sequence squat-03",
        "x/2.png": "person bob",
        "x/3.png": "person ada",
        "x/4.png": "folder x",
    }
    assert set(_groups(_read(shelf, "folder")).values()) == {"folder x"}


def test_what_was_held_out_stays_so_when_pictures_are_added(shelf):
    for person in "abcdef":
        shelf.instance(shelf.image(f"{person}.png", identity=person), face())
    before = dict(zip((labels := _read(shelf, keep=True)).groups, labels.parts, strict=True))
    assert set(before.values()) == {"train", "validation", "test"}
    for i in range(20):
        shelf.instance(shelf.image(f"new/{i}.png", identity=f"new{i}"), face())
        shelf.instance(shelf.image(f"more/{i}.png", identity="a"), face())
    after = dict(zip((labels := _read(shelf, keep=True)).groups, labels.parts, strict=True))
    assert {group: after[group] for group in before} == before
    assert len(after) == 26


def test_no_group_is_in_two_parts(shelf):
    for i in range(60):
        shelf.instance(shelf.image(f"{i}.png", identity=f"p{i % 7}"), face())
    labels = _read(shelf)
    by_part = {part: {group for _, group in labels.of(part)} for part in Part}
    assert not by_part["train"] & by_part["test"]
    assert not by_part["train"] & by_part["validation"]
    assert sum(labels.counts()[part] for part in Part) == 60


def test_excluded_pictures_are_left_out_by_name_and_listed(shelf):
    for name in ("a/1.png", "a/2.png", "b/1.png"):
        shelf.instance(shelf.image(name, identity=name), face())
    with writing(shelf.workspace.engine) as session:
        session.add(Exclusion(dataset_id=shelf.dataset, name="2.png", author_id=shelf.author))
    labels = _read(shelf)
    assert labels.excluded == ["a/2.png"]
    assert sorted(_groups(labels)) == ["a/1.png", "b/1.png"]


def test_name_that_several_pictures_have_leaves_none_out(shelf):
    for name in ("a/1.png", "b/1.png"):
        shelf.instance(shelf.image(name, identity=name), face())
    with writing(shelf.workspace.engine) as session:
        session.add(Exclusion(dataset_id=shelf.dataset, name="1.png", author_id=shelf.author))
    labels = _read(shelf)
    assert (list(labels.excluded), len(labels.labels)) == ([], 2)


def test_labels_without_a_point_and_points_of_a_model_teach_nothing(shelf):
    shelf.instance(shelf.image("a.png"), np.full((68, 2), np.nan))
    shelf.instance(shelf.image("b.png"), face(), human=False, version=shelf.model("m"))
    removed = shelf.instance(shelf.image("c.png"), face())
    with writing(shelf.workspace.engine) as session:
        session.get(Instance, removed).removed = True
    labels = _read(shelf)
    assert (len(labels.labels), labels.empty) == (0, 1)
    assert labels.counts()["train"] == 0


def test_a_single_group_is_learned_from_and_nothing_is_held_out(shelf):
    for i in range(3):
        shelf.instance(shelf.image(f"same/{i}.png"), face())
    labels = _read(shelf)
    assert set(labels.parts) == {"train"}
    assert labels.of("test") == []


def test_the_fingerprint_follows_revisions_and_parts(shelf):
    for person in "abc":
        shelf.instance(shelf.image(f"{person}.png", identity=person), face())
    first = _read(shelf, keep=True).fingerprint()
    assert _read(shelf).fingerprint() == first
    shelf.instance(shelf.image("d.png", identity="d"), face())
    assert _read(shelf).fingerprint() != first


def test_an_unknown_way_to_split_is_refused(shelf):
    with pytest.raises(BadInput, match="split_by is one of auto, person, folder, picture, not 'frame'"):
        _read(shelf, "frame")
    with reading(shelf.workspace.engine) as session:
        assert read_labels(shelf.dataset, "body24", session=session).labels == []


def test_two_clips_of_one_person_never_part_when_split_by_person(shelf):
    first, _, third, _ = _clips_of(shelf, "ada", "bob", "ada", "eve")
    labels = _read(shelf, "person", keep=True)
    groups = _groups(labels)
    assert groups["0.mp4/0.jpg"] == groups["2.mp4/0.jpg"] == f"clip {first}"
    assert len(set(groups.values())) == 3
    with reading(shelf.workspace.engine) as session:
        parts = group_parts(shelf.dataset, session=session)
    assert parts[f"clip {first}"] == parts[f"clip {third}"] == parts["person ada"]
    assert _groups(_read(shelf))["2.mp4/0.jpg"] == f"clip {third}"  # otherwise a clip is a group of its own
    assert _read(shelf).parts == labels.parts  # and what was held out stays so


def test_what_was_held_out_stays_so_when_groups_turn_out_to_belong_together(shelf):
    first, second, *_ = _clips_of(shelf, "ada", "ada", "bob", "eve")
    with writing(shelf.workspace.engine) as session:
        session.add(GroupPart(dataset_id=shelf.dataset, group=f"clip {first}", part="train"))
        session.add(GroupPart(dataset_id=shelf.dataset, group=f"clip {second}", part="test"))
    labels = _read(shelf, "person")
    assert {part for part, group in zip(labels.parts, labels.groups, strict=True) if group == f"clip {first}"} == {
        "test"
    }


def test_nothing_unlabelled_comes_from_a_held_out_picture_clip_or_person(shelf):
    for person in "abcdef":
        shelf.instance(shelf.image(f"{person}/0.png", identity=person), face())
        shelf.instance(shelf.image(f"{person}/1.png", identity=person))
    crowd = shelf.image("crowd/1.png", identity="held")
    shelf.instance(crowd, face())
    shelf.instance(crowd)  # somebody else in the same picture, whom nobody has named
    _clips_of(shelf, "a", "held")
    with writing(shelf.workspace.engine) as session:
        session.add(GroupPart(dataset_id=shelf.dataset, group="person held", part="test"))
    for split_by in ("auto", "person"):
        labels = _read(shelf, split_by, keep=True)
        with reading(shelf.workspace.engine) as session:
            found = read_unlabelled(shelf.dataset, labels, split_by=split_by, session=session)
        learned = {group for _, group in labels.of("train")}
        assert found
        assert {group for _, group in found} <= learned
        assert crowd not in {one.image.id for one, _ in found}


def test_nobody_else_in_a_held_out_picture_is_learned_from(shelf):
    for person in "abcdef":
        shelf.instance(shelf.image(f"{person}/0.png", identity=person), face())
    photo, other = shelf.image("photos/both.png"), shelf.image("photos/alone.png")
    held, beside, alone = shelf.instance(photo, face()), shelf.instance(photo), shelf.instance(other)
    with writing(shelf.workspace.engine) as session:
        for name, instances in (("Ada", [held]), ("Bob", [beside, alone])):
            person = ensure_person(shelf.dataset, name, shelf.author, session=session)
            session.add_all(
                Assignment(instance_id=instance, dataset_id=shelf.dataset, person_id=person, source=Source.HUMAN)
                for instance in instances
            )
        session.add(GroupPart(dataset_id=shelf.dataset, group="person Ada", part="test"))
        session.add(GroupPart(dataset_id=shelf.dataset, group="person Bob", part="train"))
    labels = _read(shelf)
    with reading(shelf.workspace.engine) as session:
        rows = read_unlabelled(shelf.dataset, labels, session=session)
    assert [row.instance.id for row, _ in rows] == [alone]


def _unlabelled(shelf):
    labels = _read(shelf)
    with reading(shelf.workspace.engine) as session:
        return [row.instance.id for row, _ in read_unlabelled(shelf.dataset, labels, session=session)]


def test_a_group_that_was_held_out_stays_so_when_its_last_label_is_gone(shelf):
    for person in "abcdef":
        shelf.instance(shelf.image(f"{person}.png", identity=person), face())
    shelf.split({"person y": "test", "person z": "train"})
    shelf.instance(shelf.image("y.png", identity="y"))
    learned = shelf.instance(shelf.image("z.png", identity="z"))
    assert _unlabelled(shelf) == [learned]


def test_excluded_pictures_are_not_labelled_by_the_training_itself(shelf):
    shelf.instance(shelf.image("a/1.png"))
    other = shelf.instance(shelf.image("a/2.png"))
    with writing(shelf.workspace.engine) as session:
        session.add(Exclusion(dataset_id=shelf.dataset, name="1.png", author_id=shelf.author))
    assert _unlabelled(shelf) == [other]


def test_single_pictures_in_one_folder_are_told_apart_by_nothing(shelf):
    for i in range(3):
        shelf.instance(shelf.image(f"x/{i}.png"), face())
    assert lone_folder(_read(shelf))
    assert not lone_folder(_read(shelf, "picture"))
    shelf.instance(shelf.image("y/0.png"), face())
    assert not lone_folder(_read(shelf))


def test_frames_of_one_clip_are_no_lone_folder(shelf):
    image = shelf.image("clip.mp4/0.jpg", sequence="clip.mp4")
    shelf.clip("clip.mp4", [image])
    shelf.instance(image, face())
    assert not lone_folder(_read(shelf))


def test_the_usual_skeleton_is_the_one_that_humans_set_points_of(shelf):
    def usual():
        with reading(shelf.workspace.engine) as session:
            return usual_skeleton(shelf.dataset, session=session)

    assert usual() == "face68"  # without any label
    shelf.instance(shelf.image("a.png"), face(), human=False, version=shelf.model("m"))
    shelf.instance(shelf.image("b.png"), np.zeros((24, 2)), kind="person", skeleton="body24")
    assert usual() == "body24"
    shelf.instance(shelf.image("c.png"), np.zeros((17, 2)), kind="person", skeleton="coco17")
    with pytest.raises(BadInput, match="labels of body24 and coco17; choose one with --skeleton"):
        usual()
    shelf.instance(shelf.image("d.png"), face())
    assert usual() == "face68"


def test_labels_are_counted_by_part_and_the_rest_by_reason(shelf):
    for person in "abcd":
        for i in range(2):
            shelf.instance(shelf.image(f"{person}/{i}.png", identity=person), face())
    shelf.instance(shelf.image("e/0.png", identity="e"), np.full((68, 2), np.nan))
    shelf.instance(shelf.image("f/bad.png", identity="f"), face())
    shelf.instance(shelf.image("g/0.png", identity="g"), face(), human=False)
    shelf.instance(shelf.image("h/0.png", identity="h"))
    with writing(shelf.workspace.engine) as session:
        session.add(Exclusion(dataset_id=shelf.dataset, name="bad.png", author_id=shelf.author))
    found = label_supply(shelf.workspace, shelf.dataset, "face68")
    assert sum(found.labels[part] for part in ("train", "validation", "test")) == 8
    assert found.groups == [f"person {person}" for person in "abcd"]
    assert (list(found.excluded), found.empty, found.unlabelled) == (["f/bad.png"], 1, 2)


def test_nothing_is_counted_where_nothing_is(workspace, dataset):
    found = label_supply(workspace, dataset, "face68")
    assert (sum(found.labels.values()), found.groups, found.unlabelled) == (0, [], 0)
    with pytest.raises(BadInput, match="split_by"):
        label_supply(workspace, dataset, "face68", "nothing")


def test_work_in_progress_is_no_label_unless_asked_for_and_then_only_what_a_human_has_set(shelf):
    for number in range(4):
        shelf.instance(shelf.image(f"g{number}/a.png", identity=f"g{number}"), face())
    touched = shelf.instance(shelf.image("h/a.png", identity="h"), face(), human=False)
    edit = Edit("e", touched, None, ((3, 50.0, 60.0, 2),))
    save_edit(shelf.workspace, edit, author_id=shelf.author)
    with reading(shelf.workspace.engine) as session:
        plain = read_labels(shelf.dataset, "face68", session=session)
        more = read_labels(shelf.dataset, "face68", in_progress=True, session=session)
    assert touched not in {label.instance.id for label in plain.labels}
    ((label, part),) = [row for row in zip(more.labels, more.parts, strict=True) if row[0].instance.id == touched]
    points = Keypoints.from_bytes(label.revision.points)
    assert (part, np.flatnonzero(points.visibility).tolist()) == ("train", [3])
    assert (more.only("test").labels, more.only("validation").labels) == (
        plain.only("test").labels,
        plain.only("validation").labels,
    )
    assert (plain.in_progress, more.in_progress) == (0, 1)
    counted = [label_supply(shelf.workspace, shelf.dataset, "face68", in_progress=asked) for asked in (False, True)]
    assert [(supply.in_progress, supply.counted, supply.unlabelled) for supply in counted] == [(1, 0, 1), (1, 1, 0)]


def test_to_be_measured_on_work_in_progress_counts_in_every_part_and_changes_none(shelf):
    for number in range(4):
        shelf.instance(shelf.image(f"g{number}/a.png", identity=f"g{number}"), face())
    with reading(shelf.workspace.engine) as session:
        plain = read_labels(shelf.dataset, "face68", session=session)
    held = {part: plain.only(part).groups[0] for part in ("train", "validation", "test")}
    touched = {}
    for part, group in held.items():
        name = group.removeprefix("person ")
        touched[part] = shelf.instance(shelf.image(f"{name}/b.png", identity=name), face(), human=False)
        edit = Edit(f"e-{part}", touched[part], None, ((3, 50.0, 60.0, 2),))
        save_edit(shelf.workspace, edit, author_id=shelf.author)
    with reading(shelf.workspace.engine) as session:
        learned = read_labels(shelf.dataset, "face68", in_progress=True, session=session)
        measured = read_labels(shelf.dataset, "face68", in_progress=True, measured=True, session=session)
    parts = [
        dict(zip((row.instance.id for row in found.labels), found.parts, strict=True)) for found in (learned, measured)
    ]
    assert {number: parts[0].get(number) for number in touched.values()} == {
        touched["train"]: "train",
        touched["validation"]: None,
        touched["test"]: None,
    }
    assert {part: parts[1][number] for part, number in touched.items()} == {part: part for part in held}
    assert [dict(zip(found.groups, found.parts, strict=True)) for found in (learned, measured)] == [
        dict(zip(plain.groups, plain.parts, strict=True))
    ] * 2


def _filled(shelf, seed):
    """Pictures of everything that decides what counts and where, in any mixture: drawn by a seed."""
    rng = np.random.default_rng(seed)
    some = lambda *choices: choices[rng.integers(len(choices))]  # noqa: E731
    seen, unseen = face(), np.full((68, 2), np.nan)
    late = np.where(np.arange(68)[:, None] < 5, np.nan, face())  # its first points are absent
    images = [
        shelf.image(
            f"{some('x', 'y/z', 'w')}/{number}.png",
            identity=some(None, *"abcdef"),
            sequence=some(None, None, "s-1", "s-2"),
        )
        for number in range(50)
    ]
    for number in range(4):
        shelf.clip(f"{number}.mp4", rng.choice(images, 4, replace=False).tolist())  # some pictures are in several
    faces = []
    for image in images:
        for _ in range(rng.integers(1, 4)):
            review = some("accepted", "accepted", "imported", "open", "in_progress")
            points = {"points": some(seen, seen, seen, late, unseen, None), "human": review != "open", "review": review}
            body = {"kind": "person", "skeleton": "body24", "points": np.zeros((24, 2)), "review": review}
            faces.append(shelf.instance(image, **(body if rng.random() < 0.15 else points)))
    with writing(shelf.workspace.engine) as session:
        people = [ensure_person(shelf.dataset, name, shelf.author, session=session) for name in "abgh"]
        session.add_all(
            Assignment(instance_id=one, dataset_id=shelf.dataset, person_id=some(*people), source=Source.MODEL)
            for one in faces[::3]
        )
        for one in faces[::17]:
            session.get_one(Instance, one).removed = True
        session.get_one(Person, people[3]).name = None
        session.add_all(
            Exclusion(dataset_id=shelf.dataset, name=f"{number}.png", author_id=shelf.author) for number in (3, 4, 5)
        )
    shelf.split({"person a": "test", "person b": "validation", "sequence s-1": "train", "folder w": "test"})


@pytest.mark.parametrize("seed", range(3))
def test_labels_are_counted_without_their_points_as_they_are_read_with_them(shelf, seed):
    _filled(shelf, seed)
    wrong = []
    for skeleton, split_by, asked in itertools.product(("face68", "body24"), SPLIT_BY, (False, True)):
        how = {"split_by": split_by, "in_progress": asked}
        found = label_supply(shelf.workspace, shelf.dataset, skeleton, **how)
        with reading(shelf.workspace.engine) as session:
            labels = read_labels(shelf.dataset, skeleton, **how, session=session)
            measured = read_labels(shelf.dataset, skeleton, **how, measured=True, session=session)
            waiting = read_unlabelled(shelf.dataset, labels, split_by=split_by, session=session)
            at_work = labels_in_progress(shelf.dataset, skeleton, session=session)
        part_of = {label.instance.id: part for label, part in zip(measured.labels, measured.parts, strict=True)}
        numbers = labels.empty, len(waiting), len(at_work), labels.in_progress
        read = Supply(labels.counts(), sorted(set(labels.groups)), labels.excluded, *numbers, part_of)
        wrong += [(skeleton, how, found, read)] if found != read else []
        assert sum(read.labels.values()), "nothing would be compared"
    assert not wrong
