"""Faces and bodies of a clip as tracks: linked by overlap and appearance, and joined, cut, swapped and named by hand.

A program links what is in no track yet and never changes what is in one; so whatever a human decides stays.
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

import numpy as np
import scipy
from sqlmodel import Session, col, select

from core.foundation.arrays import Floats
from core.foundation.errors import BadInput, Conflict, NotFound
from core.foundation.geometry import iou
from core.foundation.messages import Message, message
from core.foundation.names import clean_name
from core.foundation.workspace import Workspace
from core.motion.clip_edits import Changes, done_before, note_result, record_edit
from core.motion.linking import breaks_of
from core.people.deciding import move_faces, name_person
from db.batching import id_batches
from db.engine import reading
from db.queries.motion.seen import clip_frames
from db.queries.motion.tracks import (
    ClipTrack,
    PlacedInstance,
    clips_not_linked,
    frames_not_linked,
    placed_instances,
    track_instances,
    tracks_in_clip,
    vectors_in_clip,
)
from db.tables import Assignment, ClipEdit, Instance, Person, Track, Video
from db.writes.motion import add_track, set_tracks
from db.writing import writing

_LEAST_OVERLAP: Final = 0.3  # intersection over union of a face with itself a frame later, as in `linking`
_LONGEST_GAP: Final = 5  # frames in which a face may be missed and still be the same one
_APPEARANCE: Final = 0.5  # weight of the cosine similarity beside the overlap, where several may be the same

Vectors = Callable[[Sequence[int]], Mapping[int, Floats]]


@dataclass(frozen=True)
class _End:
    """The last place of a track so far: position in the clip, instance, kind and box."""

    position: int
    placed: PlacedInstance


def link_clip(workspace: Workspace, video_id: int) -> int:
    """Give a track to every face and body of a clip that is in none; returns how many were in none.

    One goes on with a track of its kind in the same scene whose box it overlaps (IoU of 0.3 or more, at most 5 frames
    before), so that overlap and, where several are possible, likeness of their embeddings are largest in sum. Others
    begin a track. What is in a track stays there.

    Raises
    ------
    NotFound
        If there is no such clip.
    """
    with reading(workspace.engine) as session:
        _clip(video_id, session=session)
        there = frames_not_linked(video_id, session=session)
        if there is None:
            return 0
        frames = clip_frames(video_id, frozenset(), session=session)
    cuts = dict(zip((row.frame for row in frames[1:]), breaks_of(frames).tolist(), strict=True))
    place = {row.frame: number for number, row in enumerate(frames)}
    before = frames[max(place[there[0]] - _LONGEST_GAP, 0)].frame  # from there on may be what the first goes on with
    with writing(workspace.engine) as session:  # what is linked depends on what is in tracks now
        video = _clip(video_id, session=session)
        placed = placed_instances(video_id, before, there[1], session=session)
        linked = link(placed, place, cuts, lambda ids: _vectors(video_id, ids, session=session))
        made = {
            number: add_track(video.dataset_id, video_id, kind, session=session)
            for number, kind in sorted({(track, kind) for track, kind in linked.values() if track < 0}, reverse=True)
        }
        set_tracks({instance: made.get(track, track) for instance, (track, _) in linked.items()}, session=session)
        return len(linked)


def link_clips(workspace: Workspace, *, dataset_id: int | None = None, image_id: int | None = None) -> None:
    """Link, of a dataset or of all, the clips that hold what is in no track; with a picture, only those it is in.

    Whatever brings faces and bodies asks for it, so that who only looks at a clip finds all of them in tracks.
    """
    with reading(workspace.engine) as session:
        clips = clips_not_linked(dataset_id, image_id, session=session)
    for clip in clips:
        with suppress(NotFound):  # taken out of the dataset meanwhile
            link_clip(workspace, clip)


def link(
    instances: Sequence[PlacedInstance], place: Mapping[int, int], cuts: Mapping[int, bool], vectors: Vectors
) -> dict[int, tuple[int, str]]:
    """The track and the kind of every instance that is in none; a track below 0 is a new one.

    Parameters
    ----------
    instances
        By frame; the same one in two equal frames is one.
    place, cuts
        The position of each frame in the clip, and whether a new scene begins with it (or frames before it are gone).
    vectors
        Embeddings of instances by their ids, unit length; of those that have one.
    """
    linked: dict[int, tuple[int, str]] = {}
    ends: dict[int, _End] = {}
    begun = 0
    scenes = np.cumsum([cuts.get(frame, False) for frame in place])
    by_frame: dict[int, list[PlacedInstance]] = {}
    for placed in instances:
        by_frame.setdefault(placed.frame, []).append(placed)
    for frame, here in by_frame.items():
        position = place[frame]
        known = {one.id: one.track_id or linked.get(one.id, (None,))[0] for one in here}
        taken = {track for track in known.values() if track is not None}
        new = [one for one in here if known[one.id] is None]
        ends = {track: end for track, end in ends.items() if position - end.position <= _LONGEST_GAP}
        open_ends = {
            track: end for track, end in ends.items() if track not in taken and scenes[end.position] == scenes[position]
        }
        found = _matches(open_ends, new, vectors)
        for one in new:
            begun += one.id not in found
            known[one.id] = track = found.get(one.id, -begun)
            linked[one.id] = (track, one.kind)
        ends |= {own: _End(position, one) for one in here if (own := known[one.id]) is not None}
    return linked


def _matches(ends: Mapping[int, _End], new: Sequence[PlacedInstance], vectors: Vectors) -> dict[int, int]:
    """The track that each of some instances goes on with, for the largest sum of overlap and likeness."""
    if not ends or not new:
        return {}
    last = [end.placed for end in ends.values()]
    overlaps = iou(np.array([one.box for one in last]), np.array([one.box for one in new]))
    same_kind = np.array([[end.kind == one.kind for one in new] for end in last])
    possible = same_kind & (overlaps >= _LEAST_OVERLAP)
    if not possible.any():
        return {}
    worth = overlaps.copy()
    if (possible.sum(axis=0) > 1).any() or (possible.sum(axis=1) > 1).any():
        worth += _APPEARANCE * _likeness(last, new, vectors)
    worth[~possible] = -10.0 * len(new) - 10  # fewer matches, never one that cannot be
    tracks = list(ends)
    rows, columns = scipy.optimize.linear_sum_assignment(worth, maximize=True)
    return {new[j].id: tracks[i] for i, j in zip(rows, columns, strict=True) if possible[i, j]}


def _likeness(last: Sequence[PlacedInstance], new: Sequence[PlacedInstance], vectors: Vectors) -> Floats:
    """(M, N) cosine similarity; the mean of the others where one has no embedding."""
    known = vectors([one.id for one in (*last, *new)])
    cosine = np.full((len(last), len(new)), np.nan)
    for i, end in enumerate(last):
        for j, one in enumerate(new):
            if end.id in known and one.id in known:
                cosine[i, j] = float(known[end.id] @ known[one.id])
    usual = float(np.nanmean(cosine)) if np.isfinite(cosine).any() else 0.0
    return np.where(np.isfinite(cosine), cosine, usual)


def _vectors(video_id: int, ids: Sequence[int], *, session: Session) -> dict[int, Floats]:
    packed = vectors_in_clip(video_id, ids, session=session)
    return {instance: np.frombuffer(vector, "<f4").astype(np.float64) for instance, vector in packed.items()}


def tracks_of_clip(workspace: Workspace, video_id: int) -> list[ClipTrack]:
    """The tracks of a clip that have an instance, by where they begin.

    Raises
    ------
    NotFound
        If there is no such clip.
    """
    with reading(workspace.engine) as session:
        _clip(video_id, session=session)
        return tracks_in_clip(video_id, session=session)


def join_tracks(
    workspace: Workspace, track_id: int, other_id: int, *, author_id: int, edit_id: str | None = None
) -> int:
    """Say that two tracks are one: the other's instances are the first one's now; returns the edit's id.

    Raises
    ------
    NotFound
        If one is not there.
    BadInput
        If they are the same, of two clips, or a face's and a body's.
    Conflict
        If both are in one frame.
    """
    with writing(workspace.engine) as session:
        if done := done_before(edit_id, session=session):
            return done.id
        track, other = _track(track_id, session=session), _track(other_id, session=session)
        _refuse_unlike(track, other)
        mine, theirs = (track_instances(one.id, session=session) for one in (track, other))
        both = sorted({place.frame for place in mine} & {place.frame for place in theirs})
        if both:
            raise Conflict("tracks.both_there", frame=both[0], count=len(both))
        moves = {place.id: (other.id, track.id) for place in theirs}
        titles = _titles(track, other, session=session)
        summary = message("clip_edits.joined", track=titles[track.id], other=titles[other.id])
        return _retrack("join", summary, track, moves, author_id, edit_id, session=session).id


def cut_track(
    workspace: Workspace, track_id: int, frame: int, *, author_id: int, edit_id: str | None = None
) -> tuple[int, int]:
    """Say that from a frame on it is somebody else: a track of its own; returns its id and the edit's.

    Raises
    ------
    NotFound
        If it is not there.
    BadInput
        If it has no instance before the frame, or none from it on.
    """
    with writing(workspace.engine) as session:
        if done := done_before(edit_id, session=session):
            return done.result["track"], done.id
        track = _track(track_id, session=session)
        places = track_instances(track_id, session=session)
        before = {place.id for place in places if place.frame < frame}
        after = [place for place in places if place.frame >= frame and place.id not in before]
        if not before or not after:
            raise BadInput("tracks.nothing_to_cut", frame=frame)
        new = add_track(track.dataset_id, track.video_id, track.kind, session=session)
        moves = {place.id: (track.id, new) for place in after}
        summary = message("clip_edits.cut", track=_titles(track, session=session)[track.id], frame=frame)
        edit = _retrack("cut", summary, track, moves, author_id, edit_id, session=session)
        note_result(edit, {"track": new})
        return new, edit.id


def swap_tracks(
    workspace: Workspace, track_id: int, other_id: int, frame: int, *, author_id: int, edit_id: str | None = None
) -> int:
    """Say that two tracks change places from a frame on; returns the edit's id. Raises as `join_tracks`.

    Raises
    ------
    BadInput
        Also if neither has an instance from the frame on.
    """
    with writing(workspace.engine) as session:
        if done := done_before(edit_id, session=session):
            return done.id
        track, other = _track(track_id, session=session), _track(other_id, session=session)
        _refuse_unlike(track, other)
        moves: dict[int, tuple[int | None, int | None]] = {}
        for one, another in ((track, other), (other, track)):
            places = track_instances(one.id, session=session)
            before = {place.id for place in places if place.frame < frame}
            moves |= {place.id: (one.id, another.id) for place in places if place.id not in before}
        if not moves:
            raise BadInput("tracks.nothing_to_swap", frame=frame)
        titles = _titles(track, other, session=session)
        both = titles[track.id], titles[other.id]
        summary = message("clip_edits.swapped_tracks", track=both[0], other=both[1], frame=frame)
        return _retrack("swap_tracks", summary, track, moves, author_id, edit_id, session=session).id


def name_track(
    workspace: Workspace, track_id: int, name: str, *, author_id: int, edit_id: str | None = None
) -> int | None:
    """Say who a track is. A face's becomes the name of its faces' person, whose id is returned; a body's its own.

    Where all faces of the track are one unnamed person's, that person gets the name, unless another has it; else the
    faces are moved to the person of that name. Both are decisions about people, with their history and their undo.
    Of a body it is an edit of the clip; the same name given again, or the same `edit_id`, is none.

    Raises
    ------
    NotFound
        If it is not there, or nothing is in it.
    BadInput
        If there is no name.
    """
    clean = clean_name(name)
    if clean is None:
        raise BadInput("tracks.no_name")
    with reading(workspace.engine) as session:
        track = _track(track_id, session=session)
        faces = sorted({place.id for place in track_instances(track_id, session=session)})
        if not faces:
            raise NotFound("tracks.none_numbered", number=track_id)
        owners = _owners(faces, session=session)
        named = select(Person).where(Person.dataset_id == track.dataset_id, Person.name == clean, col(Person.active))
        person = session.exec(named).first()
        alone = session.get(Person, next(iter(owners.values()))) if len(set(owners.values())) == 1 else None
    if track.kind != "face":
        _name_body(workspace, track_id, clean, author_id, edit_id)
        return None
    if person is None and alone is not None and alone.name is None:
        name_person(workspace, alone.id, clean, author_id=author_id)
        person = alone
    wanted = [face for face in faces if person is None or owners.get(face) != person.id]
    if wanted:
        target = None if person is None else person.id
        return move_faces(workspace, wanted, author_id=author_id, person_id=target, name="" if person else clean)
    return person.id if person else None


def _name_body(workspace: Workspace, track_id: int, name: str, author_id: int, edit_id: str | None) -> None:
    with writing(workspace.engine) as session:
        track = _track(track_id, session=session)
        if track.name == name or done_before(edit_id, session=session):
            return
        changes = Changes(names=[(track.id, track.name, name)])
        summary = message("clip_edits.named", track=_titles(track, session=session)[track.id], name=name)
        track.name = name
        edit = record_edit("name", summary, track.video_id, changes, author_id, edit_id=edit_id, session=session)
        note_result(edit, {"person": None})


def _retrack(
    kind: str,
    summary: Message,
    track: Track,
    moves: Mapping[int, tuple[int | None, int | None]],
    author_id: int,
    edit_id: str | None,
    *,
    session: Session,
) -> ClipEdit:
    set_tracks({instance: after for instance, (_, after) in moves.items()}, session=session)
    changes = Changes(tracks=[(instance, before, after) for instance, (before, after) in sorted(moves.items())])
    edit = record_edit(kind, summary, track.video_id, changes, author_id, edit_id=edit_id, session=session)
    note_result(edit, {})
    return edit


def _owners(faces: Sequence[int], *, session: Session) -> dict[int, int]:
    rows = select(Assignment.instance_id, Assignment.person_id).join(
        Instance, col(Instance.id) == col(Assignment.instance_id)
    )
    parts = (session.exec(rows.where(col(Assignment.instance_id).in_(part))) for part in id_batches(faces))
    return {face: person for part in parts for face, person in part}


def _refuse_unlike(track: Track, other: Track) -> None:
    if track.id == other.id or (track.video_id, track.kind) != (other.video_id, other.kind):
        raise BadInput("tracks.unlike")


def _titles(*tracks: Track, session: Session) -> dict[int, str]:
    """What tracks of a clip are called now; one that nothing is in is called as its kind."""
    listed = tracks_in_clip(tracks[0].video_id, session=session)
    return {track.id: track.kind for track in tracks} | {row.id: row.title for row in listed}


def _track(track_id: int, *, session: Session) -> Track:
    track = session.get(Track, track_id)
    if track is None:
        raise NotFound("tracks.none_numbered", number=track_id)
    return track


def _clip(video_id: int, *, session: Session) -> Video:
    video = session.get(Video, video_id)
    if video is None:
        raise NotFound("clips.none_numbered", number=video_id)
    return video
