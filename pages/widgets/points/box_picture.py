"""A picture with the boxes that it has and what each is called."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

from PIL import Image, ImageDraw

_LINE: Final = (31, 220, 156)
_PLATE: Final = (12, 14, 20)


def with_boxes(
    picture: Path, instances: Iterable[Mapping[str, Any]], names: Mapping[int, str], scale: float
) -> Image.Image:
    """The picture in another size, with the box of each instance (`core.points.annotating.editor_instances`) and its
    name; lines and letters are as wide at every scale."""
    with Image.open(picture) as opened:
        size = (max(round(opened.width * scale), 1), max(round(opened.height * scale), 1))
        drawn = opened.convert("RGB").resize(size)
    pen = ImageDraw.Draw(drawn)
    for instance in instances:
        left, top, right, bottom = ((side + 0.5) * scale for side in instance["box"])
        pen.rectangle((left, top, max(right, left), max(bottom, top)), outline=_LINE, width=2)
        name = names[instance["id"]]
        place = (left + 3, max(top - 14, 0))
        pen.rectangle(pen.textbbox(place, name), fill=_PLATE)
        pen.text(place, name, fill="white")
    return drawn
