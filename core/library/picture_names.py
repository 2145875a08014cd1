"""Which picture of a dataset a file from outside means: by its path, else by a name that only one picture can have.

Folders that differ are information: a name alone says which picture is meant only where one side gives no folder, and
of a clip's frame never. Names that tools write in another way (capitals, endings, web addresses, prefixes of uploads)
mean a picture where exactly one fits, and how they differ is told.
"""

import posixpath
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from core.foundation.errors import BadInput
from core.foundation.messages import some
from core.library.spellings import Reading, Spelling, composed, readings
from core.media.videos import is_clip

_NAMED: Final = 3  # candidates that a sentence names

_Agree = Callable[[str, str], bool]


@dataclass(frozen=True)
class PictureMatch:
    """A picture (or clip) that was found, and the path of it that the name means.

    `frame`: the path is that of a clip's frame. `by_name_alone`: only the last part agrees, as one side gives no
    folder. `spelling`: how the names differ, if so.
    """

    id: int
    path: str
    frame: bool = False
    by_name_alone: bool = False
    spelling: Spelling | None = None


class _Entry(NamedTuple):
    """A path of a picture, and whether it is that of a clip's frame: it lies in a folder that is called like a clip."""

    id: int
    path: str
    frame: bool


class PictureNames:
    """The paths of a dataset's pictures, or of its clips, to be found by names from outside.

    Parameters
    ----------
    paths
        Id and path of each; one id may have several paths, and several ids one path.
    """

    def __init__(self, paths: Iterable[tuple[int, str]]) -> None:
        self._alike: dict[str, list[_Entry]] = defaultdict(list)
        self._frames_alike: dict[str, list[_Entry]] = defaultdict(list)
        self._at: dict[str, list[_Entry]] = defaultdict(list)
        for number, path in paths:
            plain = composed(path)
            entry = _Entry(number, plain, is_clip(posixpath.dirname(plain)))
            stem, ending = posixpath.splitext(plain)
            alike = self._frames_alike if entry.frame else self._alike
            alike[posixpath.basename(stem).casefold()].append(entry)
            for spelled in {plain, stem} if ending else {plain}:
                self._at[spelled].append(entry)

    def find(self, name: str, folder: str = "") -> PictureMatch | None:
        """The picture that `name` means in a file of `folder`, the best of the `candidates`; None if there is none.

        Raises
        ------
        BadInput
            If two pictures or more answer equally well; the sentence names them.
        """
        found = self.candidates(name, folder)
        if len({match.id for match in found}) > 1:
            paths = sorted({match.path for match in found})
            raise BadInput("labels.ambiguous", name=name, paths=some(paths, _NAMED))
        return next(iter(found), None)

    def candidates(self, name: str, folder: str = "") -> list[PictureMatch]:
        """The pictures that answer best to `name` in a file of `folder`, equally well.

        The whole path counts first (from `folder`, then as it is), then one path being the end of the other, then
        the last part alone among the pictures below the label's folder, then the last part alone where one side gives
        no folder; each as it is written before it is read otherwise. A frame of a clip has to be named with its clip,
        as it is written. ``name.*`` leaves the ending open.

        A name without a folder has that of its file, unless that only says that labels are kept there.
        """
        ways = readings(name, folder)

        def below(path: str, wanted: str) -> bool:
            return _is_within(path, ways.home) and _same_name(path, wanted)

        def alone(path: str, wanted: str) -> bool:
            one_has_none = "/" not in path or not ("/" in wanted or ways.home)
            return one_has_none and _same_name(path, wanted)

        for agree in (_whole, _end, below):
            if found := self._fitting(ways.exact, agree):
                return found
        near = self._fitting(ways.exact, alone, by_name_alone=True)
        placed = self._fitting(ways.loose, _whole) or self._fitting(ways.loose, _end)
        return [*near, *placed] or self._fitting(ways.loose, alone, by_name_alone=True)

    def at(self, path: str) -> PictureMatch | None:
        """The picture of exactly that path."""
        return next(iter(self._fitting(readings(path).exact, _whole)), None)

    def elsewhere(self, name: str) -> list[PictureMatch]:
        """The pictures whose last part is that of `name`, whatever their folders, frames of clips among them."""
        ways = readings(name)
        return self._fitting([*ways.exact, *ways.loose], _same_name, by_name_alone=True, frames=True)

    def _fitting(
        self, ways: Sequence[Reading], agree: _Agree, *, by_name_alone: bool = False, frames: bool = False
    ) -> list[PictureMatch]:
        """What the first reading gives that agrees with any path."""
        for way in ways:
            for wanted in way.wanted():
                of_frame = frames or (way.spelling is None and is_clip(posixpath.dirname(wanted)))
                found = [
                    PictureMatch(entry.id, entry.path, entry.frame, by_name_alone, way.spelling)
                    for entry in self._entries(way, wanted, agree, frames=of_frame)
                    if agree(way.compared(entry.path), wanted)
                ]
                if found:
                    return found
        return []

    def _entries(self, way: Reading, wanted: str, agree: _Agree, *, frames: bool) -> Iterable[_Entry]:
        """The paths that may agree with a wanted one: there may be one of each name in every folder."""
        if agree is _whole and not way.any_case:
            return (entry for entry in self._at.get(wanted, ()) if frames or not entry.frame)
        pictures = self._alike.get(way.stem, ())
        return [*pictures, *self._frames_alike.get(way.stem, ())] if frames else pictures


def _whole(path: str, wanted: str) -> bool:
    return path == wanted


def _end(path: str, wanted: str) -> bool:
    """Whether the longer of two paths ends with the shorter, where that has a folder: a bare name is no end."""
    return "/" in min(path, wanted, key=len) and _is_end(path, wanted)


def _is_end(path: str, other: str) -> bool:
    shorter, longer = sorted((path, other), key=len)
    return f"/{longer}".endswith(f"/{shorter}")


def _is_within(path: str, folder: str) -> bool:
    return bool(folder) and f"/{folder}/" in f"/{posixpath.dirname(path)}/"


def _same_name(path: str, wanted: str) -> bool:
    return posixpath.basename(path) == posixpath.basename(wanted)
