"""Crops of faces whose pictures are not there: drawn, and kept as if they had been cut."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import cycle

import cv2
import numpy as np

from core.foundation.workspace import Workspace
from core.library.derived import keep_derived
from core.media.images import crop_suffix, jpeg
from db.batching import id_batches
from db.engine import reading
from db.queries.people.listing import faces_by_id
from db.tables import Image

SIDE = 160  # pixels
_KINDS = 16


def keep_crops(workspace: Workspace, instances: Sequence[int]) -> None:
    """Keep a crop of each of these faces; they take as long to decode as those of photos."""
    with reading(workspace.engine) as session:
        for part in id_batches(instances):
            faces = faces_by_id(part, session=session).values()
            for face, content in zip(faces, cycle(_drawn()), strict=False):
                image = session.get_one(Image, face.image_id)
                keep_derived(workspace, image, "crops", content, crop_suffix(face.box))


def _drawn() -> list[bytes]:
    rng = np.random.default_rng(0)
    noise = (cv2.GaussianBlur(rng.normal(size=(SIDE, SIDE, 3)), (0, 0), 4) for _ in range(_KINDS))
    return [jpeg(np.clip(127 + 50 * each / each.std(), 0, 255).astype(np.uint8)) for each in noise]
