"""What an overlay shows: the points of each source, and below the picture the curves of its longest track."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from core.foundation.arrays import ABSENT, Bools, Floats, Ints, Keypoints, finite_or_none
from core.metrics.stability.deviation import dev, deviation_curve, indicator
from core.metrics.stability.running import FEWEST, WINDOW, running_indicator
from core.motion.linking import VideoTrack
from db.queries.motion.seen import FramePicture, FramePoints

_INDICATOR: Final = f"Indicator over the last {WINDOW} frames: deviation over that of the human labels; 1 is best"
_DEVIATION: Final = f"Deviation of the points, %; the indicator needs {FEWEST} labelled frames in a row"


@dataclass(frozen=True)
class PointsSource:
    """What one layer shows: the points of each picture by instance, in pixels, NaN where absent."""

    name: str
    points: dict[int, dict[int, Floats]]
    skeleton: str

    @classmethod
    def of(cls, name: str, rows: Sequence[FramePoints], skeleton: str) -> PointsSource:
        """The points of a skeleton among the rows."""
        points: dict[int, dict[int, Floats]] = defaultdict(dict)
        for row in rows:
            if row.skeleton == skeleton:
                stored = Keypoints.from_bytes(row.points)
                present = (stored.visibility > ABSENT)[:, None]
                points[row.image_id][row.instance_id] = np.where(present, stored.points.astype(np.float64), np.nan)
        return cls(name, dict(points), skeleton)

    def at(self, frame: FramePicture) -> list[Floats]:
        """The points of everybody in a frame."""
        return [] if frame.image is None else list(self.points.get(frame.image.id, {}).values())

    def track(self, frames: Sequence[FramePicture], instances: Ints, count: int) -> Floats:
        """(T, K, 2): the points of one instance a frame, NaN where this source has none."""
        empty = np.full((count, 2), np.nan)
        ids = [0 if frame.image is None else frame.image.id for frame in frames]
        return np.stack(
            [
                self.points.get(image, {}).get(int(instance), empty)
                for image, instance in zip(ids, instances, strict=True)
            ]
        )


@dataclass(frozen=True, eq=False)
class Curves:
    """The curves of a track, and the figure of all of it.

    Attributes
    ----------
    each
        (T,) float64 of each source, NaN where undefined: the running indicator (of the truth itself 1) or percent.
    ratios
        Whether they are indicators; else nowhere are enough frames in a row labelled, and they are deviations.
    indicators
        By model: over the whole track, against the truth where there is any; None where undefined.
    """

    each: list[Floats]
    ratios: bool
    indicators: dict[str, float | None]

    @property
    def title(self) -> str:
        """What is shown, as the video says it."""
        return _INDICATOR if self.ratios else _DEVIATION


def curves_of(track: VideoTrack | None, frames: Sequence[FramePicture], sources: Sequence[PointsSource]) -> Curves:
    """The curves of the truth, which comes first, and of each model, over one track; None where there is no track."""
    models = [source.name for source in sources[1:]]
    if track is None:
        return Curves([np.full(len(frames), np.nan) for _ in sources], False, dict.fromkeys(models))
    count = track.predicted.shape[1]
    truth, *predicted = [source.track(frames, track.instances, count) for source in sources]
    each = [running_indicator(points, truth, track.breaks) for points in (truth, *predicted)]
    ratios = any(np.isfinite(curve).any() for curve in each[1:])
    if not ratios:
        each = [deviation_of(points, track.breaks) for points in (truth, *predicted)]
    beside = None if np.isnan(truth).all() else truth
    whole = [indicator(points, beside, track.breaks) for points in predicted]
    return Curves(each, ratios, dict(zip(models, map(finite_or_none, whole), strict=True)))


def deviation_of(track: Floats, breaks: Bools) -> Floats:
    """(T,) percent, the mean of x and y of each pair at its later frame; NaN at the first frame and in gaps."""
    return np.concatenate([[np.nan], deviation_curve(dev(track, breaks)).mean(axis=1)])
