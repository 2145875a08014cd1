"""What there is to learn from and to be measured on: true labels, in parts that never share a video or a person."""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, field, replace
from itertools import compress
from typing import Final, NamedTuple

from sqlmodel import Session

from core.foundation.arrays import Keypoints
from core.foundation.errors import BadInput, NotEnoughData
from core.foundation.skeletons import find_skeleton
from core.foundation.workspace import Workspace
from core.library.exclusions import excluded_pictures
from core.library.split_groups import group_name, strictest
from core.points.reviewing import vouched_points
from core.training.splits import assign
from db.engine import reading
from db.queries.learning.labels import (
    CountedInstance,
    HumanLabel,
    RevisionPoints,
    UnlabelledInstance,
    counted_instances,
    human_labels,
    labels_in_progress,
    packed_points,
    unlabelled_instances,
)
from db.queries.library import group_parts
from db.queries.points import count_labelled_skeletons
from db.tables import TRUTH, GroupPart, Part, Review

SPLIT_BY: Final = ("auto", "person", "folder", "picture")  # what is kept together: see `split_keys_of`
_USUAL: Final = "face68"
FRACTIONS: Final = (0.6, 0.15, 0.25)  # with few groups `assign` holds two out from five on: an interval needs two


@dataclass(frozen=True)
class Labels:
    """The true labels of a dataset for one skeleton, each with its group and its part of the split.

    Where it was asked for, those in progress are among them. `excluded` are the names of pictures that were left out,
    `empty` counts labels without a single present point. `split_keys` has the group of each clip, action, person,
    folder or picture of a label (`split_keys_of`).
    """

    skeleton: str
    labels: Sequence[HumanLabel]
    groups: Sequence[str]
    parts: Sequence[str]
    excluded: Sequence[str]
    empty: int
    split_keys: Mapping[str, str] = field(default_factory=dict)

    def of(self, part: str) -> list[tuple[HumanLabel, str]]:
        """The labels of one part, with their groups."""
        rows = zip(self.labels, self.groups, self.parts, strict=True)
        return [(label, group) for label, group, other in rows if other == part]

    def only(self, part: str) -> Labels:
        """The labels of one part alone."""
        return self.keeping([other == part for other in self.parts])

    def without(self, instances: Set[int]) -> Labels:
        """All labels but those of some instances."""
        return self.keeping([label.instance.id not in instances for label in self.labels])

    def keeping(self, chosen: Sequence[bool]) -> Labels:
        """The labels that are chosen, one flag for each."""
        labels, groups = list(compress(self.labels, chosen)), list(compress(self.groups, chosen))
        return replace(self, labels=labels, groups=groups, parts=list(compress(self.parts, chosen)))

    @property
    def in_progress(self) -> int:
        """How many of them a human is still working on."""
        return sum(label.revision.review == Review.IN_PROGRESS for label in self.labels)

    def counts(self) -> dict[str, int]:
        """How many labels each part has, and of how many groups."""
        return _counts(list(zip(self.groups, self.parts, strict=True)))

    def fingerprint(self) -> str:
        """Hexadecimal SHA-256 of which revision of which instance is in which part."""
        rows = sorted(
            (label.instance.id, label.revision.id, part) for label, part in zip(self.labels, self.parts, strict=True)
        )
        return hashlib.sha256(repr(rows).encode()).hexdigest()


def _counts(groups_and_parts: Sequence[tuple[str, str]]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for part in Part:
        groups = [group for group, other in groups_and_parts if other == part]
        counts[str(part)], counts[f"{part}_groups"] = len(groups), len(set(groups))
    return counts


def _check(split_by: str) -> None:
    if split_by not in SPLIT_BY:
        raise BadInput("training.split_by", choices=list(SPLIT_BY), value=split_by)


def read_labels(
    dataset_id: int,
    skeleton: str,
    *,
    split_by: str = "auto",
    in_progress: bool = False,
    measured: bool = False,
    session: Session,
) -> Labels:
    """The true labels of a dataset as they stand, with the parts that `keep_parts` has given (or would give).

    True is what a human has accepted or a file has brought. With `in_progress`, what a human is working on is there
    too, of each instance the points that a human has set, the others absent: to learn from outside of the groups that
    are held out or validated on, and where it is to be `measured` on in these as well.

    Raises
    ------
    BadInput
        If `split_by` is not one of `SPLIT_BY`.
    """
    _check(split_by)
    excluded = excluded_pictures(dataset_id, session=session).ids
    labels = human_labels(dataset_id, skeleton, session=session)
    if in_progress:
        labels += [_as_set(*row, skeleton) for row in labels_in_progress(dataset_id, skeleton, session=session)]
    left_out = [label for label in labels if label.image.id in excluded]
    rest = [label for label in labels if label.image.id not in excluded]
    with_points = [label for label in rest if Keypoints.any_in(label.revision.points)]
    true = [label.revision.review in TRUTH for label in with_points]
    split = _split([split_keys_of(label, split_by) for label in with_points], true, dataset_id, session=session)
    names = sorted({label.image.path for label in left_out})
    found = Labels(skeleton, with_points, split.groups, split.parts, names, len(rest) - len(with_points), split.joined)
    return found if measured else found.keeping(split.learned)


class _Split(NamedTuple):
    """Of each label its group and its part, and whether it is there where nothing in progress is measured on; every
    key with its group."""

    groups: list[str]
    parts: list[str]
    learned: list[bool]
    joined: dict[str, str]


def _split(split_keys: Sequence[tuple[str, ...]], true: Sequence[bool], dataset_id: int, *, session: Session) -> _Split:
    joined = _join(split_keys)
    groups = [joined[keys[0]] for keys in split_keys]
    recorded = _recorded(group_parts(dataset_id, session=session), joined)
    parts = _parts(compress(groups, true), recorded)
    parts_of = [parts.get(group) or recorded.get(group, str(Part.TRAIN)) for group in groups]
    learned = [is_true or part == Part.TRAIN for is_true, part in zip(true, parts_of, strict=True)]
    return _Split(groups, parts_of, learned, joined)


def _as_set(label: HumanLabel, start: RevisionPoints | None, skeleton: str) -> HumanLabel:
    """A label in progress, with those of its points alone that a human has set."""
    before = (start.points, start.review) if start else None
    points = Keypoints.from_bytes(label.revision.points)
    known = vouched_points(points, label.revision.review, before, find_skeleton(skeleton))
    return label._replace(revision=label.revision._replace(points=points.only(known).to_bytes()))


def read_unlabelled(
    dataset_id: int, labels: Labels, *, split_by: str = "auto", session: Session
) -> list[tuple[UnlabelledInstance, str]]:
    """Instances without true points, with their groups: none of a group or picture that is held out, no excluded
    picture, and none of the labels."""
    excluded = excluded_pictures(dataset_id, session=session).ids
    part_of = dict(zip(labels.groups, labels.parts, strict=True))
    held_out = _held_out(dataset_id, labels.split_keys, part_of, session=session)
    pictures = {label.image.id for part in (Part.VALIDATION, Part.TEST) for label, _ in labels.of(part)}
    labelled = {label.instance.id for label in labels.labels}
    rows: list[tuple[UnlabelledInstance, str]] = []
    for row in unlabelled_instances(dataset_id, find_skeleton(labels.skeleton).kind, session=session):
        split_keys = split_keys_of(row, split_by)
        held_apart = row.image.id not in pictures and held_out.isdisjoint(split_keys)
        if held_apart and row.instance.id not in labelled and row.image.id not in excluded:
            rows.append(
                (row, next((labels.split_keys[key] for key in split_keys if key in labels.split_keys), split_keys[0]))
            )
    return rows


def keep_parts(dataset_id: int, labels: Labels, *, session: Session) -> None:
    """Write down which part each group belongs to, so that what is held out now stays so."""
    part_of = dict(zip(labels.groups, labels.parts, strict=True))
    for key, group in labels.split_keys.items():
        if group in part_of:
            session.merge(GroupPart(dataset_id=dataset_id, group=key, part=part_of[group]))


def usual_skeleton(dataset_id: int, *, session: Session) -> str:
    """What a dataset is learned from where nobody says: face68 if such points are true, else what there is.

    Raises
    ------
    BadInput
        If there are points of several other skeletons.
    """
    labelled = sorted(count_labelled_skeletons(dataset_id, session=session))
    if len(labelled) > 1 and _USUAL not in labelled:
        raise BadInput("training.several_skeletons", names=labelled)
    return labelled[0] if len(labelled) == 1 else _USUAL


def lone_folder(labels: Labels) -> bool:
    """Whether there are only single pictures of nobody in particular in one folder: no group tells them apart."""
    return len(set(labels.groups)) == 1 and labels.groups[0].startswith(group_name("folder", ""))


def split_keys_of(label: HumanLabel | UnlabelledInstance, split_by: str) -> tuple[str, ...]:
    """All that a label must not be separated from (`core.library.split_groups`): the first is its own group.

    Frames of a clip stay together whatever is asked for; with ``person`` a frame has its clip and its person. A person
    is told by name and by id, an unnamed one by the id alone.
    """
    image = label.image
    return _split_keys(
        split_by, image.path, image.identity, image.sequence, label.person_id, label.person, label.video_id
    )


def _split_keys(
    split_by: str,
    path: str,
    identity: str | None,
    sequence: str | None,
    person_id: int | None,
    person: str | None,
    video_id: int | None,
) -> tuple[str, ...]:
    people: tuple[str, ...] = ()
    if person_id is not None:
        names = (group_name("person", person),) if person else ()
        people = (*names, group_name("person-id", person_id))  # the id stays when the name changes
    elif identity:
        people = (group_name("person", identity),)
    if video_id is not None:
        return (group_name("clip", video_id), *(people if split_by == "person" else ()))
    if split_by == "picture":
        return (group_name("picture", path),)
    if split_by == "auto" and sequence:
        return (group_name("sequence", sequence),)
    if split_by in ("auto", "person") and people:
        return people
    return (group_name("folder", path.rpartition("/")[0]),)


def _join(split_keys: Iterable[tuple[str, ...]]) -> dict[str, str]:
    """Every key -> the first, in the alphabet, of all that hang together with it."""
    above: dict[str, str] = {}

    def top(name: str) -> str:
        while above.setdefault(name, name) != name:
            name = above[name]
        return name

    for keys in set(split_keys):
        tops = sorted({top(name) for name in keys})
        for name in tops:
            above[name] = tops[0]
    return {name: top(name) for name in above}


def _recorded(parts: Mapping[str, str], joined: Mapping[str, str]) -> dict[str, str]:
    """The part of each group that has one; where members of a group differ, held out stays held out."""
    parts_in: dict[str, list[str]] = defaultdict(list)
    for key, group in joined.items():
        if key in parts:
            parts_in[group].append(parts[key])
    return {group: str(strictest(of_group)) for group, of_group in parts_in.items()}


def _parts(groups: Iterable[str], recorded: Mapping[str, str]) -> dict[str, str]:
    counts = Counter(groups)
    if not counts:
        return {}
    try:
        return assign(counts, {group: part for group, part in recorded.items() if group in counts}, FRACTIONS)
    except NotEnoughData:  # one group: everything to learn from, nothing to be measured on
        return dict.fromkeys(counts, str(Part.TRAIN))


@dataclass(frozen=True)
class Supply:
    """What a training would have, in numbers.

    Attributes
    ----------
    labels
        By part and by ``PART_groups``, as `Labels.counts`.
    groups
        Names of the groups, each once.
    excluded
        Names of pictures on the list of bad ones.
    empty
        Labels without a single point.
    unlabelled
        Instances without true points, outside the groups that are held out.
    in_progress
        Instances on whose points somebody works: they are among the unlabelled unless they were asked for.
    counted
        How many of these are among the labels, as was asked for.
    part_of
        The part of every instance that models could be measured on: of the labels, and where they were asked for, of
        those in progress that are not among them, since their part is held out.
    """

    labels: Mapping[str, int]
    groups: Sequence[str]
    excluded: Sequence[str]
    empty: int
    unlabelled: int
    in_progress: int = 0
    counted: int = 0
    part_of: Mapping[int, str] = field(default_factory=dict)


def label_supply(
    workspace: Workspace, dataset_id: int, skeleton_name: str, split_by: str = "auto", *, in_progress: bool = False
) -> Supply:
    """Count the labels that a training would use now, with those in progress or without, and what it could label
    itself: as `read_labels` and `read_unlabelled` give them, without fetching the points."""
    _check(split_by)
    kind, reviews = find_skeleton(skeleton_name).kind, (*TRUTH, Review.IN_PROGRESS) if in_progress else TRUTH
    with reading(workspace.engine) as session:
        excluded = excluded_pictures(dataset_id, session=session).ids
        rows = counted_instances(dataset_id, skeleton_name, kind, session=session)
        of_skeleton = [row for row in rows if row.skeleton == skeleton_name]
        chosen = [row for row in of_skeleton if row.review in reviews]
        labels = [row for row in chosen if row.image_id not in excluded]
        without = _without_points(labels, dataset_id, skeleton_name, session=session)
        labels = [row for row in labels if row.id not in without]
        true = [row.review in TRUTH for row in labels]
        split = _split([_keys(row, split_by) for row in labels], true, dataset_id, session=session)
        learned = list(compress(zip(labels, split.groups, split.parts, strict=True), split.learned))
        part_of = {group: part for _, group, part in learned}
        held_out = _held_out(dataset_id, split.joined, part_of, session=session)
    counted = {row.id for row, _, _ in learned}
    apart = {row.image_id for row, _, part in learned if part != Part.TRAIN} | excluded
    waiting = (row for row in rows if row.kind == kind and row.review not in TRUTH and row.id not in counted)
    return Supply(
        _counts([(group, part) for _, group, part in learned]),
        sorted(part_of),
        sorted({row.path for row in chosen if row.image_id in excluded}),
        len(without),
        sum(row.image_id not in apart and held_out.isdisjoint(_keys(row, split_by)) for row in waiting),
        sum(row.review == Review.IN_PROGRESS for row in of_skeleton),
        sum(row.review == Review.IN_PROGRESS for row, _, _ in learned),
        {row.id: part for row, part in zip(labels, split.parts, strict=True)},
    )


def _held_out(dataset_id: int, joined: Mapping[str, str], part_of: Mapping[str, str], *, session: Session) -> set[str]:
    """Every key and group that is not learned from; `part_of` has the part of each group that has labels."""
    held_out = {key for key, group in joined.items() if part_of.get(group, Part.TRAIN) != Part.TRAIN}
    recorded = group_parts(dataset_id, session=session)
    return held_out | {group for group, part in recorded.items() if part != Part.TRAIN}


def _keys(row: CountedInstance, split_by: str) -> tuple[str, ...]:
    return _split_keys(split_by, row.path, row.identity, row.sequence, row.person_id, row.person, row.video_id)


def _without_points(labels: Sequence[CountedInstance], dataset_id: int, skeleton: str, *, session: Session) -> set[int]:
    """The instances of labels without a single point; of those in progress only what a human has set is one."""
    doubtful = {row.revision_id: row.id for row in labels if row.review in TRUTH and not row.seen}
    points = packed_points(filter(None, doubtful), session=session)
    without = {doubtful[revision] for revision, blob in points.items() if not Keypoints.any_in(blob)}
    if any(row.review == Review.IN_PROGRESS for row in labels):
        at_work = [_as_set(*row, skeleton) for row in labels_in_progress(dataset_id, skeleton, session=session)]
        without |= {label.instance.id for label in at_work if not Keypoints.any_in(label.revision.points)}
    return without & {row.id for row in labels}
