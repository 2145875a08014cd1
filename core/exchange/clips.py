"""Clips, the split and excluded pictures between the store and plain labels: an id here is a path or a key there."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from pathlib import PurePosixPath
from typing import NamedTuple

from sqlmodel import Session, col, select, update

from core.formats.clips import LabelledClip, LabelledFrame, LabelledTrack, SplitPart
from core.formats.dataset import LabelledDataset, LeftOut
from core.foundation.workspace import Workspace
from core.library.clip_importing import free_clip_path
from core.library.split_groups import group_name, strictest
from core.media.videos import rate_of
from db.batching import id_batches
from db.queries.exchange import clips_with_frames, exclusions
from db.queries.library import excluded_names, group_parts, videos
from db.queries.motion.tracks import tracks_in_clip
from db.tables import Exclusion, Frame, GroupPart, Video
from db.writes.motion import add_track, set_tracks
from db.writes.rows import change_rows, insert_rows


class ExportedPicture(NamedTuple):
    """A picture of the store: its path in the export, and its id, path, sequence and person here."""

    path: str
    id: int
    path_here: str
    sequence: str | None
    identity: str | None


class LocalPicture(NamedTuple):
    """A picture of an export as it is in the store: its id, and its path there."""

    id: int
    path: str


class AboutPictures(NamedTuple):
    """What a dataset says beyond its pictures."""

    clips: tuple[LabelledClip, ...]
    split: tuple[SplitPart, ...]
    excluded: tuple[LeftOut, ...]


def about_pictures(
    dataset_id: int,
    pictures: Sequence[ExportedPicture],
    people: Mapping[int, str],
    names: Iterable[str],
    *,
    session: Session,
) -> AboutPictures:
    """The clips of a dataset, its split and what is excluded; `people` has the key of each id, `names` their names.

    Groups that no picture is of any more (a person called otherwise since) are not told.
    """
    rows = clips_with_frames(dataset_id, session=session)
    paths = {picture.id: picture.path for picture in pictures}
    clips = {video.id: _clip(video, frames, paths) for video, frames in rows}
    groups = {
        **{group_name("clip", number): [("clip", clip.path)] for number, clip in clips.items()},
        **{group_name("person-id", number): [("person-id", key)] for number, key in people.items()},
        **_plain_groups(pictures, names),
    }
    parts = group_parts(dataset_id, session=session)
    split = (SplitPart(kind, name, part) for group, part in parts.items() for kind, name in groups.get(group, ()))
    excluded = (LeftOut(row.name, row.reason) for row in exclusions(dataset_id, session=session))
    return AboutPictures(tuple(clips.values()), tuple(split), tuple(excluded))


def labelled_tracks(dataset_id: int, *, session: Session) -> dict[int, LabelledTrack]:
    """The tracks of a dataset's clips by their ids, numbered through: by clip, and in that by where they begin."""
    found: dict[int, LabelledTrack] = {}
    for video in videos(dataset_id, session=session):
        for track in tracks_in_clip(video.id, session=session):
            found[track.id] = LabelledTrack(len(found) + 1, video.path, track.kind, track.name)
    return found


def _clip(video: Video, frames: Iterable[Frame], paths: Mapping[int, str]) -> LabelledClip:
    return LabelledClip(
        video.path,
        video.sha256,
        video.width,
        video.height,
        video.frames,
        video.frames_per_second,
        tuple(
            LabelledFrame(frame.index, frame.seconds, paths.get(frame.image_id or 0), frame.scene) for frame in frames
        ),
    )


def _plain_groups(pictures: Sequence[ExportedPicture], names: Iterable[str]) -> dict[str, list[tuple[str, str]]]:
    """The groups whose names mean the same elsewhere; two pictures of one path have two paths in an export."""
    of_path: dict[str, list[tuple[str, str]]] = defaultdict(list)
    same = {("person", name) for name in names}
    for picture in pictures:
        of_path[group_name("picture", picture.path_here)].append(("picture", picture.path))
        same.add(("folder", picture.path_here.rpartition("/")[0]))
        same |= {("sequence", picture.sequence)} if picture.sequence else set()
        same |= {("person", picture.identity)} if picture.identity else set()
    return of_path | {group_name(*group): [group] for group in same}


def names_here(labelled: LabelledDataset, dataset_id: int, *, session: Session) -> dict[str, str]:
    """Clip -> its name in this dataset: its own, that of the same file here, or one that no other file here has."""
    paths = dict(session.exec(select(Video.sha256, Video.path).where(Video.dataset_id == dataset_id)).all())
    return {
        clip.path: paths.get(clip.sha256) or free_clip_path(dataset_id, clip.path, clip.sha256, session=session)
        for clip in labelled.clips
    }


class LocalNames(NamedTuple):
    """What came in: pictures by their paths there, ids of people by their keys, names here of clips by theirs."""

    images: Mapping[str, LocalPicture]
    people: Mapping[str, int]
    clips: Mapping[str, str]


def stage_video(clip: LabelledClip, path: str, dataset_id: int, images: Mapping[str, int], *, session: Session) -> None:
    """Write a clip under the name that it will have; `images` has the picture of each path.

    The clip's file did not come along: where it would lie is remembered, and importing it puts it there.
    """
    video = Video(
        dataset_id=dataset_id,
        path=path,
        sha256=clip.sha256,
        width=clip.width,
        height=clip.height,
        frames=clip.length,
        frames_per_second=_rate(clip),
        original=Workspace.original_name(clip.sha256, PurePosixPath(clip.path).suffix.lower()),
    )
    (number,) = insert_rows([video], session=session)
    insert_rows([_frame(number, frame, images) for frame in clip.frames], session=session)


def _rate(clip: LabelledClip) -> float:
    """By the times of the frames: an export of an earlier version may hold what a header said."""
    if not clip.frames:
        return clip.frames_per_second
    first, last = clip.frames[0], clip.frames[-1]
    return rate_of(last.index - first.index, last.seconds - first.seconds, clip.frames_per_second)


def _frame(video_id: int, frame: LabelledFrame, images: Mapping[str, int]) -> Frame:
    here = images.get(frame.image or "")
    return Frame(video_id=video_id, index=frame.index, seconds=frame.seconds, image_id=here, scene=frame.scene)


def publish_videos(staged_id: int, dataset_id: int, same: Mapping[int, int], *, session: Session) -> None:
    """Give staged clips to a dataset that has them not; their frames are pictures of it: `same` has those that were
    here before, by the staged ones."""
    here = select(Video.sha256).where(Video.dataset_id == dataset_id)
    fresh = session.exec(select(Video.id).where(Video.dataset_id == staged_id, col(Video.sha256).not_in(here))).all()
    for part in id_batches(fresh):
        session.exec(update(Video).where(col(Video.id).in_(part)).values(dataset_id=dataset_id))
    if fresh:
        rows = [{"row": staged, "image_id": number} for staged, number in same.items()]
        change_rows(Frame, rows, by="image_id", session=session)


def restore_tracks(
    labelled: LabelledDataset, dataset_id: int, instances: Mapping[int, Sequence[int]], *, session: Session
) -> None:
    """Put what came in into tracks of the clips here; `instances` has those of each track's number.

    A body's track gets its name, a face is called as its person.
    """
    ids = dict(session.exec(select(Video.sha256, Video.id).where(Video.dataset_id == dataset_id)).all())
    clips = {clip.path: ids[clip.sha256] for clip in labelled.clips}
    made: dict[int, int] = {}
    for track in labelled.tracks:
        if here := instances.get(track.number):
            name = track.name if track.kind == "person" else None
            number = add_track(dataset_id, clips[track.clip], track.kind, name, session=session)
            made |= dict.fromkeys(here, number)
    set_tracks(made, session=session)


def restore_groups(
    labelled: LabelledDataset, dataset_id: int, author_id: int, arrived: LocalNames, *, session: Session
) -> None:
    """Write the part of each group and what is excluded; what is here already stays.

    A group that has a part in both keeps the one of the two that holds out more.
    """
    ids = dict(session.exec(select(Video.sha256, Video.id).where(Video.dataset_id == dataset_id)).all())
    clips = {clip.path: ids[clip.sha256] for clip in labelled.clips}
    before = group_parts(dataset_id, session=session)
    parts = dict(before)
    for row in labelled.split:
        group = _group_here(row, arrived, clips)
        if group is not None:
            parts[group] = strictest([row.part, *([parts[group]] if group in parts else [])]) or row.part
    fresh = [GroupPart(dataset_id=dataset_id, group=group, part=parts[group]) for group in parts.keys() - before.keys()]
    insert_rows(fresh, session=session)
    for group in before:
        if parts[group] != before[group]:
            session.merge(GroupPart(dataset_id=dataset_id, group=group, part=parts[group]))
    here = excluded_names(dataset_id, session=session)
    rows = {row.path: row.reason for row in labelled.excluded if row.path not in here}
    insert_rows(
        [
            Exclusion(dataset_id=dataset_id, name=name, reason=reason, author_id=author_id)
            for name, reason in rows.items()
        ],
        session=session,
    )


def _group_here(row: SplitPart, arrived: LocalNames, clips: Mapping[str, int]) -> str | None:
    """What a group is called here; None where nothing of it came in."""
    if row.group == "person-id":
        return group_name(row.group, arrived.people[row.name]) if row.name in arrived.people else None
    if row.group == "picture":
        return group_name(row.group, arrived.images[row.name].path) if row.name in arrived.images else None
    if row.group == "clip":
        return group_name(row.group, clips[row.name])
    return group_name(row.group, arrived.clips.get(row.name, row.name) if row.group == "sequence" else row.name)
