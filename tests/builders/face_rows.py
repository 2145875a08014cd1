"""Putting tiny pictures into a dataset, running “find faces” on it, and reading what the store holds then."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from sqlmodel import col, func, select

from core.foundation.progress import DEAF, Progress
from core.foundation.workspace import Workspace
from core.jobs.runs import submit
from core.library.importing import PictureIntake
from core.people.finding import complete_faces, find_faces
from db.engine import reading
from db.tables import Embedding, Image, Instance, KeypointRevision, Scan


class Faces:
    """One dataset, its pictures and its faces."""

    def __init__(self, workspace: Workspace, dataset: int, author: int, folder: Path) -> None:
        self.workspace, self.dataset, self.author, self.folder = workspace, dataset, author, folder

    def run(self, kind: str = "faces") -> int:
        return submit(self.workspace, kind, dataset_id=self.dataset, author_id=self.author, parameters={})

    def add(self, pictures: Mapping[str, bytes]) -> None:
        for name, content in pictures.items():
            self.folder.mkdir(exist_ok=True)
            (self.folder / name).write_bytes(content)
        PictureIntake(
            self.workspace, dataset_id=self.dataset, author_id=self.author, run_id=self.run("import")
        ).take_source(self.folder)

    def find(self, run_id: int | None = None, progress: Progress = DEAF) -> int:
        number = run_id or self.run()
        find_faces(self.workspace, dataset_id=self.dataset, run_id=number, progress=progress)
        return number

    def complete(self, encoder: str | None = None) -> tuple[int, int]:
        """Id of the run, and how many faces were left."""
        run_id = self.run()
        return run_id, complete_faces(self.workspace, dataset_id=self.dataset, run_id=run_id, encoder=encoder).left

    def image(self, name: str) -> Image:
        with reading(self.workspace.engine) as session:
            return session.exec(select(Image).where(Image.dataset_id == self.dataset, Image.path == name)).one()

    def faces(self, name: str | None = None) -> list[Instance]:
        with reading(self.workspace.engine) as session:
            chosen = select(Instance).where(Instance.dataset_id == self.dataset).order_by(col(Instance.id))
            if name is not None:
                chosen = chosen.where(Instance.image_id == self.image(name).id)
            return list(session.exec(chosen))

    def scans(self) -> list[Scan]:
        with reading(self.workspace.engine) as session:
            return list(session.exec(select(Scan).order_by(col(Scan.image_id))))

    def embeddings(self, instance: int | None = None) -> list[Embedding]:
        with reading(self.workspace.engine) as session:
            chosen = select(Embedding).order_by(col(Embedding.instance_id), col(Embedding.model_version_id))
            return list(session.exec(chosen.where(Embedding.instance_id == instance) if instance else chosen))

    def revisions(self, instance: int) -> list[KeypointRevision]:
        with reading(self.workspace.engine) as session:
            chosen = select(KeypointRevision).where(KeypointRevision.instance_id == instance)
            return list(session.exec(chosen.order_by(col(KeypointRevision.id))))

    def counts(self) -> tuple[int, int, int]:
        """Instances, revisions and embeddings in the whole store."""
        with reading(self.workspace.engine) as session:
            return tuple(
                session.exec(select(func.count()).select_from(table)).one()
                for table in (Instance, KeypointRevision, Embedding)
            )
