"""Labels of other tools: read from files, put onto the pictures that they are of, kept where a picture is missing."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Any, Final

from sqlmodel import Session, select

from core.formats.labels import ENDINGS, NAMES, read_label_file, sniff_label_file
from core.formats.labels.rows import LabelFile
from core.foundation.batching import batched
from core.foundation.errors import BadInput, UnreadableLabels
from core.foundation.messages import Message, message
from core.foundation.progress import DEAF, Progress
from core.foundation.skeletons import SKELETONS, Skeleton, find_skeleton
from core.foundation.workspace import Workspace
from core.library.lookup import find_dataset
from core.library.pixels import picture_orientation
from core.library.sources import Limits, OfferedFile, SourceFile, list_source
from core.media.turning import UPRIGHT
from core.points.label_doubts import DoubtReport, PictureAsStored, is_dropped, open_question, settle
from core.points.label_placing import PictureIndex, Placement, forget_asked, keep_waiting
from core.points.label_writing import FileLabel, WriteReport, apply_labels
from db.engine import reading
from db.queries.jobs import count_skipped
from db.tables import Image, SkippedInput, WorkKind
from db.writes.dashboard import record_work
from db.writing import writing

FORMATS: Final = tuple(NAMES.values())
_BATCH: Final = 64  # pictures in one transaction
_OTHER_COUNT: Final = "labels.point_count"  # the code of a file of another number of points than were asked for
_SNIFFED: Final = 200  # files that are opened to say what they are


@dataclass(frozen=True)
class LabelFiles:
    """What a source holds: each file with its path in it, and paths with the reason why they could not be read."""

    files: Sequence[tuple[str, LabelFile]]
    skipped: Sequence[tuple[str, Message]]


def formats_in(workspace: Workspace, source: Path) -> dict[str, int]:
    """How many files of each format a source holds, as `formats_of`.

    Raises
    ------
    BadInput
        As `core.library.sources.list_source`.
    """
    return formats_of((item.path, item.read) for item in _offered(workspace, source))


def stamp_of(workspace: Workspace, source: Path) -> tuple[tuple[str, int, int], ...]:
    """What changes when a label file of a source does: path, size and time of each, of a zip those of the zip.

    Raises
    ------
    BadInput
        As `core.library.sources.list_source`.
    """
    files = [source]
    if source.is_dir():
        files = [item.file for item in _offered(workspace, source) if item.file]
    stats = [(file, file.stat()) for file in files if file.exists()]
    return (str(source), 0, 0), *((str(file), stat.st_size, stat.st_mtime_ns) for file, stat in stats)


def label_files_among(files: Iterable[SourceFile]) -> list[OfferedFile]:
    """Those of the files of a source that hold labels of a known format."""
    found = []
    for file in files:
        if isinstance(file, OfferedFile) and file.path.lower().endswith(ENDINGS):
            with suppress(BadInput, MemoryError):  # whoever takes in pictures says what it is
                sniff_label_file(file.path, file.read())
                found.append(file)
    return found


def formats_of(files: Iterable[tuple[str, Callable[[], bytes]]]) -> dict[str, int]:
    """How many files (name, content) are of each format, by its name for people; only the first 200 are opened."""
    candidates = [file for file in files if file[0].lower().endswith(ENDINGS)]
    counts = Counter(name or "no labels" for _, name in _sniffed(candidates))
    if len(candidates) > _SNIFFED:
        counts["not looked at"] = len(candidates) - _SNIFFED
    return dict(counts)


def _sniffed(files: Iterable[tuple[str, Callable[[], bytes]]]) -> Iterator[tuple[str, str | None]]:
    """Each of the first 200 files with the name of its format, None where it holds no labels."""
    for path, content in islice(files, _SNIFFED):
        try:
            yield path, NAMES[sniff_label_file(path, content())]
        except BadInput as error:
            yield path, error.reason if error.code == "labels.other_tool" else None


def read_label_files(
    workspace: Workspace, source: Path, skeleton_name: str, *, progress: Progress = DEAF
) -> LabelFiles:
    """Read every label file of a folder, a zip, or one file. A file that cannot be read does not stop the others.

    Raises
    ------
    NotFound
        If there is no such skeleton.
    BadInput
        If `source` is not there or holds no label file, or if its only one cannot be read.
    """
    skeleton = find_skeleton(skeleton_name)
    items = _label_files(workspace, source)
    if not items:
        raise BadInput("labels.no_file", of=source, choices=list(ENDINGS))
    progress.begin(len(items), message=message("progress.reading_labels"))
    files: list[tuple[str, LabelFile]] = []
    skipped: list[tuple[str, Message]] = []
    for done, item in enumerate(items, start=1):
        try:
            files.append((item.path, _read(item, skeleton)))
        except BadInput as error:
            if len(items) == 1:
                raise
            skipped.append((item.path, error.message.nowhere()))
        progress.advance(done)
    return LabelFiles(files, skipped)


def read_any_points(files: Sequence[OfferedFile], *, progress: Progress = DEAF) -> LabelFiles:
    """Read label files of which nobody said what points they hold: of faces and of people, the set that fits best.

    A file that cannot be read does not stop the others.
    """
    progress.begin(len(files), message=message("progress.reading_labels"))
    read: list[tuple[str, LabelFile]] = []
    skipped: list[tuple[str, Message]] = []
    for done, file in enumerate(files, start=1):
        try:
            read += [(file.path, found) for found in _best_fitting(file)]
        except BadInput as error:
            skipped.append((file.path, error.message.nowhere()))
        progress.advance(done)
    return LabelFiles(read, skipped)


def _best_fitting(item: OfferedFile) -> list[LabelFile]:
    """What a file holds of each kind of thing, with the points of which it has the most."""
    best: dict[str, tuple[tuple[int, int], LabelFile]] = {}
    refused: list[BadInput] = []
    content = _content(item)
    item = replace(item, contents=lambda _: content)  # each set of points reads it again
    for skeleton in SKELETONS.values():
        try:
            file = _read(item, skeleton)
        except BadInput as error:
            refused.append(error)
            continue
        points = sum(int((row.keypoints.visibility > 0).sum()) for row in file.rows)
        fit = points, -sum(len(row.doubts) for row in file.rows)  # of as many points those of its own set
        if skeleton.kind not in best or fit > best[skeleton.kind][0]:
            best[skeleton.kind] = fit, file
    if not best:
        about = next((error.message for error in refused if error.message.code != _OTHER_COUNT), None)
        if about is not None:
            raise UnreadableLabels.saying(about)
        raise UnreadableLabels(
            "labels.no_set_fits", points=refused[0].message.fields["points"], choices=list(SKELETONS)
        )
    labelled = [file for (points, _), file in best.values() if points]
    return labelled or [next(file for _, file in best.values())]


def _label_files(workspace: Workspace, source: Path) -> list[SourceFile]:
    limits = Limits.of(workspace.settings)
    return [item for item in list_source(source, limits) if item.path.lower().endswith(ENDINGS)]


def _offered(workspace: Workspace, source: Path) -> list[OfferedFile]:
    return [item for item in _label_files(workspace, source) if isinstance(item, OfferedFile)]


def _read(item: SourceFile, skeleton: Skeleton) -> LabelFile:
    if not isinstance(item, OfferedFile):
        raise BadInput.saying(item.reason.within(item.path))
    try:
        return read_label_file(item.path, _content(item), skeleton)
    except MemoryError as error:
        raise BadInput("labels.no_memory", of=item.path) from error


def _content(item: OfferedFile) -> bytes:
    try:
        return item.read()
    except MemoryError as error:
        raise BadInput("labels.no_memory", of=item.path) from error


def import_labels(
    workspace: Workspace,
    label_files: LabelFiles,
    *,
    dataset_id: int,
    author_id: int,
    run_id: int,
    answers: Mapping[str, str] | None = None,
    progress: Progress = DEAF,
) -> dict[str, Any]:
    """Put labels onto the pictures of a dataset as the author's; those of pictures that are not here are kept.

    Safe to repeat: a label that is here already adds nothing, and what a human said otherwise is never replaced. What
    could not be used becomes a `SkippedInput` row of the run, all of them at the end. `answers` are those to the
    questions of `core.formats.labels.doubts`; a label with an open one is kept until it is answered.

    Returns
    -------
    dict
        ``format``, ``files`` (read); in every format alike: ``images`` (pictures that have these labels now),
        ``instances`` (faces or people there that have them, each once), ``added`` (of them new), ``repeated`` (say what
        another says, or are of a frame like an earlier one), ``waiting`` (kept until their pictures come), ``left_out``
        (no labels by the files' own account or by an answer: crowds, boxes without points), ``doubts`` (messages: what
        is not sure, such as how pictures of other names were found), ``asked`` (how many labels wait for the answer to
        each kind of question), ``kept`` (those refused because a human or an earlier file says otherwise here, which
        stays), ``skipped`` (lines: what is not in place). The labels of the files are ``instances +
        repeated + waiting``, those asked about, and those refused, a line each.
    """
    doubts = DoubtReport(answers or {})
    labels, dropped = _labels_in(label_files, author_id, doubts)
    with reading(workspace.engine) as session:
        find_dataset(dataset_id, session=session)
        placement = PictureIndex(dataset_id, session=session).place(labels)
    images, report = write_labels(workspace, placement, dataset_id, run_id, doubts=doubts, progress=progress)
    left_out = sum(sum(file.left_out.values()) for _, file in label_files.files) + len(dropped) + len(report.dropped)
    absent = [label for label, _ in placement.absent]
    doubts.asked.update(question.kind for label in absent if (question := open_question(label)))
    with writing(workspace.engine) as session:
        forget_asked(dataset_id, [*dropped, *_arrived(placement, report)], session=session)
        keep_waiting(dataset_id, absent, session=session)
        questions = dict(report.asked)
        keep_waiting(dataset_id, list(questions), questions=questions, session=session)
        listed = _list_skipped(run_id, _skipped(label_files, placement, report), session=session)
    formats = dict.fromkeys(NAMES[file.format] for _, file in label_files.files)
    return {
        "format": ", ".join(formats),
        "files": len({path for path, _ in label_files.files}),
        "images": images,
        "instances": report.added + report.unchanged,
        "added": report.added,
        "waiting": len(placement.absent),
        "repeated": report.repeated + len(placement.repeated),
        "left_out": left_out,
        "doubts": [
            *(about.to_json() for about in doubts.told()),
            *(about.within(path).to_json() for path, about in placement.told),
        ],
        "asked": dict(doubts.asked),
        "kept": report.kept,
        "skipped": listed,
    }


def _labels_in(label_files: LabelFiles, author_id: int, doubts: DoubtReport) -> tuple[list[FileLabel], list[FileLabel]]:
    """The labels of files with the answers given, and those that an answer drops; their doubts are reported."""
    labels = [
        FileLabel(replace(row, answers={**doubts.given, **row.answers}), path, author_id)
        for path, file in label_files.files
        for row in file.rows
    ]
    for label in labels:
        for doubt in label.row.doubts:
            doubts.add(doubt, label)
    return [label for label in labels if not is_dropped(label)], [label for label in labels if is_dropped(label)]


def _skipped(label_files: LabelFiles, placement: Placement, report: WriteReport) -> list[tuple[str, Message]]:
    """A line for all that is not in place: files and rows that cannot be read, labels refused, pictures not here."""
    rows = [(path, why.within(at)) for path, file in label_files.files for at, why in file.skipped]
    refused = [(label.row.picture, reason_in_file(why, label)) for label, why in (*placement.refused, *report.refused)]
    return [*label_files.skipped, *rows, *refused, *_missing(placement.absent)]


def _list_skipped(run_id: int, skipped: Sequence[tuple[str, Message]], *, session: Session) -> int:
    """Keep the lines that the run does not have from before it was interrupted; how many it has then."""
    before: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
    for path, reason in session.exec(
        select(SkippedInput.path, SkippedInput.reason).where(SkippedInput.run_id == run_id)
    ):
        before[path].append(reason)
    lines = ((path, reason.to_json()) for path, reason in skipped)
    fresh = [
        SkippedInput(run_id=run_id, path=path, reason=why) for path, why in lines if why not in before.get(path, ())
    ]
    session.add_all(fresh)
    session.flush()
    return count_skipped(run_id, session=session)


def _arrived(placement: Placement, report: WriteReport) -> list[FileLabel]:
    """Labels that wait no longer, whatever became of them on their picture; not those that are asked about."""
    asked = {id(label) for label, _ in report.asked}
    on_pictures = [label for labels in placement.on.values() for label in labels if id(label) not in asked]
    return [*placement.repeated, *on_pictures]


def reason_in_file(reason: Message, label: FileLabel) -> Message:
    """A reason about a label, with the file that gives it."""
    return message("labels.of_file", reason=reason, file=label.source)


def _missing(absent: Iterable[tuple[FileLabel, Message | None]]) -> list[tuple[str, Message]]:
    """One line for each picture that is not here, or of which nobody knows which it is."""
    count: Counter[tuple[str, bool, str]] = Counter()
    reasons: dict[tuple[str, bool, str], Message | None] = {}
    for label, reason in absent:
        key = (label.row.picture, label.row.frame is not None, label.source)
        count[key] += 1
        reasons[key] = reason
    return [(key[0], _waits(key[1], key[2], count[key], reasons[key])) for key in sorted(count)]


def _waits(of_clip: bool, source: str, labels: int, reason: Message | None) -> Message:
    number = message("labels.one_waits") if labels == 1 else message("labels.several_wait", count=labels)
    if reason is not None:
        return message("labels.waits_for_somebody", reason=reason, labels=number, file=source)
    code = "labels.waits_for_frame" if of_clip else "labels.waits_for_picture"
    return message(code, labels=number, file=source)


def write_labels(
    workspace: Workspace,
    placement: Placement,
    dataset_id: int,
    run_id: int | None = None,
    *,
    doubts: DoubtReport | None = None,
    progress: Progress = DEAF,
) -> tuple[int, WriteReport]:
    """Write labels in batches of pictures; how many pictures have any of them now, and what became of each label.

    What their pictures make doubtful is added to `doubts`.
    """
    progress.begin(len(placement.on), message=message("progress.putting_labels"))
    total, images, done = WriteReport(), 0, 0
    doubts = DoubtReport() if doubts is None else doubts
    for part in batched(sorted(placement.on), _BATCH):
        on = {image_id: placement.on[image_id] for image_id in part}
        with writing(workspace.engine) as session:
            labelled, batch = write_batch(workspace, on, dataset_id, run_id, doubts, session=session)
        images += labelled
        total.include(batch)
        done += len(part)
        progress.advance(done)
    return images, total


def write_batch(
    workspace: Workspace,
    on: Mapping[int, Sequence[FileLabel]],
    dataset_id: int,
    run_id: int | None,
    doubts: DoubtReport,
    *,
    session: Session,
) -> tuple[int, WriteReport]:
    """Labels of some pictures, by the pictures' ids, and whose work they are; as `write_labels`."""
    batch, images = WriteReport(), 0
    for image_id, labels in on.items():
        image = session.get(Image, image_id)
        if image is None:  # deleted meanwhile
            batch.refused += [(label, message("labels.picture_removed")) for label in labels]
            continue
        written = _write_picture(workspace, image, labels, run_id, doubts, session=session)
        images += bool(written.added or written.unchanged)
        batch.include(written)
    for author_id, number in batch.by_author.items():
        record_work(author_id, dataset_id, WorkKind.LABELS_IMPORTED, number, session=session)
    return images, batch


def _write_picture(
    workspace: Workspace,
    image: Image,
    labels: Sequence[FileLabel],
    run_id: int | None,
    doubts: DoubtReport,
    *,
    session: Session,
) -> WriteReport:
    """Labels of one picture, as they are answered; what was refused is named as it was given."""
    try:
        of_clip = all(label.row.frame is not None for label in labels)
        orientation = UPRIGHT if of_clip else picture_orientation(workspace, image)
    except OSError as error:
        reason = message("labels.picture_unreadable", reason=error.strerror or error)
        return WriteReport(refused=[(label, reason) for label in labels])
    settled = settle(labels, PictureAsStored((image.width, image.height), orientation), doubts)
    given = {id(taken): label for label, taken in settled.ready}
    report = apply_labels(image, [taken for _, taken in settled.ready], run_id, session=session)
    report.refused = [(given[id(taken)], reason) for taken, reason in report.refused]
    report.asked, report.dropped = settled.asked, settled.dropped
    return report
