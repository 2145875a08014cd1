"""A dataset with labels to learn from: pictures of people, clips, points that are known by hand, stored predictions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from sqlmodel import select

from core.foundation.arrays import Keypoints, Uncertainty
from core.foundation.workspace import Workspace
from db.engine import reading
from db.tables import (
    Frame,
    GroupPart,
    Image,
    Instance,
    KeypointRevision,
    Prediction,
    Review,
    Source,
    TrainedModel,
    Video,
)
from db.writes.models import ensure_model_version
from db.writing import writing

K = 68


def face(shift: float | tuple[float, float] = 0.0) -> np.ndarray:
    """(68, 2) pixels: a grid whose outer eye corners (36 and 45) are 100 pixels apart."""
    points = np.stack([np.arange(K) % 10 * 10.0, np.arange(K) // 10 * 12.0], axis=1)
    points[36], points[45] = (10.0, 40.0), (110.0, 40.0)
    return points + np.asarray(shift)


class Shelf:
    """One dataset, filled row by row."""

    def __init__(self, workspace: Workspace, dataset: int, author: int) -> None:
        self.workspace, self.dataset, self.author = workspace, dataset, author
        self._number = 0

    def split(self, parts: Mapping[str, str]) -> None:
        """Give groups their parts."""
        with writing(self.workspace.engine) as session:
            for group, part in parts.items():
                session.merge(GroupPart(dataset_id=self.dataset, group=group, part=part))

    def people(self, names: str = "abcd") -> dict[str, int]:
        """Two labelled pictures of each person, by name and number; of `a` and `b` is held out."""
        self.split({f"person {name}": "test" if name in "ab" else "train" for name in names})
        return {
            f"{name}{i}": self.instance(self.image(f"{name}/{i}.png", identity=name), face())
            for name in names
            for i in range(2)
        }

    def image(self, path: str, *, sequence: str | None = None, identity: str | None = None) -> int:
        self._number += 1
        with writing(self.workspace.engine) as session:
            image = Image(
                dataset_id=self.dataset,
                path=path,
                sha256=f"{self._number:064d}",
                size_bytes=1,
                width=200,
                height=150,
                format="PNG",
                original=f"originals/{self._number}",
                sequence=sequence,
                identity=identity,
            )
            session.add(image)
            session.flush()
            return image.id

    def instance(
        self,
        image_id: int,
        points: np.ndarray | None = None,
        *,
        human: bool = True,
        kind: str = "face",
        skeleton: str = "face68",
        version: int | None = None,
        review: str | None = None,
    ) -> int:
        """An instance with a box of 0, 0, 120, 90 and perhaps a revision; gives its id."""
        with writing(self.workspace.engine) as session:
            one = Instance(dataset_id=self.dataset, image_id=image_id, kind=kind, left=0, top=0, right=120, bottom=90)
            session.add(one)
            session.flush()
            if points is not None:
                revision = KeypointRevision(
                    instance_id=one.id,
                    skeleton=skeleton,
                    points=Keypoints.of(points).to_bytes(),
                    source=Source.HUMAN if human else Source.MODEL,
                    review=review or (Review.ACCEPTED if human else Review.OPEN),
                    author_id=self.author if human else None,
                    model_version_id=version,
                )
                session.add(revision)
                session.flush()
                one.revision_id = revision.id
            return one.id

    def clip(self, path: str, images: Sequence[int]) -> int:
        with writing(self.workspace.engine) as session:
            video = Video(
                dataset_id=self.dataset,
                path=path,
                sha256=path,
                width=200,
                height=150,
                frames=len(images),
                frames_per_second=25.0,
                original="originals/v",
            )
            session.add(video)
            session.flush()
            for i, image in enumerate(images):
                session.add(Frame(video_id=video.id, index=i, seconds=i / 25, image_id=image))
            return video.id

    def model(self, name: str, skeleton: str = "face68", *, trained: bool = True) -> int:
        """A version of a model, as if it had been trained here; gives its id."""
        with writing(self.workspace.engine) as session:
            version = ensure_model_version(name, "landmarks", name[:1] * 64, {"flip_test": False}, session=session)
            if trained:
                session.add(
                    TrainedModel(
                        model_version_id=version,
                        dataset_id=self.dataset,
                        recipe="quick",
                        recipe_settings={"rate": 0.001},
                        skeleton=skeleton,
                        file=f"models/{name}.safetensors",
                        author_id=self.author,
                    )
                )
            return version

    def predict(self, instance: int, version: int, points: np.ndarray, skeleton: str = "face68") -> None:
        with writing(self.workspace.engine) as session:
            session.add(
                Prediction(
                    instance_id=instance,
                    model_version_id=version,
                    skeleton=skeleton,
                    points=Keypoints.of(points).to_bytes(),
                    uncertainty=Uncertainty.unknown(len(points)).to_bytes(),
                )
            )

    def predicted_points(self, version: int, instances: Sequence[int]) -> np.ndarray:
        """(N, K, 2) pixels that a version has stored for these instances, in their order."""
        with reading(self.workspace.engine) as session:
            mine = select(Prediction).where(Prediction.model_version_id == version)
            rows = {row.instance_id: Keypoints.from_bytes(row.points).points for row in session.exec(mine)}
        return np.stack([rows[instance] for instance in instances])
