"""Pictures that are made of a picture and kept for the next time: of a file in a folder, of a clip's frame in a cache.

How many there are of files follows from what people import; of frames there may be any number, so what was used longest
ago leaves first.
"""

from pathlib import Path

from core.foundation.workspace import Workspace
from core.library.clip_frames import FrameOriginal
from core.media.file_cache import FileCache
from core.media.files import write_atomically
from db.tables import Image


def find_derived(workspace: Workspace, image: Image, kind: str, suffix: str = "") -> Path | None:
    """What was kept of a kind (``thumbnails``, ``display``, ``crops``); None if it is to be made."""
    frame = FrameOriginal.parse(image.original)
    if frame is not None:
        return frame_cache(workspace).find(cached_name(frame, kind, suffix))
    file = workspace.derived(kind, image.sha256, suffix)
    return file if file.is_file() else None


def keep_derived(workspace: Workspace, image: Image, kind: str, content: bytes, suffix: str = "") -> Path | None:
    """Keep what was made; None where it cannot be, as on a full disk."""
    frame = FrameOriginal.parse(image.original)
    if frame is not None:
        return frame_cache(workspace).keep(cached_name(frame, kind, suffix), content)
    file = workspace.derived(kind, image.sha256, suffix)
    try:
        write_atomically(file, content)
    except OSError:
        return None
    return file


def frame_cache(workspace: Workspace) -> FileCache:
    """What was made of frames of clips, under the bound that somebody set."""
    return FileCache(workspace.cache, workspace.settings.cache_bytes)


def cached_name(frame: FrameOriginal, kind: str, suffix: str = "") -> str:
    """What a picture made of a frame is called in the cache."""
    return f"{kind}/{frame.clip}/{frame.number:06d}{suffix}.jpg"
