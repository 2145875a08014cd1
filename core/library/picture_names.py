"""Which picture of a dataset a file from outside means: by its whole path, else its end, else its name alone."""

import posixpath
import unicodedata
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from core.formats.labels.rows import ANY_ENDING
from core.foundation.errors import BadInput
from core.foundation.messages import some

_NAMED: Final = 3  # candidates that a sentence names


@dataclass(frozen=True)
class PictureMatch:
    """A picture (or clip) that was found; `by_name_alone`: only its last part agrees, the folders may be others."""

    id: int
    by_name_alone: bool = False


class PictureNames:
    """The paths of a dataset's pictures, or of its clips, to be found by names from outside.

    Parameters
    ----------
    paths
        Id and path of each; one id may have several paths, and several ids one path.
    """

    def __init__(self, paths: Iterable[tuple[int, str]]) -> None:
        self._by_name: dict[str, list[tuple[str, int]]] = defaultdict(list)
        self._by_stem: dict[str, list[tuple[str, int]]] = defaultdict(list)
        for number, path in paths:
            plain = _plain(path)
            self._by_name[posixpath.basename(plain)].append((plain, number))
            stem = posixpath.splitext(plain)[0]
            self._by_stem[posixpath.basename(stem)].append((stem, number))

    def find(self, name: str, folder: str = "") -> PictureMatch | None:
        """The picture that `name` means in a file of `folder`; None if there is none.

        The whole path counts first (from `folder`, then as it is), then one path being the end of the other, then the
        last part alone. ``name.*`` leaves the ending open.

        Raises
        ------
        BadInput
            If two pictures or more answer equally well; the sentence names them.
        """
        given = _plain(name)
        table = self._by_name
        if given.endswith(ANY_ENDING):
            given, table = given.removesuffix(ANY_ENDING), self._by_stem
        candidates = table.get(posixpath.basename(given), [])
        from_folder = posixpath.normpath(posixpath.join(folder, given))
        for whole in (from_folder, given):
            if picture := _only({row for row in candidates if row[0] == whole}, name):
                return PictureMatch(picture)
        ends = {row for row in candidates if any(_ends(row[0], whole) for whole in (from_folder, given))}
        if picture := _only(ends, name):
            return PictureMatch(picture)
        picture = _only(set(candidates), name)
        return PictureMatch(picture, by_name_alone=True) if picture else None


def _plain(path: str) -> str:
    # a Mac writes accents as characters of their own
    return unicodedata.normalize("NFC", posixpath.normpath(path)) if path else ""


def _ends(path: str, other: str) -> bool:
    """Whether the longer of two paths ends with the shorter, where that has a folder: a bare name is no end."""
    shorter, longer = sorted((path, other), key=len)
    return "/" in shorter and f"/{longer}".endswith(f"/{shorter}")


def _only(rows: set[tuple[str, int]], name: str) -> int | None:
    ids = {number for _, number in rows}
    if len(ids) > 1:
        paths = sorted(path for path, _ in rows)
        raise BadInput("labels.ambiguous", name=name, paths=some(paths, _NAMED))
    return next(iter(ids), None)
