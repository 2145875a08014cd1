"""What every loaded model offers, whichever library computes it.

`name`, `weights_sha256` and `settings` together name a prediction: it is stored under them and asked for again only
when one of them changes.
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from core.foundation.arrays import Boxes, Keypoints, Uncertainty
from core.foundation.batching import batched


class Model(Protocol):
    """Identity of a loaded model.

    Attributes
    ----------
    name
        As in the registry.
    weights_sha256
        SHA-256 of the weights file (of the digests, one after the other, where there are several).
    settings
        Every value that changes the output, ready for JSON.
    """

    @property
    def name(self) -> str: ...
    @property
    def weights_sha256(self) -> str: ...
    @property
    def settings(self) -> dict[str, object]: ...


class Detector(Model, Protocol):
    """Finds faces."""

    def detect(self, images: Sequence[NDArray[np.uint8]]) -> list[Boxes]:
        """Boxes of each (H, W, 3) uint8 RGB picture, largest face first; sizes may differ."""


class Landmarker(Model, Protocol):
    """Locates the points of faces that were found."""

    def locate(
        self, image: NDArray[np.uint8], corners: NDArray, sources: Sequence[str] | None = None
    ) -> list[Keypoints]:
        """Points of every face of one (H, W, 3) uint8 RGB picture; `corners` is (N, 4) in pixels.

        `sources` says of each box where it comes from (`core.foundation.arrays.BOX_SOURCES`); None: from the detector.
        """


LocatedPoints = tuple[Keypoints, Uncertainty]


@runtime_checkable
class DoubtingLandmarker(Landmarker, Protocol):
    """A landmarker that also says how unsure it is of each point."""

    def estimate(
        self, image: NDArray[np.uint8], corners: NDArray, sources: Sequence[str] | None = None
    ) -> list[LocatedPoints]:
        """As `locate`, with the doubt of each point."""


def located(
    landmarker: Landmarker, image: NDArray[np.uint8], corners: NDArray, sources: Sequence[str] | None = None
) -> list[LocatedPoints]:
    """Points of every face of a picture as `Landmarker.locate` gives them, with their doubt, which is unknown where
    the landmarker states none."""
    if isinstance(landmarker, DoubtingLandmarker):
        return landmarker.estimate(image, corners, sources)
    return [(points, Uncertainty.unknown(len(points))) for points in landmarker.locate(image, corners, sources)]


class Descriptor(Protocol):
    """Tells what is seen in a region of a picture, as numbers: what looks alike points the same way.

    Attributes
    ----------
    dimension
        D, how many numbers.
    """

    @property
    def dimension(self) -> int: ...

    def describe(self, regions: Sequence[NDArray[np.uint8]]) -> NDArray[np.float32]:
        """(N, D) float32 of length 1 each, of N regions (h, w, 3) uint8 RGB of any size; a row of NaN says nothing."""


class Encoder(ABC):
    """A `Model` that turns a face into a vector; faces of one person point the same way.

    Attributes
    ----------
    dimension
        D, the length of the vector.
    threshold
        Cosine similarity from which two faces count as the same person by default.
    batch
        Faces at a time.
    """

    name: str
    weights_sha256: str
    settings: dict[str, object]
    dimension: int
    threshold: float
    batch = 32

    @abstractmethod
    def crop(self, image: NDArray[np.uint8], corners: NDArray, five_points: NDArray) -> NDArray[np.uint8]:
        """The network's own input of one face: (S, S, 3) uint8 RGB, out of an (H, W, 3) uint8 RGB picture.

        `corners` is (4,), `five_points` (5, 2), both in pixels; every encoder is given both, and takes what it needs.
        """

    def embed(self, crops: Sequence[NDArray[np.uint8]]) -> NDArray[np.float32]:
        """(N, D) float32 of length 1 each, out of what `crop` made."""
        parts = [self.embed_batch(np.stack(faces)) for faces in batched(crops, self.batch)]
        return np.concatenate(parts) if parts else np.zeros((0, self.dimension), np.float32)

    @abstractmethod
    def embed_batch(self, crops: NDArray[np.uint8]) -> NDArray[np.float32]:
        """As `embed`, of at most `batch` crops (N, S, S, 3)."""
