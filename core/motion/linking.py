"""Instances of the frames of a video, linked into tracks."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import scipy

from core.foundation.arrays import Bools, Floats, Ints, Keypoints
from core.foundation.geometry import boxes_of, iou
from db.queries.motion.seen import ClipFrame, SeenInstance

Chain = dict[int, SeenInstance]  # by position in the clip

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

    predicted: Floats
    truth: Floats | None
    breaks: Bools
    frames: int
    labelled: int
    instances: Ints


def stride_of(frames: Sequence[ClipFrame]) -> int:
    """How many frames of the clip lie between two of its pictures: the distance that is most common, 1 if none is."""
    steps = Counter(int(step) for step in np.diff([row.frame for row in frames]))
    return max(steps, key=lambda step: (steps[step], -step), default=1)


def breaks_of(frames: Sequence[ClipFrame]) -> Bools:
    """(T - 1,) bool: True where the next row is not the next frame, by the video's own stride, or of another scene."""
    jumps = np.diff([row.frame for row in frames]) != stride_of(frames)
    return np.asarray(jumps | (np.diff([row.scene for row in frames]) != 0))


def link_instances(frames: Sequence[ClipFrame], instances: Sequence[SeenInstance]) -> list[VideoTrack]:
    """Tracks of two frames or more, the longest first.

    An instance whose person is known belongs to that person's track, over gaps too. The others go on with the tracks
    of the frame just before so that their boxes overlap most in sum (each IoU at least 0.3), or begin one. What was
    removed or excluded is in no track, and nothing is linked by its box across it.
    """
    breaks = breaks_of(frames)
    position = {row.frame: i for i, row in enumerate(frames) if row.path is not None}
    by_frame: dict[int, list[SeenInstance]] = defaultdict(list)
    for instance in instances:
        if instance.frame in position:
            by_frame[position[instance.frame]].append(instance)
    chains: list[Chain] = []
    of_people: dict[tuple[int, str], Chain] = {}
    for i in sorted(by_frame):
        open_chains = [] if i == 0 or breaks[i - 1] else [chain for chain in chains if i - 1 in chain]
        unowned = _extend_people(chains, of_people, by_frame[i], i)
        _extend_by_overlap(chains, [chain for chain in open_chains if i not in chain], unowned, i)
    tracks = [_track(chain, len(frames), breaks) for chain in chains if len(chain) >= _FEWEST]
    return sorted(tracks, key=lambda track: -track.frames)


def _extend_people(
    chains: list[Chain], of_people: dict[tuple[int, str], Chain], instances: Sequence[SeenInstance], i: int
) -> list[SeenInstance]:
    """Give each person's chain its instance of frame `i`; returns the instances of nobody, and a person's second."""
    unowned = []
    for instance in instances:
        owner = None if instance.person_id is None else (instance.person_id, instance.skeleton)
        if owner is None or i in of_people.get(owner, {}):
            unowned.append(instance)
            continue
        if owner not in of_people:
            of_people[owner] = {}
            chains.append(of_people[owner])
        of_people[owner][i] = instance
    return unowned


def _extend_by_overlap(
    chains: list[Chain], open_chains: Sequence[Chain], instances: Sequence[SeenInstance], i: int
) -> None:
    """Give instances of frame `i` to the chains of the frame before it, for the largest sum of overlaps."""
    ends = [chain[i - 1] for chain in open_chains]
    overlaps = iou(boxes_of(ends), boxes_of(instances))
    alike = np.array([[end.skeleton == instance.skeleton for instance in instances] for end in ends], bool)
    overlaps[(overlaps < _LEAST_OVERLAP) | ~alike.reshape(overlaps.shape)] = 0
    matches = {
        column: open_chains[row]
        for row, column in zip(*scipy.optimize.linear_sum_assignment(overlaps, maximize=True), strict=True)
        if overlaps[row, column] > 0
    }
    for column, instance in enumerate(instances):
        if column in matches:
            matches[column][i] = instance
        else:
            chains.append({i: instance})


def _track(chain: Chain, frames: int, breaks: Bools) -> VideoTrack:
    first = Keypoints.from_bytes(next(iter(chain.values())).predicted)
    predicted = np.full((frames, len(first), 2), np.nan)
    truth, labelled, breaks = predicted.copy(), 0, breaks.copy()
    instances = np.zeros(frames, np.int64)
    for i, instance in chain.items():
        instances[i] = instance.instance_id
        predicted[i] = _present(instance.predicted)
        if i - 1 in chain and iou(boxes_of([chain[i - 1]]), boxes_of([instance]))[0, 0] < _LEAST_OVERLAP:
            breaks[i - 1] = True  # a cut to where the same person is elsewhere: nobody moved there
        if instance.human is not None:
            truth[i] = _present(instance.human)
            labelled += 1
    return VideoTrack(predicted, truth if labelled else None, breaks, len(chain), labelled, instances)


def _present(blob: bytes) -> Floats:
    """(K, 2) packed points, NaN where they are absent."""
    unpacked = Keypoints.from_bytes(blob)
    return np.where(unpacked.visibility[:, None] > 0, unpacked.points.astype(np.float64), np.nan)
