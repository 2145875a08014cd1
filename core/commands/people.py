"""People: who they are, grouping them again, and what a threshold would do to them."""

from dataclasses import asdict
from time import perf_counter
from typing import Annotated, Any

import typer

from core.commands.console import ProgressLine, one_line, tell
from core.commands.options import CueName, DatasetName, EncoderName, Json, command, dataset_id, run_with_progress
from core.foundation.errors import BadInput
from core.foundation.workspace import Workspace
from core.people.cues import COLOURS, what_lacks
from core.people.encoders import encoder_of
from core.people.kept_trees import people_tree
from core.people.searching import place
from core.people.unknown import counted_reasons, unknown_faces
from db.engine import reading
from db.queries.people.listing import all_people, boxes_in_pictures

app = typer.Typer()


@command(app)
def people(
    dataset: DatasetName,
    regroup: Annotated[bool, typer.Option("--regroup", help="Group again what no human has decided")] = False,
    threshold: Annotated[float | None, typer.Option(help="Cosine similarity to group at; implies --regroup")] = None,
    what_if: Annotated[
        float | None, typer.Option("--what-if", help="Say what --regroup --threshold would change, and change nothing")
    ] = None,
    unknown: Annotated[
        bool, typer.Option("--unknown", help="List instead the faces of people seen once and of nobody, and why")
    ] = False,
    encoder: EncoderName = None,
    as_json: Json = False,
) -> None:
    """List people. Gives people [{id, name, faces: [{image, box}]}], the largest first.

    With --what-if: people, merges, splits, named_touched, seconds

    With --unknown: faces [{image, box, reason}]; reason: small, blurred, profile, covered, nobody near
    """
    workspace = Workspace.open()
    number = dataset_id(workspace, dataset)
    if what_if is not None:
        if regroup or threshold is not None or unknown:
            raise BadInput("commands.what_if_alone")
        _tell_what_if(workspace, number, what_if, encoder, as_json)
        return
    if threshold is not None and not -1 <= threshold <= 1:
        raise BadInput("arrays.threshold", found=threshold)
    if regroup or threshold is not None:
        run_with_progress(workspace, "people", number, regroup=True, threshold=threshold, encoder=encoder)
    if unknown:
        _tell_unknown(workspace, number, as_json)
        return
    with reading(workspace.engine) as session:
        listed: list[dict[str, Any]] = [
            {"id": number, "name": name, "faces": [{"image": face.path, "box": list(face.box)} for face in shown]}
            for number, name, shown in all_people(number, session=session)
        ]
    names = [one_line(person["name"] or f"unnamed {person['id']}") for person in listed]
    lines = [f"{name}: {len(person['faces'])}" for name, person in zip(names, listed, strict=True)]
    tell({"people": listed}, as_json, lines=lines)


@command(app)
def clothes(
    dataset: DatasetName,
    cue: CueName = COLOURS,
    least: Annotated[
        float | None, typer.Option(min=-1, max=1, help="Least similarity of the clothes; default: the cue's own")
    ] = None,
    margin: Annotated[
        float | None, typer.Option(min=0, help="How far the next person is less alike; default: the cue's own")
    ] = None,
    as_json: Json = False,
) -> None:
    """Give faces without a place to people of the same event who wear the same. Gives loose, linked, without_clothes.

    Faces of nobody and people seen once are looked at (loose). It is one decision, undone as one on the People page.
    """
    workspace = Workspace.open()
    number = dataset_id(workspace, dataset)
    if problem := what_lacks(workspace, cue):  # before a run that could only fail
        raise problem
    run = run_with_progress(workspace, "clothes", number, cue=cue, least=least, margin=margin)
    sentence = "{linked} of {loose} faces without a place went to people of the same event by their clothes"
    tell(run.counts, as_json, sentence + "; of {without_clothes} no clothes can be seen")


def _tell_what_if(workspace: Workspace, number: int, threshold: float, encoder: str | None, as_json: bool) -> None:
    start = perf_counter()
    version = encoder_of(workspace, number, encoder)
    tree = people_tree(workspace, number, version, least=threshold, regroup=True, progress=ProgressLine())
    result = {**asdict(tree.what_if(threshold)), "seconds": perf_counter() - start}
    tell(
        result,
        as_json,
        "{people} people: {merges} of several who are there, {splits} of those who are there taken apart; "
        "{named_touched} of them with a name or a confirmed face ({seconds:.2f} s)",
    )


def _tell_unknown(workspace: Workspace, number: int, as_json: bool) -> None:
    found = unknown_faces(workspace, number)
    with reading(workspace.engine) as session:
        places = boxes_in_pictures([face.instance_id for face in found], session=session)
    there = [face for face in found if face.instance_id in places]  # the others were deleted meanwhile
    rows: list[dict[str, Any]] = [
        {"image": places[face.instance_id].path, "box": list(places[face.instance_id].box), "reason": str(face.reason)}
        for face in there
    ]
    lines = [f"{reason}: {count}" for reason, count in counted_reasons(there).items() if count]
    lines += [one_line(f"{row['reason']}  {row['image']}  {place(tuple(row['box'])).text()}") for row in rows]
    tell({"faces": rows}, as_json, lines=lines or ["nobody is unknown"])
