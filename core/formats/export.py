"""What the export formats share: copying the pictures and the manifest, and checking them again on reading."""

import hashlib
import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from core.formats import manifest as manifests
from core.formats.clips import LabelledClip, LabelledTrack, SplitPart
from core.formats.dataset import FAILED, LabelledDataset, LabelledImage, LabelledPerson, LeftOut
from core.formats.manifest import VERSION, Manifest, read_manifest
from core.formats.names import path_inside, printable, why_unsafe
from core.formats.records import blaming
from core.formats.staging import FileEntry, NotCopied, Stage, staged
from core.foundation.errors import UnreadableImage, UnreadableLabels, UnreadableVideo
from core.foundation.messages import Message, message, verbatim
from core.foundation.progress import DEAF, Progress
from core.media.clip_reading import FramePlace
from core.media.images import jpeg
from core.media.turning import UPRIGHT, orientation_of, upright_file

IMAGES: Final = "images"
_QUALITY: Final = 95
ORIGINALS: Final = "originals"  # beside it: of pictures that were turned, the files as they were imported


@dataclass
class Steps:
    """Counts steps towards a total; what is told of them may raise to stop the writer, and leaves nothing behind."""

    progress: Progress
    total: int
    done: int = 0

    def __post_init__(self) -> None:
        self.progress.begin(self.total, message=message("progress.writing_export"))

    def take(self, *names: str) -> None:
        """Say which picture is opened now; NotCopied if it has killed the process that wrote this export before."""
        killers = self.progress.suspicion.killers
        if any(name in killers for name in names):
            raise NotCopied("runs.died_twice")
        self.progress.take(*names)

    def advance(self) -> None:
        """One more step is done."""
        self.done += 1
        self.progress.advance(self.done)


# Writes a format's own files, and returns the dataset as it holds it: less what it cannot say, plus why in `left_out`.
Payload = Callable[[Stage, LabelledDataset, Steps], LabelledDataset]


def write_export(
    dataset: LabelledDataset,
    folder: Path,
    *,
    format_name: str,
    payloads: Sequence[Payload],
    exported_at: str,
    untouched: bool = False,
    progress: Progress = DEAF,
) -> Manifest:
    """Write pictures, the payloads' files and the manifest into a new or empty folder, all or nothing.

    Pictures are upright in their pixels, as many tools read them; those that an EXIF orientation turns are written anew
    without it, and come along as imported in a folder of their own. With `untouched` all are as imported.

    Images that failed or whose file is missing, changed or not writable here are left out with the reason.

    Raises
    ------
    BadInput
        If the target is not empty.
    FacetError
        If the disk is full or cannot be written.
    """
    with staged(folder) as stage:
        steps = Steps(progress, len(dataset.images) * (1 + len(payloads)))
        held = _copy_images(stage, dataset, steps, untouched=untouched)
        for payload in payloads:
            held = payload(stage, held, steps)
        manifest = Manifest(
            format=format_name,
            version=VERSION,
            dataset=held.name,
            exported_at=exported_at,
            counts=manifests.count(held),
            models=held.models,
            left_out=held.left_out,
            files=stage.files.copy(),
            untouched=untouched,
        )
        with stage.open(manifests.NAME) as out:
            out.write(manifest.text())
    return manifest


def _copy_images(stage: Stage, dataset: LabelledDataset, steps: Steps, *, untouched: bool) -> LabelledDataset:
    held: list[LabelledImage] = []
    left_out = list(dataset.left_out)
    for image in dataset.images:
        try:
            steps.take(image.path)
            held.append(_copied(stage, image, untouched=untouched))
        except NotCopied as error:
            reason = error.message
            if image.instances:
                reason = message("exports.with_labels", reason=reason, count=len(image.instances))
            left_out.append(LeftOut(printable(image.path), reason.text()))
        steps.advance()
    steps.take()
    paths = {image.path for image in held}
    clips = tuple(clip.within(paths) for clip in dataset.clips)
    return replace(dataset, images=tuple(held), left_out=tuple(left_out), clips=clips)


def _copied(stage: Stage, image: LabelledImage, *, untouched: bool) -> LabelledImage:
    """The picture as it is in the export now."""
    if image.state == FAILED:
        raise NotCopied.saying(verbatim(image.reason) if image.reason else message("exports.unprocessed"))
    if image.file is None:
        raise NotCopied("exports.picture_missing")
    unsafe = why_unsafe(image.path)
    if unsafe is not None:
        raise NotCopied("exports.unsafe_path", reason=unsafe)
    here, original = f"{IMAGES}/{image.path}", f"{ORIGINALS}/{image.path}"
    if isinstance(image.file, FramePlace):
        stage.put(_frame(image.file), here)
        entry = stage.files[here]
        return replace(image, sha256=entry.sha256, size_bytes=entry.size)
    orientation = UPRIGHT if untouched else _orientation(image.file)
    if orientation == UPRIGHT:
        stage.copy(image.file, here, image.sha256)
        return image
    stage.copy(image.file, original, image.sha256)
    try:
        stage.put(upright_file(stage.root / original, image.path), here)
    except (NotCopied, UnreadableImage) as error:
        stage.take_out(original)
        raise NotCopied.saying(error.message.nowhere()) from error
    return replace(image, sha256=stage.files[here].sha256, orientation=orientation)


def _frame(place: FramePlace) -> bytes:
    """A frame of a clip as a JPEG of quality 95."""
    try:
        return jpeg(place.pixels(), _QUALITY)
    except UnreadableVideo as error:
        raise NotCopied.saying(error.message.nowhere()) from error


def _orientation(file: Path) -> int:
    try:
        return orientation_of(file)
    except OSError:  # what is wrong with it is said when it is copied
        return UPRIGHT


@dataclass(frozen=True)
class OpenedExport:
    """An export whose manifest is read and whose files are compared with it.

    Attributes
    ----------
    folder, manifest
        Where it lies, and its manifest.
    damaged
        Relative paths of pictures and crops that are missing or changed, with the reason.
    left_out
        What the manifest says was left out, and what is wrong with the files here.
    """

    folder: Path
    manifest: Manifest
    damaged: dict[str, Message] = field(default_factory=dict)
    left_out: tuple[LeftOut, ...] = ()

    def as_imported(self, path: str) -> tuple[FileEntry, Path | None]:
        """Return hash, size and file of an image as it was imported, else as it was turned; no file if both are damaged
        or missing."""
        for relative in (f"{ORIGINALS}/{path}", f"{IMAGES}/{path}"):
            if relative in self.manifest.files and relative not in self.damaged:
                return self.manifest.files[relative], self.folder / relative
        return self.manifest.files[f"{IMAGES}/{path}"], None


def open_export(folder: Path, format_name: str, label_files: Sequence[str]) -> OpenedExport:
    """Read the manifest and compare every file with it.

    A missing or changed picture is reported in `left_out` (its labels are kept); so is a file that the manifest does
    not list.

    Raises
    ------
    UnreadableLabels
        If the manifest is wrong, or a file of `label_files` is missing or changed.
    """
    manifest = read_manifest(folder, format_name)
    for name in label_files:
        if name not in manifest.files:
            raise UnreadableLabels("exports.file_not_listed", of=manifests.NAME, name=name)
    damaged: dict[str, Message] = {}
    for path, entry in manifest.files.items():
        reason = _difference(folder / path, entry.sha256)
        if reason is not None and path in label_files:
            raise UnreadableLabels("exports.file_damaged", path=path, reason=reason)
        if reason is not None:
            damaged[path] = reason
    reports = [
        LeftOut(path.removeprefix(f"{IMAGES}/"), message("exports.file_is", reason=reason).text())
        for path, reason in damaged.items()
    ]
    not_part = message("exports.not_part").text()
    reports += [LeftOut(path, not_part) for path in _strangers(folder, manifest.files)]
    return OpenedExport(folder, manifest, damaged, (*manifest.left_out, *reports))


def _difference(file: Path, sha256: str) -> Message | None:
    if not file.is_file():
        return message("exports.is_missing")
    try:
        with open(file, "rb") as opened:
            digest = hashlib.file_digest(opened, "sha256").hexdigest()
    except OSError as error:
        return message("exports.is_unreadable", reason=error.strerror)
    return None if digest == sha256 else message("exports.is_changed", manifest=manifests.NAME)


def _strangers(folder: Path, listed: Iterable[str]) -> list[str]:
    expected = {manifests.NAME, *listed}
    files = (Path(parent, name) for parent, _, names in os.walk(folder) for name in names)
    relative = (printable(file.relative_to(folder).as_posix()) for file in files)
    return [path for path in relative if path not in expected]


def assembled(
    opened: OpenedExport,
    images: Iterable[LabelledImage],
    people: Iterable[LabelledPerson],
    where: str,
    clips: Iterable[LabelledClip] = (),
    split: Iterable[SplitPart] = (),
    excluded: Iterable[LeftOut] = (),
    tracks: Iterable[LabelledTrack] = (),
) -> LabelledDataset:
    """Put what a reader found together with what the manifest says; an inconsistency is blamed on `where`."""
    manifest = opened.manifest
    with blaming(where):
        return LabelledDataset(
            manifest.dataset,
            tuple(images),
            tuple(people),
            manifest.models,
            opened.left_out,
            tuple(clips),
            tuple(split),
            tuple(excluded),
            tuple(tracks),
        )


def listed_picture(opened: OpenedExport, path: str, where: str) -> FileEntry:
    """Return hash and size of a picture that labels name; else UnreadableLabels: outside, or not in the manifest."""
    path_inside(opened.folder / IMAGES, path, where)
    try:
        return opened.manifest.files[f"{IMAGES}/{path}"]
    except KeyError:
        raise UnreadableLabels(
            "exports.picture_not_listed", of=where, manifest=manifests.NAME, folder=IMAGES, path=path
        ) from None
