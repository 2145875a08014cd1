"""Zips that are made while they leave: neither the memory nor the disk ever holds the whole."""

import io
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

_CHUNK: Final = 2**20


class _Pipe(io.RawIOBase):
    """Collects what the zip writer writes, until it is taken."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, data: bytes) -> int:  # type: ignore[override]
        self._parts.append(bytes(data))
        return len(data)

    def take(self) -> bytes:
        taken, self._parts = b"".join(self._parts), []
        return taken


def zipped(entries: Iterable[tuple[zipfile.ZipInfo, Iterable[bytes]]]) -> Iterator[bytes]:
    """A zip piece by piece, from its entries and the pieces of their contents; an entry says how it is compressed."""
    pipe = _Pipe()
    with zipfile.ZipFile(pipe, "w", zipfile.ZIP_STORED) as archive:
        for entry, content in entries:
            with archive.open(entry, "w", force_zip64=True) as target:
                for part in content:
                    target.write(part)
                    yield pipe.take()
    yield pipe.take()


def file_parts(file: Path) -> Iterator[bytes]:
    """The content of a file in pieces of one MiB; it is opened when the first of them is asked for."""
    with file.open("rb") as source:
        while part := source.read(_CHUNK):
            yield part
