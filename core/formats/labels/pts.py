"""300-W and 300-VW `.pts`: one face a file (https://ibug.doc.ic.ac.uk/resources/300-W/).

    version: 1
    n_points: 68
    {
    32.310345 99.612347
    ...
    }

The first pixel counts as 1 there (the tools are Matlab's), so 1 is subtracted from x and y. The file is of the picture
of its own name, whatever the ending; in the layout of 300-VW (``001/annot/000006.pts``) that lies in ``001/imgs``, and
the folder is the clip. Visibility is not written: every point is visible, as 300-W labels occluded ones by guess too.
"""

import math
import re
from pathlib import PurePosixPath
from typing import Final

import numpy as np

from core.formats.labels.rows import ANY_ENDING, LabelFile, LabelledRow, refuse_count, text_of
from core.foundation.arrays import Keypoints
from core.foundation.errors import UnreadableLabels
from core.foundation.messages import message
from core.foundation.skeletons import Skeleton

FORMAT: Final = "pts"
_FIRST_PIXEL: Final = 1.0
_COMMENT: Final = re.compile(r"(#|//).*")
_COUNT: Final = re.compile(r"n_points\s*:\s*(\d{1,6})", re.IGNORECASE)
_BODY: Final = re.compile(r"\{([^{}]*)\}")


def read(name: str, content: bytes, skeleton: Skeleton) -> LabelFile:
    """Read the points of one face.

    Parameters
    ----------
    name
        Path of the file, posix, relative to what is imported.
    content
        What it holds.
    skeleton
        Whose points they should be.

    Raises
    ------
    UnreadableLabels
        If the count is missing, not the number of lines or not that of the skeleton, if a brace is missing, if a line
        is not two finite numbers (two NaN: the point is absent), or if no point is there.
    """
    lines = [_COMMENT.sub("", line) for line in text_of(name, content).splitlines()]
    text = "\n".join(lines)
    stated = _COUNT.search(text)
    if stated is None:
        raise UnreadableLabels("labels.no_n_points", of=name)
    body = _BODY.search(text, stated.end())
    if body is None:
        raise UnreadableLabels("labels.brace", of=name)
    points = [_point(name, line) for line in body[1].splitlines() if line.strip()]
    if len(points) != int(stated[1]):
        raise UnreadableLabels("labels.n_points", of=name, stated=stated[1], count=len(points))
    if len(points) != len(skeleton):
        raise refuse_count(name, message("labels.file_has", count=len(points)), skeleton)
    if np.isnan(points).all():
        raise UnreadableLabels("labels.no_points", of=name)
    picture, sequence = _picture(name)
    keypoints = Keypoints.of(np.array(points) - _FIRST_PIXEL)
    return LabelFile(FORMAT, [LabelledRow(picture, keypoints, skeleton.name, sequence=sequence)])


def _point(name: str, line: str) -> tuple[float, float]:
    try:
        if "_" in line:  # Python takes 1_000 for a number
            raise ValueError
        x, y = (float(part) for part in line.split())
    except ValueError as error:
        raise UnreadableLabels("labels.two_numbers", of=name, text=line.strip()[:40]) from error
    if math.isnan(x) and math.isnan(y):
        return x, y  # how tools write a point that is not there
    if not np.isfinite(np.array([x, y], np.float32)).all():
        raise UnreadableLabels("labels.no_place", of=name, text=line.strip()[:40])
    return x, y


def _picture(name: str) -> tuple[str, str | None]:
    path = PurePosixPath(name)
    folder = path.parent
    if folder.name != "annot":
        return path.with_suffix("").as_posix() + ANY_ENDING, None
    clip = folder.parent
    return (clip / "imgs" / path.stem).as_posix() + ANY_ENDING, clip.name or None
