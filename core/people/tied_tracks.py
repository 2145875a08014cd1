"""Tracks of clips as people: a track is one person until somebody cuts it, and its best faces stand for it."""

from collections import Counter
from typing import Final

import numpy as np

from core.foundation.arrays import Bools, Floats, Ints

STANDING: Final = 5  # faces of a track that have a say: more are much like those
_FREE: Final = -1


def tied_tracks(together: Ints, tracks: Ints, photos: Ints, human: Bools, alone: Bools, fresh: int) -> Ints:
    """Let the faces of each track stay together.

    Those that are free go with the one person whom a human has seen in the track, else with the person of most of its
    faces, else with one another. Where humans have seen several people in it they are left free, and so is a face
    whose photo shows that person already.

    Parameters
    ----------
    together
        (N,) int64 the person that each face stays with, -1: free.
    tracks
        (N,) int64 the track of each face, -1: none.
    photos
        (N,) int64 the photo of each face.
    human
        (N,) whether a human has said whose it is.
    alone
        (N,) whether a human has said whose it is not: it goes by itself, and the track with it only where that has been
        said of most of its faces.
    fresh
        Above all people: from there on tracks of nobody are numbered.

    Returns
    -------
    together
        (N,) int64.
    """
    found = together.copy()
    held = set(zip(together.tolist(), photos.tolist(), strict=True))
    for number, rows in enumerate(_rows_of(tracks)):
        target = _target(together[rows], human[rows], alone[rows], fresh + number)
        if target is None:
            continue
        for row in rows[(together[rows] == _FREE) & ~alone[rows]].tolist():
            if (target, int(photos[row])) not in held:
                found[row] = target
                held.add((target, int(photos[row])))
    return found


def _rows_of(tracks: Ints) -> list[Ints]:
    """The rows of each track that has several."""
    rows = np.flatnonzero(tracks >= 0)
    order = rows[np.argsort(tracks[rows], kind="stable")]
    parts = np.split(order, np.flatnonzero(np.diff(tracks[order])) + 1)
    return [part for part in parts if len(part) > 1]


def _target(people: Ints, human: Bools, alone: Bools, fresh: int) -> int | None:
    """Whom the free faces of a track go with; None where humans have seen several people in it."""
    owned = people != _FREE
    said = set(people[owned & human & ~alone].tolist())
    if said:
        return said.pop() if len(said) == 1 else None
    counts = Counter(people[owned & ~alone].tolist())
    counts.update({person: n for person, n in Counter(people[owned & alone].tolist()).items() if 2 * n > len(people)})
    return min(counts, key=lambda person: (-counts[person], person)) if counts else fresh


def overshadowed(together: Ints, tracks: Ints, standing: Floats, silent: Bools, human: Bools) -> Bools:
    """(N,) the faces of tracks for which better ones stand: all but the best few that have a say, of each person.

    Parameters
    ----------
    together, tracks
        (N,) int64 whom each face stays with, and its track; -1: nobody, none.
    standing
        (N,) how good each face is.
    silent
        (N,) which have no say anyhow.
    human
        (N,) of which a human has said whose they are; these keep their say.
    """
    found = np.zeros(len(together), bool)
    rows = np.flatnonzero((tracks >= 0) & (together >= 0) & ~silent & ~human)
    order = rows[np.lexsort((rows, -standing[rows], tracks[rows], together[rows]))]
    changes = (np.diff(tracks[order], prepend=-1) != 0) | (np.diff(together[order], prepend=-1) != 0)
    begins = np.maximum.accumulate(np.where(changes, np.arange(len(order)), 0)) if len(order) else order
    found[order[np.arange(len(order)) - begins >= STANDING]] = True
    return found
