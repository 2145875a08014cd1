"""The pixels of a picture of a dataset, whether it is a file or a frame of a clip: the one way to them."""

import hashlib
from pathlib import Path
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

from core.foundation.errors import BadInput, NotFound
from core.foundation.workspace import Workspace
from core.library.clip_frames import FrameOriginal, frame_place, read_frame
from core.media.clip_reading import FramePlace
from core.media.images import decode
from core.media.turning import UPRIGHT, orientation_of
from db.tables import Image

_DIGITS: Final = 64


class StoredPicture(Protocol):
    """What is asked of a row, which may hold no more than this."""

    @property
    def path(self) -> str:
        """The picture's path in its dataset."""

    @property
    def original(self) -> str:
        """Its file, or which frame of a clip it is."""


def picture_place(workspace: Workspace, image: StoredPicture) -> Path | FramePlace:
    """The file of a picture, or the place of a frame in its clip; neither need be there."""
    frame = FrameOriginal.parse(image.original)
    return frame_place(workspace, frame, image.path) if frame else workspace.original(image.original)


def picture_pixels(workspace: Workspace, image: Image, *, verified: bool = False) -> NDArray[np.uint8]:
    """(H, W, 3) uint8 RGB, upright; frames that are asked for in their order are decoded in one go.

    A frame is always the one that came in; with `verified` a file is too: its content is compared.

    Raises
    ------
    NotFound
        If the file, or the clip's, is gone.
    BadInput
        If it cannot be read or decoded, or was changed.
    """
    place, frame = picture_place(workspace, image), FrameOriginal.parse(image.original)
    file = place.clip if isinstance(place, FramePlace) else place
    try:
        if not file.is_file():
            raise NotFound("images.gone", of=image.path, folder=file.parent)
        if frame is not None:
            return read_frame(workspace, frame, image.path)
        content = file.read_bytes() if verified else file
    except OSError as error:
        raise BadInput("images.original_not_read", of=image.path, reason=error.strerror or error) from error
    if isinstance(content, bytes) and hashlib.sha256(content).hexdigest() != content_digest(image):
        raise BadInput("images.changed", of=image.path)  # the points belong to other pixels
    return decode(content, image.path, workspace.settings.max_pixels).pixels


def content_digest(image: Image) -> str:
    """The SHA-256 of a picture's file: of a frame that was kept as one, `Image.sha256` says which frame it is."""
    kept = Path(image.original)
    return kept.stem if not kept.is_absolute() and len(kept.stem) == _DIGITS else image.sha256


def picture_orientation(workspace: Workspace, image: Image) -> int:
    """The EXIF orientation of a picture's file, 1 of a frame. Raises OSError if the file cannot be opened."""
    place = picture_place(workspace, image)
    return UPRIGHT if isinstance(place, FramePlace) else orientation_of(place)
