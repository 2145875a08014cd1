"""Embeddings as one memory-mapped matrix per encoder version: a cache of the store's rows, which stay the truth.

A generation of the cache is two files named by what they hold (`VectorState`: number of rows; id, random mark and
dimension of the newest), so a reader never sees one that is half written, and one that is stale or of another store
is simply not asked for. The next generation copies the last and reads only the rows that are new.
"""

import os
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final

import numpy as np
from numpy.typing import NDArray
from sqlmodel import Session

from core.foundation.arrays import Ints, are_unit
from core.foundation.workspace import Workspace
from core.media.files import open_partial
from db.queries.people.vectors import VectorState, removed_faces, vector_rows, vector_state

_COLUMNS: Final = 4  # id, instance, picture, dataset
_NO_DATASET: Final = 0
_ATTEMPTS: Final = 5  # each meets another process that has just made two generations more


@dataclass(frozen=True, eq=False)
class FaceVectors:
    """Every embedded face of a dataset that was not removed, in the order in which they were embedded.

    A face whose vector has not the length 1 (NaN, zeros) is left out, as one without an embedding.

    Attributes
    ----------
    instances, images
        (N,) int64 ids.
    vectors
        (N, D) float32 of unit length; read-only, and mapped from the disk where the dataset is the only one.
    """

    instances: Ints
    images: Ints
    vectors: NDArray[np.float32]


def face_vectors(workspace: Workspace, dataset_id: int, encoder_id: int, *, session: Session) -> FaceVectors:
    """The faces of a dataset as one encoder version sees them; reads the store only for what is new."""
    state = vector_state(encoder_id, session=session)
    if not state.rows:
        return FaceVectors(np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros((0, 0), np.float32))
    ids, vectors = _Generation(workspace.vectors, encoder_id, state).open(session=session)
    wanted = ids[:, 3] == dataset_id
    removed = removed_faces(dataset_id, session=session)
    if removed:
        wanted &= ~np.isin(ids[:, 1], np.asarray(removed))
    if not wanted.all():
        ids, vectors = ids[wanted], vectors[wanted]
    return FaceVectors(ids[:, 1], ids[:, 2], vectors)


@dataclass(frozen=True)
class _Generation:
    """The cache of one encoder version at one state of the store."""

    folder: Path
    encoder_id: int
    state: VectorState

    def _file(self, kind: str, state: VectorState | None = None) -> Path:
        numbers = (self.encoder_id, *(state or self.state))
        return self.folder / f"{'-'.join(map(str, numbers))}.{kind}"

    def open(self, *, session: Session) -> tuple[Ints, NDArray[np.float32]]:
        """(N, 4) ids and (N, D) vectors, made first where they are not there or not whole."""
        for left in reversed(range(_ATTEMPTS)):
            try:
                if not self._whole(self.state):
                    self._make(session=session)
                ids = np.fromfile(self._file("faces"), dtype="<i8").reshape(-1, _COLUMNS)
                vectors = np.memmap(self._file("vectors"), dtype="<f4", mode="r")
                return ids, vectors.reshape(-1, self.state.dimension)
            except FileNotFoundError:  # another process has forgotten it, or what it was to be copied from
                if not left:
                    raise
        raise AssertionError("unreachable")

    def _whole(self, state: VectorState) -> bool:
        sizes = {"faces": state.rows * _COLUMNS * 8, "vectors": state.rows * state.dimension * 4}
        return all(_size(self._file(kind, state)) == size for kind, size in sizes.items())

    def _make(self, *, session: Session) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        last = self._last(session=session)
        with _partial(self.folder) as ids, _partial(self.folder) as vectors:
            try:
                if last is not None:
                    for kind, target in (("faces", ids), ("vectors", vectors)):
                        with self._file(kind, last).open("rb") as source:
                            shutil.copyfileobj(source, target)
                for rows in vector_rows(self.encoder_id, last.newest if last else 0, session=session):
                    *numbers, of_faces = zip(*rows, strict=True)
                    content = b"".join(of_faces)
                    ids.write(_columns(numbers, np.frombuffer(content, "<f4").reshape(len(rows), -1)).tobytes())
                    vectors.write(content)
                for file in (ids, vectors):
                    file.flush()
                    os.fsync(file.fileno())
            except BaseException:
                for file in (ids, vectors):
                    Path(file.name).unlink(missing_ok=True)
                raise
        os.replace(vectors.name, self._file("vectors"))
        os.replace(ids.name, self._file("faces"))
        self._forget_older()

    def _last(self, *, session: Session) -> VectorState | None:
        """The largest generation whose rows are all there still: nothing up to its newest id was deleted."""
        states = sorted((_state_of(path) for path in self.folder.glob(f"{self.encoder_id}-*.faces")), reverse=True)
        for state in states:
            if self._whole(state) and state == vector_state(self.encoder_id, up_to=state.newest, session=session):
                return state
        return None

    def _forget_older(self) -> None:
        """Keep the newest of those that are older: another process may be about to open or to copy it."""
        states = {_state_of(path) for path in self.folder.glob(f"{self.encoder_id}-*")} - {self.state}
        older = sorted((state for state in states if state.newest <= self.state.newest), key=lambda state: state.newest)
        for state in older[:-1]:
            for kind in ("faces", "vectors", "ids"):  # the last one of an earlier version
                self._file(kind, state).unlink(missing_ok=True)  # a reader that has it mapped keeps its pages


def _columns(numbers: Sequence[Sequence[int]], vectors: NDArray[np.float32]) -> Ints:
    """(N, 4) ids; a vector that points nowhere, as of a model that has failed on a face, is of no dataset."""
    columns = np.array(numbers, "<i8").T
    columns[~are_unit(vectors), 3] = _NO_DATASET
    return columns


def _state_of(path: Path) -> VectorState:
    _, *numbers = path.stem.split("-")
    return VectorState(*map(int, numbers))


def _size(path: Path) -> int | None:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return None


def _partial(folder: Path) -> IO[bytes]:
    descriptor, path = open_partial(folder)
    return open(path, "wb", opener=lambda *_: descriptor)
