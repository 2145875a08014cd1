"""Search: the pictures that show somebody, by people of the dataset and by photos."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer

from core.commands.console import ProgressLine, list_on_stderr, one_line, tell
from core.commands.options import DatasetName, EncoderName, Json, command, dataset_id
from core.foundation.errors import BadInput
from core.foundation.private import hand_over
from core.foundation.workspace import Workspace
from core.library.dating import date_pictures
from core.people.search.album import Album
from core.people.search.asking import PictureQuestion, WantedPerson, ask
from core.people.search.chosen_people import person_called
from core.people.search.expressions import AllOf, AnyOf, Expression, NotSo, Shows
from core.people.search.listing import listed_matches
from core.people.search.parcels import Parcel, zipped_parcel
from core.people.search.spans import first_moment, last_moment
from core.people.searching import PhotoQuery, meant, measured_by, photo_query, place

app = typer.Typer()


@command(app)
def search(
    dataset: DatasetName,
    photo: Annotated[
        list[Path] | None, typer.Option("--photo", help="A photo of the person to look for; several are one person")
    ] = None,
    encoder: EncoderName = None,
    threshold: Annotated[float | None, typer.Option(help="Least cosine similarity of a match")] = None,
    face: Annotated[
        list[int] | None,
        typer.Option(help="Which face of each photo, from 1, in their order; needed where one has several"),
    ] = None,
    person: Annotated[
        list[str] | None, typer.Option("--person", help="Name or number of a person to look for; of several, all")
    ] = None,
    also: Annotated[list[str] | None, typer.Option("--and", help="A person who is in the picture as well")] = None,
    either: Annotated[list[str] | None, typer.Option("--or", help="A person who may be there instead")] = None,
    without: Annotated[list[str] | None, typer.Option("--without", help="A person who is not in the picture")] = None,
    not_photo: Annotated[
        list[Path] | None, typer.Option("--not-photo", help="A photo of who is not meant: each of its faces")
    ] = None,
    not_person: Annotated[
        list[str] | None, typer.Option("--not-person", help="A person who is not meant, but may be in the picture")
    ] = None,
    since: Annotated[str | None, typer.Option("--from", help="First time, such as 2024-05 or 2024-05-01T18:30")] = None,
    until: Annotated[str | None, typer.Option("--to", help="Last time, to the end of what is given")] = None,
    least_people: Annotated[int | None, typer.Option(min=0, help="Least number of faces in the picture")] = None,
    most_people: Annotated[int | None, typer.Option(min=0, help="Largest number of faces in the picture")] = None,
    by_event: Annotated[
        bool, typer.Option("--by-event", help="Who is asked for need only be in pictures of one event")
    ] = False,
    zip_file: Annotated[
        Path | None, typer.Option("--zip", help="A new file to write the pictures into, with a list of what was found")
    ] = None,
    blur_others: Annotated[
        bool, typer.Option("--blur-others", help="In the zip, blur every known face that is not meant")
    ] = False,
    as_json: Json = False,
) -> None:
    """Find the pictures that show somebody. Gives matches [{image, score, box, faces, taken, event}], best first,
    just_below, threshold, undated.

    All --person, --and and the person of --photo are in a picture, or an --or is; and no --without.

    box is left, top, right, bottom of the face that is meant, in pixels of the upright picture; faces are all that are
    meant [{box, score, person, known}]. just_below: how many pictures more a threshold lower by 0.05 would give;
    undated: how many were left out since their files have no time. With --zip: left_out [{image, reason}], and exit
    code 1 where there is any.
    """
    _check_zip(zip_file, blur_others)
    workspace = Workspace.open()
    number = dataset_id(workspace, dataset)
    conditions = _conditions(since, until, least_people, most_people)
    every, instead, never, not_people = (
        [WantedPerson((person_called(workspace, number, name),)) for name in names or []]
        for names in ([*(person or []), *(also or [])], either, without, not_person)
    )
    photos, others = (_read(workspace, files or [], encoder) for files in (photo, not_photo))
    if not (photos or every or instead or never or conditions):
        raise BadInput("people.nothing_asked")
    if photos or face:
        every = [WantedPerson(vectors=_faces_meant(photos, face or [])), *every]
    encoder_id, in_force = measured_by(workspace, number, encoder, [query for _, query in (*photos, *others)])
    question = PictureQuestion(
        (*every, *instead, *never),
        _expression(len(every), len(instead), len(never)),
        threshold=in_force if threshold is None else threshold,
        unwanted=(*not_people, *_each_face(others)),
        by_event=by_event,
        **conditions,
    )
    date_pictures(workspace, number, ProgressLine())
    album = Album.of(workspace, number, encoder_id)
    parcel = Parcel(number, dataset, album, ask(album, question), blurred=blur_others)
    _tell_found(workspace, parcel, question, zip_file, as_json)


def _conditions(since: str | None, until: str | None, least: int | None, most: int | None) -> dict[str, Any]:
    """The fields of a `PictureQuestion` about times and numbers of people that something is asked of."""
    told = {
        "since": first_moment(since) if since else None,
        "until": last_moment(until) if until else None,
        "least_people": least,
        "most_people": most,
    }
    return {name: value for name, value in told.items() if value is not None}


def _check_zip(file: Path | None, blur_others: bool) -> None:
    """What cannot be of the zip is said before anything is looked for."""
    if blur_others and file is None:
        raise BadInput("people.blur_without_zip")
    if file is not None and file.exists():
        raise BadInput("people.zip_there", file=str(file))


def _tell_found(
    workspace: Workspace, parcel: Parcel, question: PictureQuestion, zip_file: Path | None, as_json: bool
) -> None:
    found = parcel.found
    matches = listed_matches(workspace, parcel.album, found, parcel.dataset_id)
    result: dict[str, Any] = {"matches": matches, "just_below": found.just_below, "undated": found.undated}
    if zip_file is not None:
        result["left_out"] = _write_zip(workspace, parcel, zip_file)
    tell({**result, "threshold": question.threshold}, as_json, lines=_lines(result, somebody=bool(question.wanted)))
    list_on_stderr([f"left out {item['image']}: {item['reason']}" for item in result.get("left_out", [])])
    raise typer.Exit(1 if result.get("left_out") else 0)


def _write_zip(workspace: Workspace, parcel: Parcel, file: Path) -> list[dict[str, Any]]:
    """Write a parcel into a new file; returns what is not in it, and why. Nothing is left where it is not whole."""
    left_out: list[dict[str, Any]] = []
    with file.open("xb") as target:
        try:
            for part in zipped_parcel(workspace, parcel, left_out):
                target.write(part)
        except BaseException:
            file.unlink()
            raise
    hand_over(file)
    return left_out


def _read(workspace: Workspace, files: Sequence[Path], encoder: str | None) -> list[tuple[str, PhotoQuery]]:
    return [(file.name, photo_query(workspace, file.read_bytes(), file.name, encoder)) for file in files]


def _faces_meant(photos: Sequence[tuple[str, PhotoQuery]], faces: Sequence[int]) -> np.ndarray:
    """(N, D) the face of each photo that is meant."""
    if faces and len(faces) != len(photos):
        raise BadInput("people.face_of_each", photos=len(photos), faces=len(faces))
    numbers: Sequence[int | None] = faces or [None] * len(photos)
    chosen = [meant(query, number, name) for (name, query), number in zip(photos, numbers, strict=True)]
    return np.stack([query.vectors[row] for (_, query), row in zip(photos, chosen, strict=True)])


def _each_face(photos: Sequence[tuple[str, PhotoQuery]]) -> Iterator[WantedPerson]:
    for _, query in photos:
        for vector in query.vectors:
            yield WantedPerson(vectors=vector[None])


def _expression(every: int, instead: int, never: int) -> Expression:
    """Of so many who are numbered in this order: all of the first, or any of the next, and none of the last."""
    people = tuple(map(Shows, range(every + instead + never)))
    all_of, any_of, none_of = people[:every], people[every : every + instead], people[every + instead :]
    either = (*((AllOf(all_of),) if all_of else ()), *any_of)
    return AllOf((*((AnyOf(either),) if either else ()), *map(NotSo, none_of)))


def _lines(result: dict[str, Any], *, somebody: bool) -> Iterator[str]:
    """A search in words."""
    for match in result["matches"]:
        score = "     –" if match["score"] is None else f"{match['score']:.4f}"
        where = f"  {place(tuple(match['box'])).text()}" if match["box"] else ""
        yield one_line(f"{score}  {match['image']}{where}")
    if not result["matches"]:
        yield "no picture shows this person" if somebody else "no picture is as asked for"
    if result["just_below"]:
        yield f"{result['just_below']} more just below the threshold"
    if result["undated"]:
        yield f"{result['undated']} left out: nobody knows when they were taken"
