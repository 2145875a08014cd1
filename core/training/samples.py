"""What a network learns from: labelled instances, and their pixels at hand.

A picture is decoded once. Of each instance a region wider than its crop stays in memory, so an epoch costs one warp
per sample. The region's own geometry is kept exactly and composed with the crop's, so pixels are interpolated once.
"""

import os
import tempfile
import weakref
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from core.foundation.arrays import ABSENT, Bools, Box, Keypoints, is_picture
from core.foundation.errors import BadInput, FacetError, UnreadableImage
from core.foundation.messages import Message, message
from core.foundation.progress import DEAF, Progress
from core.foundation.threads import thread_count
from core.media.clip_reading import FramePlace
from core.media.crops import Crop, PictureRegion
from core.media.images import decode

MAX_PIXELS: Final = 100_000_000
_IN_FILE: Final = 4  # times the budget


@dataclass(frozen=True, eq=False)
class Sample:
    """One labelled instance.

    Attributes
    ----------
    picture
        The file, the frame of a clip, or the pixels: (H, W, 3) uint8, RGB, upright.
    box
        Left, top, right, bottom in pixels of the picture.
    keypoints
        K points in pixels of the picture.
    key
        Id of the instance in the store.
    name
        The picture's path within its dataset: what errors and exclusions call it.
    group
        What must not be split: the video, person or action.
    frame
        The clip and the frame's number in it, where the picture is a frame.
    pseudo
        The task of a pseudo-label (``cls3``, ``cls2`` or ``std``); None for a human's label.
    """

    picture: Path | FramePlace | NDArray[np.uint8]
    box: Box
    keypoints: Keypoints
    key: int
    name: str
    group: str
    frame: tuple[str, int] | None = None
    pseudo: str | None = None


class CropSample(NamedTuple):
    """One sample in pixels of its crop.

    Attributes
    ----------
    image
        (H, W, 3) uint8, RGB; black where the picture, or the region that was kept, ends.
    points
        (K, 2) float32; NaN where the point is not labelled. A point outside the crop keeps its true place.
    present
        (K,) bool: labelled and inside the crop, [-0.5, W - 0.5] x [-0.5, H - 0.5], the codecs' rule.
    """

    image: NDArray[np.uint8]
    points: NDArray[np.float32]
    present: Bools


class UnusableSample(NamedTuple):
    """A sample that cannot be used, and the sentence that says why."""

    sample: Sample
    reason: Message


class _FiledRegion(NamedTuple):
    """A `PictureRegion` whose pixels begin at a byte of a file."""

    file: BinaryIO
    begin: int
    shape: tuple[int, ...]
    matrix: NDArray[np.float64]

    def read(self) -> PictureRegion:
        """The region; several threads may read at once."""
        content = os.pread(self.file.fileno(), int(np.prod(self.shape)), self.begin)
        return PictureRegion(np.frombuffer(content, np.uint8).reshape(self.shape), self.matrix)


class CropSource:
    """The crops of samples, from memory as far as the budget goes.

    Every picture is read once at the start, on several threads, once for all of its instances. Regions are kept,
    picture after picture as they first occur in `samples`, until the next would exceed the budget; that one and all
    after it are read again each time they are taken. Those of frames of a clip, which would be sought there each time,
    lie in a file meanwhile, up to four times the budget. The pixels of a crop are the same in any case.

    Parameters
    ----------
    samples
        In any order; instances of one picture that follow one another are also read together later.
    output
        Width and height of a crop.
    padding
        The plain crop is so many times the box, in the shape of `output`.
    margin
        The region kept is so many times the plain crop; what an augmented crop shows beyond it is black.
        `Augmentation.margin` says how much is needed.
    budget_bytes
        Memory for the regions.
    reading
        Called after each picture with how many samples are read, and of how many; may raise `Cancelled`.
    progress
        Told which pictures are in hand, by the key of the first sample of each. Those of which the process died before
        are read one by one, and what killed it again is not.

    Attributes
    ----------
    samples
        The samples that can be used; indices count in this list.
    failures
        The others, each with its reason: the picture cannot be read or killed the process, the box is empty.
    kept_bytes
        Size of the regions in memory.

    Raises
    ------
    BadInput
        If the margin is under 1.
    """

    def __init__(
        self,
        samples: Sequence[Sample],
        output: tuple[int, int],
        *,
        padding: float = 1.25,
        margin: float = 1.6,
        budget_bytes: int = 2 << 30,
        reading: Callable[[int, int], None] = lambda done, total: None,  # noqa: ARG005  (nobody asks)
        progress: Progress = DEAF,
    ) -> None:
        if margin < 1:
            raise BadInput("training.margin", margin=margin)
        self.output, self.padding, self.margin = output, padding, margin
        self.samples: list[Sample] = []
        self.failures: list[UnusableSample] = []
        self.kept_bytes = 0
        self._regions: list[PictureRegion | _FiledRegion | None] = []  # None: beyond the budget, read again
        self._file: BinaryIO | None = None
        self._left_in_file = _IN_FILE * budget_bytes
        self._last: tuple[Path | FramePlace, NDArray[np.uint8]] | None = None
        self._progress, self._killers = progress, progress.suspicion.killers
        self._fill(samples, budget_bytes, reading)

    def __len__(self) -> int:
        return len(self.samples)

    def crop(self, index: int) -> Crop:
        """The plain crop of a sample, without augmentation."""
        return Crop.around(self.samples[index].box, self.output, self.padding)

    def take(self, index: int, crop: Crop | None = None) -> CropSample:
        """The pixels and points of a sample in `crop`, or in the plain one.

        Left and right of a mirrored crop are not exchanged here: that is the skeleton's matter (`augmentation.batch`).

        Raises
        ------
        UnreadableImage
            If a picture that had to be read again can no longer be read.
        """
        crop = self.crop(index) if crop is None else crop
        sample = self.samples[index]
        kept = self._regions[index]
        kept = kept.read() if isinstance(kept, _FiledRegion) else kept
        region = kept or self._region(sample, self._again(sample))
        image = region.cut(crop)
        points = np.asarray(crop.to_crop(sample.keypoints.points), np.float32)
        labelled = sample.keypoints.visibility > ABSENT
        return CropSample(image, points, labelled & inside_pixels(points, crop.output))

    def _fill(self, samples: Sequence[Sample], budget: int, reading: Callable[[int, int], None]) -> None:
        by_picture: dict[object, list[int]] = {}
        for row, sample in enumerate(samples):
            picture = sample.picture
            by_picture.setdefault(id(picture) if isinstance(picture, np.ndarray) else picture, []).append(row)
        read: dict[int, PictureRegion | _FiledRegion | Message | None] = {}
        full = False
        pictures = list(by_picture.values())
        for rows, regions in zip(pictures, self._read_all([[samples[i] for i in of] for of in pictures]), strict=True):
            for row, region in zip(rows, regions, strict=True):
                if not isinstance(region, Message):
                    full = full or self.kept_bytes + region.pixels.nbytes > budget
                    self.kept_bytes += 0 if full else region.pixels.nbytes
                read[row] = self._beyond(samples[row], region) if full and not isinstance(region, Message) else region
            reading(len(read), len(samples))
        for row, sample in enumerate(samples):
            region_or_reason = read[row]
            if isinstance(region_or_reason, Message):
                self.failures.append(UnusableSample(sample, region_or_reason))
            else:
                self.samples.append(sample)
                self._regions.append(region_or_reason)

    def _beyond(self, sample: Sample, region: PictureRegion) -> _FiledRegion | None:
        """A region for which memory has no room: of a frame in a file, where the disk has room for it."""
        if not isinstance(sample.picture, FramePlace) or region.pixels.nbytes > self._left_in_file:
            return None
        try:
            if self._file is None:
                self._file = tempfile.TemporaryFile()  # noqa: SIM115
                weakref.finalize(self, self._file.close)
            begin = self._file.seek(0, os.SEEK_END)
            self._file.write(region.pixels.tobytes())
            self._file.flush()
        except OSError:
            self._left_in_file = 0
            return None
        self._left_in_file -= region.pixels.nbytes
        return _FiledRegion(self._file, begin, region.pixels.shape, region.matrix)

    def _read_all(self, pictures: list[list[Sample]]) -> Iterator[list[PictureRegion | Message]]:
        threads = min(8, thread_count())
        with ThreadPoolExecutor(threads) as pool:
            try:
                for part in self._parts(pictures, 8 * threads):  # a few at a time: regions must not pile up
                    self._progress.take(*map(_name, part))
                    yield from pool.map(self._read, part)
            finally:
                pool.shutdown(cancel_futures=True)
        self._progress.take()

    def _parts(self, pictures: list[list[Sample]], size: int) -> Iterator[list[list[Sample]]]:
        """Pictures in their order, at most so many together, suspects of a death alone."""
        part: list[list[Sample]] = []
        for picture in pictures:
            alone = _name(picture) in self._progress.suspicion.suspects
            if part and (alone or len(part) == size):
                yield part
                part = []
            part.append(picture)
            if alone:
                yield part
                part = []
        if part:
            yield part

    def _read(self, samples: list[Sample]) -> list[PictureRegion | Message]:
        if _name(samples) in self._killers:
            return [message("runs.died_twice", of=samples[0].name)] * len(samples)
        try:
            pixels = self._pixels(samples[0])
        except FacetError as error:
            return [error.message] * len(samples)
        regions: list[PictureRegion | Message] = []
        for sample in samples:
            try:
                regions.append(self._region(sample, pixels))
            except FacetError as error:
                regions.append(error.message.within(sample.name))
        return regions

    def _pixels(self, sample: Sample) -> NDArray[np.uint8]:
        picture = sample.picture
        if isinstance(picture, FramePlace):
            return picture.pixels()
        if isinstance(picture, Path):
            return decode(picture, sample.name, MAX_PIXELS).pixels
        if not is_picture(picture):
            raise UnreadableImage("arrays.picture", of=sample.name, shape=picture.shape, dtype=picture.dtype)
        return picture

    def _again(self, sample: Sample) -> NDArray[np.uint8]:
        last = self._last  # one read of the pair: another thread may replace it
        if last is not None and not isinstance(sample.picture, np.ndarray) and last[0] == sample.picture:
            return last[1]
        pixels = self._pixels(sample)
        if not isinstance(sample.picture, np.ndarray):
            self._last = (sample.picture, pixels)
        return pixels

    def _region(self, sample: Sample, pixels: NDArray[np.uint8]) -> PictureRegion:
        plain = Crop.around(sample.box, self.output, self.padding)
        centre, half = np.array(plain.centre), np.array(plain.size) * self.margin / 2
        region = PictureRegion.of(pixels, centre - half, centre + half, plain.finest())
        if region is None:
            raise BadInput("training.box_outside")
        own = region.pixels.copy() if np.shares_memory(region.pixels, pixels) else region.pixels
        return PictureRegion(own, region.matrix)  # a view would keep the whole picture


def _name(samples: Sequence[Sample]) -> str:
    """What a picture is called in what is written down of a run: by the first of its samples."""
    return str(samples[0].key)


def inside_pixels(points: NDArray, output: tuple[int, int]) -> Bools:
    """Which of (..., 2) points lie on the area of the pixels, [-0.5, W - 0.5] x [-0.5, H - 0.5]; NaN does not."""
    return np.asarray(((points >= -0.5) & (points <= np.array(output) - 0.5)).all(axis=-1))
