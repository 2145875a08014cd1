"""What each kind of run does: reads its parameters, calls the services."""

import logging
from dataclasses import asdict, replace
from functools import wraps
from pathlib import Path
from typing import Any

from core.exchange.exporting import export_dataset
from core.exchange.packed import unpacked_export
from core.exchange.restoring import is_export, restore_export
from core.foundation.progress import Progress
from core.foundation.workspace import Workspace
from core.jobs.model_tasks import pre_label_new
from core.jobs.runs import Task, dataset_of
from core.library.clip_importing import ClipIntake
from core.library.dating import date_pictures
from core.library.importing import PictureIntake
from core.library.intake import ImportOptions
from core.library.sample_clips import draw_clips_of_people, label_clips
from core.library.sample_photos import add_figures, draw_sample, note_threshold
from core.library.uploading import discard_upload, is_upload
from core.motion.overlaying import find_clip, render_overlay
from core.motion.proposing import propose
from core.motion.tracklets import link_clips
from core.people.bodies import complete_bodies, counted_bodies, find_bodies
from core.people.clothes import link_by_clothes
from core.people.comparing import compare_groupings
from core.people.encoders import fetch_encoder, fetch_weights
from core.people.finding import complete_faces, find_faces, lacks_mesh
from core.people.grouping import group_people
from core.people.grouping_outline import outline_grouping
from core.people.quality import measure_faces
from core.points.arrived_labels import answer_waiting, apply_waiting
from core.points.label_importing import import_labels, label_files_among, read_any_points, read_label_files
from core.points.pictures_beside import pictures_beside
from db.engine import reading
from db.queries.library import count_scanned, counts
from db.queries.people.vectors import has_vectors
from db.tables import Run

_log = logging.getLogger(__name__)


def _who(run: Run) -> dict[str, Any]:
    """Where what a run takes in goes, in whose name, and by which run."""
    return {"dataset_id": dataset_of(run), "author_id": run.author_id, "run_id": run.id}


def _then_waiting(task: Task) -> Task:
    """A task that brings pictures, and then the labels that waited for them."""

    @wraps(task)
    def both(workspace: Workspace, run: Run, progress: Progress) -> dict[str, Any]:
        counts = task(workspace, run, progress)
        arrived = apply_waiting(workspace, dataset_of(run), run_id=run.id, progress=progress)
        if not arrived.placed and not arrived.refused:
            return counts
        doubts = [*counts.get("doubts", ()), *(doubt.to_json() for doubt in arrived.doubts)]
        skipped = counts["skipped"] + arrived.refused
        return {**counts, "labels": arrived.placed, "doubts": doubts, "skipped": skipped}

    return both


def _then_linked(task: Task) -> Task:
    """A task that brings faces and bodies, and then puts those of clips into tracks, also where it was stopped."""

    @wraps(task)
    def both(workspace: Workspace, run: Run, progress: Progress) -> dict[str, Any]:
        try:
            counts = task(workspace, run, progress)
        except Exception:
            try:
                link_clips(workspace, dataset_id=dataset_of(run))
            except Exception:  # the task's own error counts; the next worker puts them into tracks
                _log.exception("not all faces and bodies of clips could be put into tracks")
            raise
        link_clips(workspace, dataset_id=dataset_of(run))
        return counts

    return both


def _then_dated(task: Task) -> Task:
    """A task that brings pictures, and then reads when they were taken."""

    @wraps(task)
    def both(workspace: Workspace, run: Run, progress: Progress) -> dict[str, Any]:
        counts = task(workspace, run, progress)
        date_pictures(workspace, dataset_of(run), progress)
        return counts

    return both


@_then_linked
@_then_dated
@_then_waiting
def import_task(workspace: Workspace, run: Run, progress: Progress) -> dict[str, Any]:
    """Take in an export, or pictures and clips with the label files among them, and the labels that waited for them."""
    source = Path(run.parameters["source"])
    if is_export(source):
        return restore_export(workspace, source, **_who(run), progress=progress)
    with unpacked_export(workspace, source, progress) as folder:
        if folder is not None:
            return restore_export(workspace, folder, **_who(run), progress=progress)
    reference = run.parameters.get("reference", False) and not is_upload(workspace, source)
    options = ImportOptions(identities=run.parameters.get("identities", False), reference=reference)
    pictures = PictureIntake(workspace, **_who(run), options=options, progress=progress)
    clips = ClipIntake(workspace, **_who(run), options=options, progress=progress)
    files = pictures.files_of(source)
    labels = label_files_among(files)
    taken = {file.path for file in labels}
    others = [file for file in files if file.path not in taken]
    counts = {**pictures.take(others), **clips.take(others)}
    if not labels:
        return counts
    found = read_any_points(labels, progress=progress)
    placed = import_labels(workspace, found, **_who(run), progress=progress)
    return {**counts, "label_files": placed, "skipped": placed["skipped"]}


@_then_linked
@_then_dated
@_then_waiting
def labels_task(workspace: Workspace, run: Run, progress: Progress) -> dict[str, Any]:
    """Take in label files, the pictures and clips beside them, and the labels that waited for those."""
    source = Path(run.parameters["source"])
    labels = read_label_files(workspace, source, run.parameters["skeleton"], progress=progress)
    beside = pictures_beside(workspace, source, labels, dataset_id=dataset_of(run))
    labels = replace(labels, skipped=[*labels.skipped, *beside.skipped])
    added: dict[str, int] = {"pictures": 0}
    if beside.folder is not None:
        pictures = PictureIntake(workspace, **_who(run), progress=progress)
        wanted = beside.wanted(pictures.files_of(beside.folder))
        added = {"pictures": pictures.take(wanted)["added"]}
        clips = ClipIntake(workspace, **_who(run), progress=progress).take(wanted)
        if clips["clips"]:
            added |= {"clips": clips["clips"], "frames": clips["frames"]}
    answers = run.parameters.get("answers", {})
    return {**import_labels(workspace, labels, **_who(run), answers=answers, progress=progress), **added}


@_then_linked
def answers_task(workspace: Workspace, run: Run, progress: Progress) -> dict[str, Any]:
    """Answer the questions about labels that wait, and put those on."""
    answers = run.parameters["answers"]
    arrived = answer_waiting(workspace, dataset_of(run), answers, run_id=run.id, progress=progress)
    return {"labels": arrived.placed, "skipped": arrived.refused}


def discard_source(workspace: Workspace, run: Run) -> None:
    """Remove the upload that a run has read."""
    discard_upload(workspace, Path(run.parameters["source"]))


def sample_task(workspace: Workspace, run: Run, progress: Progress) -> dict[str, Any]:
    """Draw portraits and figures, and take them in with their points."""
    drawn = draw_sample(workspace, progress)
    counts = PictureIntake(workspace, **_who(run), progress=progress).take_source(drawn.folder)
    note_threshold(workspace, dataset_id=dataset_of(run), author_id=run.author_id)
    return {**counts, "figures": add_figures(workspace, drawn, dataset_id=dataset_of(run), run_id=run.id)}


@_then_linked
def faces_task(workspace: Workspace, run: Run, progress: Progress) -> dict[str, Any]:
    """Find faces in what was not looked at yet, unless only boxes that are there are meant; their points and people."""
    about: dict[str, Any] = {"dataset_id": dataset_of(run), "run_id": run.id, "encoder": run.parameters.get("encoder")}
    if not run.parameters.get("boxes_only"):
        find_faces(workspace, **about, progress=progress)
    version, left = complete_faces(workspace, **about, progress=progress)
    measure_faces(workspace, dataset_id=dataset_of(run), progress=progress)
    link_clips(workspace, dataset_id=dataset_of(run))  # a track is one person
    pre_label_new(workspace, run, progress)
    with reading(workspace.engine) as session:
        totals = counts(dataset_of(run), session=session)
        anybody = has_vectors(dataset_of(run), version, session=session)
        report = {"incomplete": left, "looked_at": count_scanned(run.id, session=session)}
        report |= {"without_mesh": True} if lacks_mesh(workspace) else {}
    if not anybody:
        return {**asdict(totals), **report}  # nobody to group
    return {**people_task(workspace, run, progress), **report}


@_then_linked
def bodies_task(workspace: Workspace, run: Run, progress: Progress) -> dict[str, Any]:
    """Find people where nobody looked for them yet, unless only boxes that are there are meant; and their points."""
    if not run.parameters.get("boxes_only"):
        find_bodies(workspace, dataset_id=dataset_of(run), run_id=run.id, progress=progress)
    left = complete_bodies(workspace, dataset_id=dataset_of(run), run_id=run.id, progress=progress)
    pre_label_new(workspace, run, progress)
    with reading(workspace.engine) as session:
        looked_at = count_scanned(run.id, session=session)
    return {**asdict(counted_bodies(workspace, dataset_of(run))), "incomplete": left, "looked_at": looked_at}


def people_task(workspace: Workspace, run: Run, progress: Progress) -> dict[str, Any]:
    """Group faces into people; those that nobody has measured yet are measured afterwards, for the next time.

    So that a grouping does what was looked at before it, also in a store of which no face is measured.
    """
    grouped = group_people(
        workspace,
        dataset_id=dataset_of(run),
        run_id=run.id,
        encoder=run.parameters.get("encoder"),
        threshold=run.parameters.get("threshold"),
        regroup=run.parameters.get("regroup", False),
        decision=run.kind == "people",
        progress=progress,
    )
    measure_faces(workspace, dataset_id=dataset_of(run), progress=progress)
    with reading(workspace.engine) as session:
        return {**asdict(counts(dataset_of(run), session=session)), "threshold": grouped["threshold"]}


def clothes_task(workspace: Workspace, run: Run, progress: Progress) -> dict[str, Any]:
    """Give faces of nobody to people of the same event by their clothes."""
    asked = {name: run.parameters[name] for name in ("cue", "least", "margin") if name in run.parameters}
    return link_by_clothes(workspace, dataset_id=dataset_of(run), run_id=run.id, **asked, progress=progress)


def preview_task(workspace: Workspace, run: Run, progress: Progress) -> dict[str, Any]:
    """Look what grouping people again would change."""
    asked = run.parameters
    where = (dataset_of(run), asked["encoder_id"], asked["threshold"])
    return outline_grouping(workspace, *where, regroup=asked["regroup"], progress=progress)


def groupings_task(workspace: Workspace, run: Run, progress: Progress) -> dict[str, Any]:
    """Compare every way of grouping the faces."""
    names = ("truth", "encoder", "best", "clothes", "cue")
    asked = {name: run.parameters[name] for name in names if name in run.parameters}
    return compare_groupings(workspace, dataset_id=dataset_of(run), **asked, progress=progress)


def export_task(workspace: Workspace, run: Run, progress: Progress) -> dict[str, Any]:
    """Write a dataset into a folder."""
    format_name, folder = run.parameters["format"], Path(run.parameters["folder"])
    points, untouched = run.parameters.get("points"), run.parameters.get("untouched", False)
    return export_dataset(
        workspace,
        **_who(run),
        format_name=format_name,
        folder=folder,
        points=points,
        untouched=untouched,
        progress=progress,
    )


def weights_task(workspace: Workspace, run: Run, progress: Progress) -> dict[str, Any]:
    """Fetch a face encoder, or a weights file."""
    if "weights" in run.parameters:
        return fetch_weights(workspace, run.parameters["weights"], progress)
    return fetch_encoder(workspace, run.parameters["encoder"], progress)


@_then_linked
def sample_clips_task(workspace: Workspace, run: Run, progress: Progress) -> dict[str, Any]:
    """Draw clips of people, and take them in with their points."""
    drawn = draw_clips_of_people(workspace, progress)
    options = ImportOptions(identities=True)
    counts = ClipIntake(workspace, **_who(run), options=options, progress=progress).take_source(drawn.folder)
    labelled = label_clips(workspace, drawn, dataset_id=dataset_of(run), author_id=run.author_id)
    return {**counts, "labelled": labelled}


def track_task(workspace: Workspace, run: Run, progress: Progress) -> dict[str, Any]:
    """Propose points for frames of a clip."""
    asked = run.parameters
    clip = find_clip(workspace, asked["video"], dataset_of(run))
    told = propose(
        workspace,
        clip.id,
        asked["first"],
        asked["last"],
        asked["method"],
        author_id=run.author_id,
        edit_id=f"run.{run.id}",
        progress=progress,
    )
    return {"video": clip.path, **told}


def overlay_task(workspace: Workspace, run: Run, progress: Progress) -> dict[str, Any]:
    """Draw points over a clip."""
    out, static = run.parameters.get("out"), run.parameters.get("static", False)
    return render_overlay(
        workspace,
        dataset_of(run),
        run.parameters["video"],
        run.parameters["models"],
        out=Path(out) if out else None,
        static=static,
        run_id=run.id,
        progress=progress,
    )
