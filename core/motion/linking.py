"""Instances of the frames of a video, linked into tracks."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from core.foundation.arrays import Keypoints
from db.queries.motion import FrameRow, Seen

_LEAST_OVERLAP: Final = 0.3  # intersection over union of a face with itself one frame later
_FEWEST: Final = 2  # frames that make a track


@dataclass(frozen=True, eq=False)
class VideoTrack:
    """One face or person over the frames of a video.

    Attributes
    ----------
    predicted
        (T, K, 2) float64 pixels over all frames of the video; NaN where it is absent or the frame was removed.
    truth
        (T, K, 2) as a human set the points, NaN elsewhere; None where no human did in any frame.
    breaks
        (T - 1,) bool: `breaks_of`, and where the person's box jumps from one frame to the next, as at a cut.
    frames, labelled
        Frames with a prediction, and of those the ones with a human's points.
    instances
        (T,) int64 ids in the store, 0 where it is absent.
    """

    predicted: NDArray[np.float64]
    truth: NDArray[np.float64] | None
    breaks: NDArray[np.bool_]
    frames: int
    labelled: int
    instances: NDArray[np.int64]


def stride_of(frames: Sequence[FrameRow]) -> int:
    """How many frames of the clip lie between two of its pictures: the distance that is most common, 1 if none is."""
    steps = Counter(int(step) for step in np.diff([row.frame for row in frames]))
    return max(steps, key=lambda step: (steps[step], -step), default=1)


def breaks_of(frames: Sequence[FrameRow]) -> NDArray[np.bool_]:
    """(T - 1,) bool: True where the next row is not the next frame, by the video's own stride, or of another scene."""
    jumps = np.diff([row.frame for row in frames]) != stride_of(frames)
    return np.asarray(jumps | (np.diff([row.scene for row in frames]) != 0))


def linked(frames: Sequence[FrameRow], seen: Sequence[Seen]) -> list[VideoTrack]:
    """Tracks of two frames or more, the longest first.

    An instance whose person is known belongs to that person's track, over gaps too. Any other goes on with the track
    of the frame just before that its box overlaps most (IoU at least 0.3), else it begins one. What was removed or
    excluded is in no track, and nothing is linked by its box across it.
    """
    breaks = breaks_of(frames)
    place = {row.frame: at for at, row in enumerate(frames) if row.path is not None}
    rows: dict[int, list[Seen]] = defaultdict(list)
    for row in seen:
        if row.frame in place:
            rows[place[row.frame]].append(row)
    chains: list[dict[int, Seen]] = []
    owners: dict[tuple[int, str], dict[int, Seen]] = {}
    for at in sorted(rows):
        goes_on = [] if at == 0 or breaks[at - 1] else [chain for chain in chains if at - 1 in chain]
        rest = []
        for row in rows[at]:
            owner = None if row.person_id is None else (row.person_id, row.skeleton)
            if owner is None or at in owners.get(owner, {}):
                rest.append(row)
                continue
            if owner not in owners:
                owners[owner] = {}
                chains.append(owners[owner])
            owners[owner][at] = row
        _go_on(chains, [chain for chain in goes_on if at not in chain], rest, at)
    tracks = [_track(chain, len(frames), breaks) for chain in chains if len(chain) >= _FEWEST]
    return sorted(tracks, key=lambda track: -track.frames)


def _go_on(chains: list[dict[int, Seen]], open_ones: list[dict[int, Seen]], rows: list[Seen], at: int) -> None:
    """Give each row to the chain whose box of the frame before it overlaps most, the best fits first."""
    fits = sorted(
        (
            (-_overlap(chain[at - 1].box, row.box), i, j)
            for i, chain in enumerate(open_ones)
            for j, row in enumerate(rows)
            if chain[at - 1].skeleton == row.skeleton
        )
    )
    given: set[int] = set()
    for fit, i, j in fits:
        if -fit >= _LEAST_OVERLAP and at not in open_ones[i] and j not in given:
            open_ones[i][at] = rows[j]
            given.add(j)
    chains.extend({at: row} for j, row in enumerate(rows) if j not in given)


def _overlap(one: tuple[float, float, float, float], other: tuple[float, float, float, float]) -> float:
    """Intersection over union of two boxes."""
    width = min(one[2], other[2]) - max(one[0], other[0])
    height = min(one[3], other[3]) - max(one[1], other[1])
    if width <= 0 or height <= 0:
        return 0.0
    areas = [(box[2] - box[0]) * (box[3] - box[1]) for box in (one, other)]
    return width * height / (sum(areas) - width * height)


def _track(chain: dict[int, Seen], frames: int, breaks: NDArray[np.bool_]) -> VideoTrack:
    first = Keypoints.from_bytes(next(iter(chain.values())).predicted)
    predicted = np.full((frames, len(first), 2), np.nan)
    truth, labelled, breaks = predicted.copy(), 0, breaks.copy()
    instances = np.zeros(frames, np.int64)
    for at, row in chain.items():
        instances[at] = row.instance_id
        predicted[at] = _present(row.predicted)
        if at - 1 in chain and _overlap(chain[at - 1].box, row.box) < _LEAST_OVERLAP:
            breaks[at - 1] = True  # a cut to where the same person is elsewhere: nobody moved there
        if row.human is not None:
            truth[at] = _present(row.human)
            labelled += 1
    return VideoTrack(predicted, truth if labelled else None, breaks, len(chain), labelled, instances)


def _present(blob: bytes) -> NDArray[np.float64]:
    """(K, 2) packed points, NaN where they are absent."""
    found = Keypoints.from_bytes(blob)
    return np.where(found.visibility[:, None] > 0, found.points.astype(np.float64), np.nan)
