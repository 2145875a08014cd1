"""Faces as machines alone know them, and the groups that would be made of them if nobody had decided anything."""

from dataclasses import dataclass, replace
from typing import Self

import numpy as np
from numpy.typing import NDArray
from sqlmodel import Session

from core.clustering.constraints import Constraints
from core.clustering.gate import QualityGate
from core.clustering.linkage import group
from core.clustering.second_cue import NOBODY, second_stage
from core.foundation.arrays import Ints
from core.foundation.progress import Progress
from core.foundation.workspace import Workspace
from core.people.clothes import clothes_of
from core.people.cues import COLOURS, CUES, Cue, cue_called, load_cue
from core.people.evidence import Evidence
from core.people.quality import reason_of
from core.people.search.album import Album
from db.engine import reading
from db.queries.people.quality import qualities


@dataclass(frozen=True, eq=False)
class BlindFaces:
    """N faces in the order of their pictures.

    Attributes
    ----------
    instances, photos, vectors
        (N,) ids, (N,) ids, (N, D) float32 of length 1.
    together, gate
        (N,) whom the faces of a track stay with, -1: free; and who has no say.
    """

    instances: Ints
    photos: Ints
    vectors: NDArray[np.float32]
    together: Ints
    gate: QualityGate

    @classmethod
    def of(cls, workspace: Workspace, dataset_id: int, encoder_id: int) -> Self:
        """What the store knows but for names, people and decisions."""
        known = Evidence.of(workspace, dataset_id, encoder_id)
        with reading(workspace.engine) as session:
            poor = _poor(workspace, dataset_id, session=session)
        evidence = replace(known, ownerships={}, separations=[], poor=poor)
        limits = evidence.limits(regroup=True)
        gate = evidence.gate(limits, workspace.settings.attach_margin)
        faces = evidence.faces
        order = np.lexsort((faces.instances, faces.images))
        return cls(
            faces.instances[order],
            faces.images[order],
            faces.vectors[order],
            limits.together[order],
            replace(gate, silent=gate.silent[order]),
        )

    def __len__(self) -> int:
        return len(self.instances)

    def first(self, count: int) -> Self:
        """The same of the first faces alone."""
        gate = replace(self.gate, silent=self.gate.silent[:count])
        photos, together = self.photos[:count], self.together[:count]
        return type(self)(self.instances[:count], photos, self.vectors[:count], together, gate)

    def grouped(self, threshold: float) -> Ints:
        """(N,) int64 what `group_people` would make of them afresh: tracks are people, poor faces have no say."""
        apart = np.zeros((0, 2), np.int64)
        return group(self.vectors, threshold, Constraints(self.together, (), self.photos, apart), gate=self.gate)


@dataclass(frozen=True, eq=False)
class WornClothes:
    """What is worn below each of N faces (N, D), NaN where it cannot be seen, and (N,) the event or shot of each.

    `sure` says how sure a link by it has to be.
    """

    cue: NDArray[np.float32]
    scenes: Ints
    sure: Cue = CUES[COLOURS]

    @classmethod
    def of(cls, workspace: Workspace, dataset_id: int, instances: Ints, progress: Progress, cue: str = COLOURS) -> Self:
        """Look at the pictures of the faces; raises as `load_cue`."""
        sure, descriptor = cue_called(cue), load_cue(workspace, cue)
        album = Album.of(workspace, dataset_id, None)
        scene_of = dict(zip(album.faces.tolist(), album.events[album.rows].tolist(), strict=True))
        scenes = np.array([scene_of.get(face, -1) for face in instances.tolist()], np.int64)
        return cls(clothes_of(workspace, instances, descriptor, progress), scenes, sure)

    def given(self, labels: Ints, photos: Ints) -> Ints:
        """(M,) the labels of the first faces, where those alone in their group go by clothes, as `link_by_clothes`."""
        count = len(labels)
        alone = np.bincount(labels, minlength=1)[labels] == 1
        loose = np.where(alone, NOBODY, labels)
        found = labels.copy()
        cue, scenes = self.cue[:count], self.scenes[:count]
        for link in second_stage(loose, cue, scenes, photos[:count], least=self.sure.least, margin=self.sure.margin):
            found[link.face] = link.label
        return found


def _poor(workspace: Workspace, dataset_id: int, *, session: Session) -> frozenset[int]:
    """Faces too poor to tell a person by, whatever a human has said."""
    measured = qualities(dataset_id, session=session).items()
    return frozenset(instance for instance, quality in measured if reason_of(quality, workspace.settings))
