"""An export of Facet comes back: pictures, boxes, points and people, with what was left out and why."""

import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from sqlmodel import Session, col, delete, func, select

from core.exchange.clips import names_here
from core.exchange.publishing import publish
from core.exchange.staged_rows import StagedDataset, Staging, begin_staging, stage, sweep_staged
from core.formats import READERS
from core.formats.dataset import LabelledDataset, LabelledImage
from core.formats.manifest import sniff
from core.foundation.batching import batched
from core.foundation.errors import BadInput, UnreadableImage, UnreadableLabels
from core.foundation.messages import Message, message, verbatim
from core.foundation.progress import DEAF, Progress
from core.foundation.workspace import Workspace
from core.library.clip_frames import frame_identity
from core.library.pictures import StoredFile, store_picture
from db.queries.exchange import count_restored
from db.tables import Image, ImageState, SkippedInput
from db.writes.models import ensure_model_version, note_model_use
from db.writing import writing


def is_export(source: Path) -> bool:
    """Whether a folder is one that Facet exported."""
    return source.is_dir() and sniff(source) is not None


def restore_export(
    workspace: Workspace, source: Path, *, dataset_id: int, author_id: int, run_id: int, progress: Progress = DEAF
) -> dict[str, Any]:
    """Import an export. A picture that the dataset has already keeps its labels here; if it has none, it gets these.

    Everything is staged where nobody sees it, in batches that let others save in between, and published at the end in
    one short transaction: an import that fails or is killed leaves nothing behind, and can be repeated.

    Human labels count as the importing author's, reviewed as far as the export says; those of an export from before
    reviews as imported. Returns the counts of an import: ``images``, ``added``, ``duplicates``, ``skipped``; labels
    that do not come in because of others here count as skipped. ``restored`` has the counts of labels: ``instances``
    that came in, ``points`` (of how many of them), ``people``, and ``kept`` (pictures that keep labels of their own).

    Raises
    ------
    BadInput
        If the folder is no export, or of a format that this version does not know.
    UnreadableLabels
        If the export is damaged; the sentence names the file and the place.
    """
    labelled = _read(source)
    sweep_staged(workspace, run_id)
    progress.begin(len(labelled.images), message=message("progress.reading_export"))
    stored = []
    for done, image in enumerate(labelled.images, start=1):
        killed = image.path in progress.suspicion.killers
        if not killed:
            progress.take(image.path)
        stored.append(message("runs.died_twice") if killed else _store_original(workspace, image))
        progress.advance(done)
    progress.take()
    readable = _identified(labelled, stored)
    try:
        staging, staged = _stage(workspace, labelled, readable, dataset_id, author_id, run_id, progress)
        skipped = _skipped(labelled, stored)
        with writing(workspace.engine) as session:
            session.exec(delete(SkippedInput).where(col(SkippedInput.run_id) == run_id))
            session.add_all(SkippedInput(run_id=run_id, path=path, reason=reason.to_json()) for path, reason in skipped)
            for version in staging.models.values():
                note_model_use(dataset_id, version, session=session)
            published = publish(labelled, dataset_id, staging, staged, session=session)
            ours = col(Image.run_id) == run_id, col(Image.dataset_id) == dataset_id
            added = session.exec(select(func.count()).where(*ours)).one()
            came = count_restored(dataset_id, run_id, session=session)
    finally:
        sweep_staged(workspace, run_id)
        _drop_needless(workspace, readable)
    return {
        "images": len(readable),
        "added": added,
        "duplicates": len(readable) - added,
        "skipped": len(skipped) + (kept := len(published.of("stays"))),
        "restored": {**came._asdict(), "kept": kept},
    }


def _drop_needless(workspace: Workspace, readable: Sequence[tuple[LabelledImage, StoredFile]]) -> None:
    """Remove the files of frames that are here already, and are read from their clip."""
    frames = [file for _, file in readable if file.sha256 not in file.original]
    for part in batched(frames, _BATCH):
        with writing(workspace.engine) as session:  # nobody may begin to need one meanwhile
            named = select(Image.original).where(col(Image.original).in_([file.original for file in part]))
            needed = set(session.exec(named))
            for file in part:
                if file.original not in needed:
                    workspace.original(file.original).unlink(missing_ok=True)
                    workspace.derived("thumbnails", Path(file.original).stem).unlink(missing_ok=True)


def _stage(
    workspace: Workspace,
    labelled: LabelledDataset,
    readable: Sequence[tuple[LabelledImage, StoredFile]],
    dataset_id: int,
    author_id: int,
    run_id: int,
    progress: Progress,
) -> tuple[Staging, StagedDataset]:
    """Write everything under a dataset that nobody sees."""
    staged = begin_staging(workspace, author_id, run_id)
    with writing(workspace.engine) as session:
        models = _models(labelled, session=session)
        staging = Staging(author_id, run_id, models, names_here(labelled, dataset_id, session=session))
    stage(workspace, staging, staged, labelled, readable, progress)
    return staging, staged


def _identified(
    labelled: LabelledDataset, stored: Sequence[StoredFile | Message]
) -> list[tuple[LabelledImage, StoredFile]]:
    """The pictures that were kept; those of frames are known as frames, should the clip be here or come."""
    frames: dict[str, str] = {}
    for clip in labelled.clips:
        for frame in clip.frames:
            if frame.image is not None:
                frames.setdefault(frame.image, frame_identity(clip.sha256, frame.index))
    sequences = {clip.path for clip in labelled.clips}
    readable = []
    for image, file in zip(labelled.images, stored, strict=True):
        if isinstance(file, StoredFile):
            known = frames.get(image.path) if image.sequence in sequences else None
            identity = known or file.sha256
            readable.append((replace(image, sha256=identity), replace(file, sha256=identity)))
    return readable


def _read(source: Path) -> LabelledDataset:
    name = sniff(source)
    if name is None:
        raise BadInput("exports.not_ours", of=source)
    if name not in READERS:
        raise BadInput("exports.format_not_read", of=source, name=name, choices=list(READERS))
    labelled = READERS[name](source)
    for image in labelled.images:
        if image.state not in {*ImageState, _CORRECTED}:
            raise UnreadableLabels("exports.no_state", of=source, path=image.path, state=image.state)
    return labelled


def _skipped(labelled: LabelledDataset, stored: Sequence[StoredFile | Message]) -> list[tuple[str, Message]]:
    """Path and reason of what the export says it lacks (missing pictures too), and of what cannot be kept."""
    unread = [
        (image.path, reason)
        for image, reason in zip(labelled.images, stored, strict=True)
        if isinstance(reason, Message) and image.file is not None
    ]
    return [*((left_out.path, verbatim(left_out.reason)) for left_out in labelled.left_out), *unread]


_BATCH: Final = 500
_CORRECTED: Final = "corrected"  # before reviews, the state of a picture that a human had touched

# As an export names the second version of a model, see `core.exchange.exporting`.
_NUMBERED: Final = re.compile(r"(?P<name>.+)@(?P<weights>[0-9a-f]{8})-\d+", re.DOTALL)


def _models(labelled: LabelledDataset, *, session: Session) -> dict[str, int]:
    versions = {}
    for card in labelled.models:
        name = card.name
        if numbered := _NUMBERED.fullmatch(name):
            name = numbered["name"] if numbered["weights"] == card.weights_sha256[:8] else name
        versions[card.name] = ensure_model_version(name, card.kind, card.weights_sha256, card.settings, session=session)
    return versions


def _store_original(workspace: Workspace, image: LabelledImage) -> StoredFile | Message:
    """Keep one picture, or say why not."""
    if not isinstance(image.file, Path):
        return message("exports.without_picture")
    try:
        return store_picture(workspace, image.file.read_bytes(), image.path)
    except UnreadableImage as error:
        return error.message.nowhere()
    except OSError as error:
        return message("files.not_kept", reason=error.strerror or error)
