"""When somebody is seen in clips."""

from typing import Annotated

import typer

from core.commands.console import one_line, tell
from core.commands.options import DatasetName, Json, command, dataset_id
from core.foundation.workspace import Workspace
from core.people import appearances as of_person
from core.people.search.chosen_people import person_called

app = typer.Typer()


@command(app)
def appearances(
    dataset: DatasetName,
    person: Annotated[str, typer.Option("--person", help="Name or number of a person, as `people` lists them")],
    as_json: Json = False,
) -> None:
    """Say in which clips somebody is seen, and when. Gives clips [{video, ranges, frames}]; a range is from_s, to_s.

    Who is not seen for less than a second is taken to be there all the while; frames counts those they are seen in.
    """
    workspace = Workspace.open()
    number = person_called(workspace, dataset_id(workspace, dataset), person)
    found = of_person.appearances(workspace, number)
    clips = [
        {"video": clip.path, "ranges": [[seen.start, seen.end] for seen in clip.ranges], "frames": clip.frames}
        for clip in found
    ]
    lines = [
        f"{one_line(clip.path)}: {', '.join(f'{seen.start:.2f}-{seen.end:.2f} s' for seen in clip.ranges)}"
        f" ({clip.frames} {'frame' if clip.frames == 1 else 'frames'})"
        for clip in found
    ]
    tell({"clips": clips}, as_json, lines=lines or ["they are seen in no clip"])
