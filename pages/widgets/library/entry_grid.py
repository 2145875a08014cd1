"""The pictures and clips of a dataset, a page of them at a time."""

from collections.abc import Sequence

from db.queries.library import ClipEntry, ImageFilter
from db.tables import Image
from pages.widgets.library.picture_filter import as_choices, within_clip
from pages.widgets.library.picture_tiles import clip_tile, tile
from pages.widgets.shared.controls import show_in_editor
from pages.widgets.shared.picture_grid import picture_grid


def entry_grid(entries: Sequence[Image | ClipEntry], asked: ImageFilter) -> None:
    """A page of pictures and clips as a grid; a picture opens in its list, a clip at its first frame in its own."""
    tiles = [clip_tile(entry) if isinstance(entry, ClipEntry) else tile(entry) for entry in entries]
    entry_of = dict(zip((shown.id for shown in tiles), entries, strict=True))

    def open_entry(number: int) -> None:
        entry = entry_of[number]
        if isinstance(entry, ClipEntry):
            show_in_editor(entry.first.id, **as_choices(within_clip(asked, entry.video.path)))
        show_in_editor(entry.id, **as_choices(asked))

    picture_grid(tiles, key="library-grid", size=128, on_open=open_entry)
