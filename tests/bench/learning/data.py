"""Drawn clips as samples: people who are learned from, people to choose epochs by, and people nobody has seen."""

from __future__ import annotations

from concurrent.futures import Executor
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Final

import numpy as np
from numpy.typing import NDArray

from core.drawn.clips import DrawnClip, jittered_box
from core.foundation.skeletons import Skeleton, find_skeleton
from core.training.samples import Sample
from tests.builders.drawn_clips import draw_clips

SKELETON: Final[Skeleton] = find_skeleton("face68")
SEED: Final = 20_240_601
PICTURE: Final = (192, 144)
RATE: Final = 12.5  # frames a second: 20 of them are 1.6 s, in which a face turns, speaks and mostly blinks


@dataclass(frozen=True)
class Size:
    """How many people in each part, and frames of each."""

    train: int
    validation: int
    test: int
    frames: int


@dataclass(frozen=True)
class Drawn:
    """Samples by part; no person is in two of them.

    Frames of a clip follow one another. Boxes are as a detector gives them: each frame's own, shifted and scaled at
    random about the true one. A box from the true points would tell every predictor most of the answer.
    """

    train: list[Sample]
    validation: list[Sample]
    test: list[Sample]

    def few(self, people: int, labelled: int, every: int) -> tuple[list[Sample], list[Sample]]:
        """All frames of the first `labelled` training people, and every so many frames of the others up to `people`.

        Whole people are without labels, not frames between labelled ones: a clip's frames are too alike to test what
        is learned from unlabelled pictures.
        """
        clips = [list(clip) for _, clip in groupby(self.train, key=lambda sample: sample.group)]
        rest = [sample for clip in clips[labelled:people] for sample in clip[every // 2 :: every]]
        return [sample for clip in clips[:labelled] for sample in clip], rest


def draw(size: Size, pool: Executor) -> Drawn:
    """Paint everything; the same pixels every time."""
    people = size.train + size.validation + size.test
    clips = draw_clips(SEED, people, size.frames, PICTURE, frames_per_second=RATE)
    painted = list(pool.map(_painted, clips))
    samples = [replace(sample, key=key) for key, sample in enumerate(sample for clip in painted for sample in clip)]
    first, second = size.train * size.frames, (size.train + size.validation) * size.frames
    return Drawn(samples[:first], samples[first:second], samples[second:])


def _painted(clip: DrawnClip) -> list[Sample]:
    rng = np.random.default_rng((SEED, int(clip.name[1:4])))
    made = []
    for number, picture in enumerate(clip):
        face = picture.instances[0]
        left, top, right, bottom = jittered_box(face.box, rng).tolist()
        made.append(
            Sample(
                picture=picture.pixels,
                box=(left, top, right, bottom),
                keypoints=face.keypoints,
                key=0,
                name=picture.name,
                group=str(clip.person),
                frame=(clip.name, number),
            )
        )
    return made


def truth(samples: list[Sample]) -> NDArray[np.float64]:
    """(M, 68, 2) pixels."""
    return np.stack([sample.keypoints.points for sample in samples]).astype(np.float64)


def people(samples: list[Sample]) -> NDArray[np.str_]:
    """(M,) who is in each: what intervals draw."""
    return np.array([sample.group for sample in samples])
