"""Datasets in and out: one module per format, all over one in-memory `LabelledDataset`."""

from collections.abc import Callable
from pathlib import Path
from typing import Final, Protocol

from core.formats import coco, facet, identities
from core.formats.dataset import LabelledDataset
from core.formats.manifest import Manifest, sniff
from core.foundation.progress import Progress

__all__ = ["READERS", "WRITERS", "Manifest", "sniff"]


class Writer(Protocol):
    """Writes a dataset into a new or empty folder."""

    def __call__(
        self, dataset: LabelledDataset, folder: Path, *, exported_at: str, progress: Progress | None = None
    ) -> Manifest:
        """Return the manifest that was written."""


READERS: Final[dict[str, Callable[[Path], LabelledDataset]]] = {
    coco.FORMAT: coco.read,
    identities.FORMAT: identities.read,
    facet.FORMAT: facet.read,
}
WRITERS: Final[dict[str, Writer]] = {
    coco.FORMAT: coco.write,
    identities.FORMAT: identities.write,
    facet.FORMAT: facet.write,
}
