"""Pictures for the browser: always re-encoded, without metadata, kept for the next time."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.foundation.errors import FacetError, NotFound
from core.foundation.workspace import Workspace
from core.library.clip_frames import FrameOriginal
from core.library.derived import find_derived, keep_derived
from core.library.frames_ahead import DISPLAY_QUALITY, show_ahead
from core.library.lookup import find_image
from core.library.pixels import picture_pixels
from core.media.images import crop_suffix, face_crop, jpeg, thumbnail
from db.engine import LARGEST_ID, reading
from db.tables import Image, Instance

Served = Path | bytes  # a kept file, or the content where it cannot be kept, as on a full disk


def serve_thumbnail(workspace: Workspace, image_id: int) -> Served:
    """A JPEG of at most 256 pixels."""
    return _made(workspace, _image(workspace, image_id), "thumbnails", thumbnail)


def serve_display(workspace: Workspace, image_id: int) -> Served:
    """The whole picture upright as a JPEG at full size: what the keypoint editor draws.

    Of a clip that somebody goes through, the frames that come next are made too.
    """
    image = _image(workspace, image_id)
    served = _made(workspace, image, "display", lambda pixels: jpeg(pixels, DISPLAY_QUALITY))
    if frame := FrameOriginal.parse(image.original):
        show_ahead(workspace, frame, image.path)
    return served


def serve_crop(workspace: Workspace, instance_id: int) -> Served:
    """A square JPEG of a face with a margin."""
    with reading(workspace.engine) as session:
        instance = session.get(Instance, instance_id) if instance_id <= LARGEST_ID else None
    if instance is None:
        raise NotFound("people.no_face", number=instance_id)
    image, box = _image(workspace, instance.image_id), instance.box
    return _made(workspace, image, "crops", lambda pixels: jpeg(face_crop(pixels, box)), crop_suffix(box))


def thumbnail_file(workspace: Workspace, image_id: int) -> Path:
    """The file of `serve_thumbnail`. Raises FacetError where it cannot be kept."""
    return _kept(workspace, serve_thumbnail(workspace, image_id))


def display_file(workspace: Workspace, image_id: int) -> Path:
    """The file of `serve_display`. Raises FacetError where it cannot be kept."""
    return _kept(workspace, serve_display(workspace, image_id))


def crop_file(workspace: Workspace, instance_id: int) -> Path:
    """The file of `serve_crop`. Raises FacetError where it cannot be kept."""
    return _kept(workspace, serve_crop(workspace, instance_id))


def _kept(workspace: Workspace, served: Served) -> Path:
    if isinstance(served, bytes):
        raise FacetError("images.none_kept", folder=workspace.home)
    return served


def _made(
    workspace: Workspace, image: Image, kind: str, make: Callable[[NDArray[np.uint8]], bytes], suffix: str = ""
) -> Served:
    if (file := find_derived(workspace, image, kind, suffix)) is not None:
        return file
    content = make(picture_pixels(workspace, image, verified=True))
    return keep_derived(workspace, image, kind, content, suffix) or content


def _image(workspace: Workspace, image_id: int) -> Image:
    with reading(workspace.engine) as session:
        return find_image(image_id, session=session)
