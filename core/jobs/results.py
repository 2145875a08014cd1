"""What a run came to, from the counts that its task gave: one message a kind."""

from collections.abc import Mapping
from typing import Any, Final

from core.foundation.messages import Message, message

Counts = Mapping[str, Any]

_MEGABYTE: Final = 1e6


def imported(counts: Counts) -> Message:
    """Of pictures and clips, of labels that waited for them, and of what came with an export."""
    clips, labels, files = counts.get("clips"), counts.get("labels"), counts.get("label_files")
    restored = counts.get("restored")
    return message(
        "run_results.imported",
        images=counts["images"],
        added=counts["added"],
        duplicates=counts["duplicates"],
        skipped=counts["skipped"],
        clips=message("run_results.of_clips", frames=counts["frames"], clips=clips) if clips else "",
        labels=message("run_results.labels_that_waited", labels=labels) if labels else "",
        beside=message("run_results.labels_beside", labels=labelled(files)) if files else "",
        restored=_restored(restored) if restored else "",
    )


def _restored(counts: Counts) -> Message:
    kept = counts["kept"]
    return message(
        "run_results.restored",
        instances=counts["instances"],
        points=counts["points"],
        people=counts["people"],
        kept=message("run_results.labels_kept", count=kept) if kept else "",
    )


def sample_drawn(counts: Counts) -> Message:
    """Of the drawn portraits and figures."""
    return message("run_results.sample_drawn", imported=imported(counts), figures=counts["figures"])


def sample_clips_drawn(counts: Counts) -> Message:
    """Of the drawn clips."""
    return message(
        "run_results.sample_clips_drawn", frames=counts["frames"], clips=counts["clips"], labelled=counts["labelled"]
    )


def labelled(counts: Counts) -> Message:
    """Of imported labels."""
    waiting, left_out, asked = counts["waiting"], counts["left_out"], sum(counts.get("asked", {}).values())
    return message(
        "run_results.labelled",
        format=counts["format"],
        labels=counts["instances"],
        images=counts["images"],
        added=counts["added"],
        waiting=message("run_results.labels_that_wait", count=waiting) if waiting else "",
        asked=message("run_results.labels_asked", count=asked) if asked else "",
        left_out=message("run_results.without_labels", count=left_out) if left_out else "",
        kept=message("run_results.labels_stay", count=counts["kept"]) if counts.get("kept") else "",
        skipped=counts["skipped"],
    )


def answered(counts: Counts) -> Message:
    """Of labels that waited for an answer."""
    return message("run_results.answered", labels=counts["labels"], skipped=counts["skipped"])


def grouped(counts: Counts) -> Message:
    """Of faces that were found and grouped, in all pictures; and how many of these were looked at before."""
    looked_at = counts.get("looked_at")
    some = looked_at is not None and looked_at < counts["images"]
    return message(
        "run_results.grouped",
        faces=counts["faces"],
        people=counts["people"],
        images=counts["images"],
        without_face=counts["without_face"],
        failed=counts["failed"],
        looked_at=message("run_results.looked_at", count=looked_at) if some else "",
        mesh=message("run_results.without_mesh") if counts.get("without_mesh") else "",
    )


def linked_by_clothes(counts: Counts) -> Message:
    """Of faces without a place, and how many of them found one."""
    return message(
        "run_results.linked_by_clothes",
        linked=counts["linked"],
        loose=counts["loose"],
        without_clothes=counts["without_clothes"],
    )


def bodies_found(counts: Counts) -> Message:
    """Of people that were found, in all pictures; and how many of these were looked at before."""
    some = counts["looked_at"] < counts["images"]
    return message(
        "run_results.bodies_found",
        bodies=counts["bodies"],
        images=counts["images"],
        without_body=counts["without_body"],
        failed=counts["failed"],
        looked_at=message("run_results.looked_at", count=counts["looked_at"]) if some else "",
    )


def looked_at_grouping(counts: Counts) -> Message:
    """Of what grouping people again would change."""
    return message(
        "run_results.looked_at_grouping",
        split=counts["split"],
        joined=counts["joined"],
        placed=counts["placed"],
        people_now=counts["people_now"],
        people_then=counts["people_then"],
    )


def compared_groupings(counts: Counts) -> Message:
    """Of every way of grouping a dataset's faces."""
    left = len(counts["not_done"])
    return message(
        "run_results.compared_groupings",
        methods=len({row["method"] for row in counts["rows"]}),
        faces=counts["faces"],
        labelled=counts["labelled"],
        not_done=message("run_results.groupings_not_done", count=left) if left else "",
    )


def fetched(counts: Counts) -> Message:
    """Of a model's file."""
    return message("run_results.fetched", megabytes=counts["bytes"] / _MEGABYTE)


def trained(counts: Counts) -> Message:
    """Of a training; the error where something was held out."""
    endings = {
        "early": message("run_results.ended_early"),
        "nan": message("run_results.ended_at_nan"),
        "cancelled": message("run_results.ended_by_a_person"),
    }
    error, unaccepted = ((counts.get("metrics") or {}).get("nme") or {}).get("value"), counts.get("in_progress")
    return message(
        "run_results.trained",
        model=counts["model"],
        epochs=counts["epochs"],
        ending=endings.get(counts["stopped"], ""),
        error="" if error is None else message("run_results.held_out_nme", nme=error),
        in_progress=message("run_results.learned_in_progress", count=unaccepted) if unaccepted else "",
    )


def predicted(counts: Counts) -> Message:
    """Of a model's predictions."""
    frames, unboxed = counts.get("delay_frames"), counts.get("without_box")
    return message(
        "run_results.predicted",
        predicted=counts["predicted"],
        failed=counts["failed"],
        instances=counts["instances"],
        late=message("run_results.smoothed_late", frames=frames) if frames else "",
        untaught=message("run_results.untaught_absent", points=counts["untaught"]) if counts.get("untaught") else "",
        unboxed=message("run_results.without_box", count=unboxed, kind=counts["kind"]) if unboxed else "",
    )


def pre_labelled(counts: Counts) -> Message:
    """Of first points that a promoted model gave."""
    human = counts.get("human")
    untaught = counts.get("untaught")
    return message(
        "run_results.pre_labelled",
        prelabelled=counts["prelabelled"],
        kept=counts["kept"],
        human=message("run_results.left_to_humans", count=human) if human else "",
        untaught=message("run_results.untaught_stay", points=untaught) if untaught else "",
    )


def written_as_onnx(counts: Counts) -> Message:
    """Of a model's ONNX file."""
    return message(
        "run_results.written_as_onnx",
        model=counts["model"],
        megabytes=counts["bytes"] / _MEGABYTE,
        difference=counts["largest_difference"],
    )


def tracked(counts: Counts) -> Message:
    """Of points that were proposed for frames of a clip."""
    reason = counts["reason"]
    return message(
        "run_results.tracked",
        frames=counts["frames"],
        video=counts["video"],
        stopped=message("run_results.stopped_at", frame=counts["stopped_at"], reason=Message.from_json(reason))
        if reason
        else "",
    )


def overlaid(counts: Counts) -> Message:
    """Of an overlay video."""
    return message(
        "run_results.overlaid",
        frames=counts["frames"],
        video=counts["video"],
        skipped=counts["skipped"],
        labelled=counts["labelled"],
    )


def exported(counts: Counts) -> Message:
    """Of an export."""
    unreviewed, turned = counts.get("unreviewed"), counts.get("turned")
    return message(
        "run_results.exported",
        images=counts["images"],
        files=counts["files"],
        left_out=counts["left_out"],
        turned=message("run_results.turned_upright", count=turned) if turned else "",
        unreviewed=message("run_results.points_stayed_out", count=unreviewed) if unreviewed else "",
    )


def watched(counts: Counts) -> Message:
    """Of which folder is watched from then on."""
    folder = counts["folder"]
    return message("run_results.watched", folder=folder) if folder else message("run_results.watched_no_more")


def arrived(counts: Counts) -> Message:
    """Of what has arrived in a watched folder."""
    parts = ("import", "detection", "embedding")
    seconds = {part: sum(row[part] for row in counts["log"]) for part in parts}
    return message(
        "run_results.arrived",
        files=len(counts["log"]),
        added=counts["added"],
        duplicates=counts["duplicates"],
        skipped=counts["skipped"],
        taking_in=seconds["import"],
        detecting=seconds["detection"],
        embedding=seconds["embedding"],
    )
