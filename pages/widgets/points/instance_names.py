"""What the faces and people of a picture are called on its page, as in the editor."""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any


def instance_names(instances: Iterable[Mapping[str, Any]]) -> dict[int, str]:
    """The name of each instance of a picture (as `core.points.annotating.editor_instances` gives them), by its id: of
    the person whose it is, else its number among those of its kind, from 1."""
    numbers = Counter[str]()
    names = {}
    for instance in instances:
        numbers[instance["kind"]] += 1
        names[instance["id"]] = instance["label"] or f"{instance['kind']} {numbers[instance['kind']]}"
    return names
