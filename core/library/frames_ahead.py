"""Frames that will be asked for next are made before they are: who goes through a clip does not wait for each."""

from collections import OrderedDict
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from threading import Lock
from typing import Final

from core.foundation.errors import FacetError
from core.foundation.workspace import Workspace
from core.library.clip_frames import FrameOriginal, frame_place
from core.library.derived import cached_name, frame_cache
from core.media.images import jpeg

DISPLAY_QUALITY: Final = 92
_AHEAD: Final = 24  # frames
_BEGINNING: Final = 8  # where nobody knows yet which way it goes
_NEAR: Final = 4  # frames further is still the same way
_REMEMBERED: Final = 64  # clips

_pool: Final = ThreadPoolExecutor(1, "frames-ahead")  # one: it should not take the cores of who waits for a frame
_lock: Final = Lock()


@dataclass
class _Going:
    """How somebody goes through a clip: the frame that was shown last, and what is being made ahead of it."""

    shown: int
    step: int = 0
    ahead: Future[None] | None = field(default=None, repr=False)


_of_clip: OrderedDict[tuple[object, ...], _Going] = OrderedDict()


def show_ahead(workspace: Workspace, frame: FrameOriginal, path: str) -> None:
    """Say that a frame is shown: those after it (or before it, where it goes backwards) are made for display.

    Returns at once; what cannot be made ahead is said when it is asked for.
    """
    key = (workspace.home, frame.clip)
    with _lock:
        going = _of_clip.pop(key, None) or _Going(frame.number)
        _of_clip[key] = going
        while len(_of_clip) > _REMEMBERED:
            _of_clip.popitem(last=False)
        moved = frame.number - going.shown
        if moved:
            going.step = (1 if moved > 0 else -1) if abs(moved) <= _NEAR else 0
        going.shown = frame.number
        if going.ahead is None or going.ahead.done():
            going.ahead = _pool.submit(_make, workspace, frame.clip, going, path)


def _make(workspace: Workspace, clip: str, going: _Going, path: str) -> None:
    """Make what lies ahead, in the order in which it is decoded; stops when somebody goes elsewhere."""
    begun, cache = going.shown, frame_cache(workspace)
    after = range(begun + 1, begun + 1 + (_AHEAD if going.step else _BEGINNING))
    numbers = range(max(begun - _AHEAD, 0), begun) if going.step < 0 else after
    with suppress(FacetError, OSError):
        for number in numbers:
            frame = FrameOriginal(clip, number)
            name = cached_name(frame, "display")
            if abs(going.shown - begun) > _AHEAD:
                return
            if cache.find(name) is None:
                pixels = frame_place(workspace, frame, path).pixels()
                if cache.keep(name, jpeg(pixels, DISPLAY_QUALITY)) is None:
                    return
