"""Clips and what the home folder has of them."""

from typing import Annotated

import typer

from core.commands.console import list_on_stderr, one_line, tell
from core.commands.options import DatasetName, Json, command, dataset_id
from core.foundation.workspace import Workspace
from core.library.frame_files import count_frame_files, free_frame_files

app = typer.Typer()


@command(app)
def clips(
    dataset: DatasetName,
    free: Annotated[
        bool, typer.Option("--free", help="Read frames from their clips, and remove the files of earlier versions")
    ] = False,
    as_json: Json = False,
) -> None:
    """Clips of a dataset. Gives clips [{path, frames, files}], freed, bytes_freed, kept [{path, reason}].

    files: how many of its frames have files of their own, as all had that an earlier version imported

    Each frame is compared before its file goes; ends with exit code 1 where some stay, with the reason.
    """
    workspace = Workspace.open()
    number = dataset_id(workspace, dataset)
    freed = free_frame_files(workspace, number) if free else None
    rows = [
        {"path": path, "frames": frames, "files": files}
        for path, (frames, files) in count_frame_files(workspace, number).items()
    ]
    kept = [{"path": path, "reason": reason.text()} for path, reason in (freed.kept if freed else [])]
    counts = {"freed": freed.frames if freed else 0, "bytes_freed": freed.bytes_freed if freed else 0}
    lines = [f"{one_line(str(row['path']))}: {row['frames']} frames, {row['files']} with files" for row in rows]
    tell({"clips": rows, **counts, "kept": kept}, as_json, lines=lines)
    list_on_stderr([f"kept {item['path']}: {item['reason']}" for item in kept])
    raise typer.Exit(1 if kept else 0)
