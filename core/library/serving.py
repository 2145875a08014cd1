"""Pictures for the browser: always re-encoded, without metadata, kept for the next time."""

import hashlib
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.foundation.errors import BadInput, NotFound
from core.foundation.workspace import Workspace
from core.library.lookup import find_image
from core.media.files import write_atomically
from core.media.images import crop_suffix, decode, face_crop, jpeg, thumbnail
from db.engine import LARGEST_ID, reading
from db.tables import Image, Instance


def thumbnail_file(workspace: Workspace, image_id: int) -> Path:
    """A JPEG of at most 256 pixels."""
    image = _image(workspace, image_id)
    target = workspace.derived("thumbnails", image.sha256)
    if not target.is_file():
        write_atomically(target, thumbnail(_pixels(workspace, image)))
    return target


def display_file(workspace: Workspace, image_id: int) -> Path:
    """The whole picture upright as a JPEG at full size: what the keypoint editor draws."""
    image = _image(workspace, image_id)
    target = workspace.derived("display", image.sha256)
    if not target.is_file():
        write_atomically(target, jpeg(_pixels(workspace, image), quality=92))
    return target


def crop_file(workspace: Workspace, instance_id: int) -> Path:
    """A square JPEG of a face with a margin."""
    with reading(workspace.engine) as session:
        instance = session.get(Instance, instance_id) if instance_id <= LARGEST_ID else None
    if instance is None:
        raise NotFound("people.no_face", number=instance_id)
    image = _image(workspace, instance.image_id)
    target = workspace.derived("crops", image.sha256, crop_suffix(instance.box))
    if not target.is_file():
        write_atomically(target, jpeg(face_crop(_pixels(workspace, image), instance.box)))
    return target


def _image(workspace: Workspace, image_id: int) -> Image:
    with reading(workspace.engine) as session:
        return find_image(image_id, session=session)


def _pixels(workspace: Workspace, image: Image) -> NDArray[np.uint8]:
    file = workspace.original(image.original)
    try:
        content = file.read_bytes()
    except FileNotFoundError:
        raise NotFound("images.gone", of=image.path, folder=file.parent) from None
    except OSError as error:
        raise BadInput("images.original_not_read", of=image.path, reason=error.strerror or error) from error
    if hashlib.sha256(content).hexdigest() != image.sha256:  # the points belong to other pixels
        raise BadInput("images.changed", of=image.path)
    return decode(content, image.path, workspace.settings.max_pixels).pixels
