"""A store with everything that an export has to carry: corrections, hidden and absent points, people, odd names."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from sqlmodel import Session, select

from core.foundation.arrays import ABSENT, Keypoints
from core.foundation.messages import verbatim, worded
from core.foundation.skeletons import SKELETONS
from core.foundation.workspace import Workspace
from core.jobs.runs import submit
from core.library.importing import PictureIntake
from core.library.intake import ImportOptions
from db.engine import reading
from db.tables import Assignment, Image, Instance, KeypointRevision, PeopleEvent, Person, Separation
from db.writes.library import refresh_picture
from db.writes.models import ensure_model_version, note_model_use
from db.writes.people import ensure_person
from db.writing import writing

NAMES = (
    "Ada/1.png",
    "Ada/2.png",
    "b, \"quoted\" 'and' more.png",
    "=SUM(A1).png",
    "日本語 😀.png",
    "line\nbreak.png",
    "z.png",
    "Zoe\u0308/1.png",
    "{braces} %s.png",
)


def fill(workspace: Workspace, dataset: int, author: int, folder: Path, picture) -> None:
    """Import odd names twice over (two pictures of each path of the second folder) and label them by a seed."""
    for part, names in enumerate((NAMES, NAMES[:3])):
        source = folder / str(part)
        for number, name in enumerate(names):
            (source / name).parent.mkdir(parents=True, exist_ok=True)
            (source / name).write_bytes(picture(100 * part + number, size=(120, 90)))
        (source / "same again.png").write_bytes(picture(0, size=(120, 90)))
        (source / "broken.jpg").write_bytes(b"no picture")
        run_id = submit(workspace, "import", dataset_id=dataset, author_id=author, parameters={})
        PictureIntake(
            workspace, dataset_id=dataset, author_id=author, run_id=run_id, options=ImportOptions(part == 0)
        ).take_source(source)
    with writing(workspace.engine) as session:
        _label(dataset, author, session=session)


def _label(dataset: int, author: int, session: Session) -> None:
    rng = np.random.default_rng(0)
    models = [
        ensure_model_version("dlib-68", "landmarks", weights * 64, {"b": 1, "a": [1.5, None]}, session=session)
        for weights in "ba"
    ]
    for model in models:
        note_model_use(dataset, model, session=session)
    people = [ensure_person(dataset, name, author, session=session) for name in ("Ada", "Zoë", "=Eve", "nobody yet")]
    unnamed = [Person(dataset_id=dataset) for _ in range(3)]
    session.add_all(unnamed)
    session.flush()
    owners = [people[1], unnamed[1].id, people[0], unnamed[0].id, people[2], None]
    # from the last picture to the first, so that no order of numbers happens to be that of the paths
    for number, image in enumerate(reversed(session.exec(select(Image)).all())):
        for kind, skeleton in (("face", "face68"), ("person", "body24"))[: 1 + number % 2]:
            owner = owners[number % len(owners)] if kind == "face" else None
            _instance(image, kind, skeleton, owner, models[number % 2], author, number, rng, session=session)
        if number == 4:
            session.add(Instance(dataset_id=dataset, image_id=image.id, kind="face", left=1, top=1, right=9, bottom=9))
        if number == 5:
            image.reason = verbatim("nothing was found").to_json()
        if number == 6:
            session.add(
                Instance(
                    dataset_id=dataset, image_id=image.id, kind="face", left=3, top=4, right=12, bottom=9, removed=True
                )
            )
        session.flush()
        refresh_picture(image.id, session=session)
    _separate(dataset, author, people[3], session)


def _separate(dataset: int, author: int, somebody: int, session: Session) -> None:
    """The first face is none of the next two people with a face, and not somebody who has none."""
    rows = session.exec(select(Assignment).order_by(Assignment.instance_id)).all()
    others = list(dict.fromkeys(row.person_id for row in rows if row.person_id != rows[0].person_id))
    event = PeopleEvent(dataset_id=dataset, kind="release", summary=verbatim("not these").to_json(), author_id=author)
    session.add(event)
    session.flush()
    session.add_all(
        Separation(instance_id=rows[0].instance_id, person_id=person, event_id=event.id)
        for person in (*others[:2], somebody)
    )


def _instance(
    image: Image,
    kind: str,
    skeleton: str,
    owner: int | None,
    model: int,
    author: int,
    number: int,
    rng: np.random.Generator,
    session: Session,
) -> None:
    left, top = rng.uniform(-5, 60, 2).astype(np.float32).tolist()
    human = number % 3 == 0
    made = Instance(
        dataset_id=image.dataset_id,
        image_id=image.id,
        kind=kind,
        left=left,
        top=top,
        right=left + 33.3,
        bottom=top + 27.7,
        score=None if human else float(rng.random()),
        origin="human" if human else "model",
        author_id=author if human else None,
        five_points=None if number % 2 else rng.uniform(0, 90, (5, 2)).astype("<f4").tobytes(),
    )
    session.add(made)
    session.flush()
    for source in ("model", "human") if human else ("model",):
        count = len(SKELETONS[skeleton])
        seen = rng.integers(0, 3, count)
        seen[0] = ABSENT
        confidence = np.ones(count) if source == "human" else rng.random(count)
        points = Keypoints.of(rng.uniform(-10, 130, (count, 2)), seen, confidence)
        revision = KeypointRevision(
            instance_id=made.id,
            skeleton=skeleton,
            points=points.to_bytes(),
            source=source,
            review="accepted" if source == "human" else "open",
            author_id=author if source == "human" else None,
            model_version_id=model if source == "model" else None,
        )
        session.add(revision)
        session.flush()
        made.revision_id = revision.id
    if owner is not None:
        source = "human" if human else "model"
        session.add(Assignment(instance_id=made.id, dataset_id=image.dataset_id, person_id=owner, source=source))


def summary(workspace: Workspace) -> dict:
    """What a round trip has to keep, without any id."""
    with reading(workspace.engine) as session:
        instances = session.exec(
            select(Image.sha256, Instance, KeypointRevision, Assignment, Person.name)
            .join(Instance, Instance.image_id == Image.id)
            .join(KeypointRevision, KeypointRevision.id == Instance.revision_id, isouter=True)
            .join(Assignment, Assignment.instance_id == Instance.id, isouter=True)
            .join(Person, Person.id == Assignment.person_id, isouter=True)
            .where(~Instance.removed)
        ).all()
        return {
            "images": sorted(
                (row.sha256, row.width, row.height, row.state, worded(row.reason) or "", row.identity or "", row.faces)
                for row in session.exec(select(Image))
            ),
            "instances": sorted(
                (
                    sha256,
                    row.kind,
                    *np.float32([row.left, row.top, row.right, row.bottom]).tolist(),
                    row.origin,
                    -1 if row.score is None else float(np.float32(row.score)),
                    row.five_points or b"",
                    revision.points if revision else b"",
                    revision.source if revision else "",
                    revision.review if revision else "",
                    owner.source if owner else "",
                    name or "",
                )
                for sha256, row, revision, owner, name in instances
            ),
            "apart": sorted(
                (sha256, row.left, name or "")
                for sha256, row, name in session.exec(
                    select(Image.sha256, Instance, Person.name)
                    .join(Instance, Instance.image_id == Image.id)
                    .join(Separation, Separation.instance_id == Instance.id)
                    .join(Person, Person.id == Separation.person_id)
                    .join(PeopleEvent, PeopleEvent.id == Separation.event_id)
                    .where(~PeopleEvent.undone)
                )
            ),
            "removed": sorted(
                (sha256, row.kind, row.left, row.top, row.right, row.bottom)
                for sha256, row in session.exec(
                    select(Image.sha256, Instance).join(Instance, Instance.image_id == Image.id).where(Instance.removed)
                )
            ),
            "names": sorted(name for name in session.exec(select(Person.name)) if name),
        }
