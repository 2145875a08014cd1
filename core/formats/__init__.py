"""Datasets in and out: one module per format, all over one in-memory `LabelledDataset`."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Final

from core.formats import coco, coco_reading, facet, identities, identities_reading, xmp_regions
from core.formats.dataset import LabelledDataset
from core.formats.export import write_export

READERS: Final[dict[str, Callable[[Path], LabelledDataset]]] = {
    "coco": coco_reading.read,
    "identities": identities_reading.read,
    "facet": facet.read,
}
# Each takes (dataset, folder, exported_at=..., progress=...).
WRITERS: Final = {
    "coco": partial(write_export, format_name="coco", payloads=(coco.write_annotations,)),
    "identities": partial(
        write_export, format_name="identities", payloads=(identities.write_reduced, xmp_regions.write_sidecars)
    ),
    "facet": partial(write_export, format_name="facet", payloads=(coco.write_annotations, identities.write_tables)),
}
