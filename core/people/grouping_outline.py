"""What a grouping would change, short enough to be kept with the run that has looked."""

from collections.abc import Iterable, Sequence
from typing import Any, Final

from core.foundation.progress import DEAF, Progress
from core.foundation.workspace import Workspace
from core.people.kept_trees import people_tree
from core.people.what_if import GroupingPreview
from db.engine import reading
from db.queries.people.vectors import people_state
from db.tables import ModelVersion

_PEOPLE: Final = 6  # of those who would be split, and of the groups that would be joined
_PARTS: Final = 6  # of each
_FACES: Final = 5  # of a part


def outline_grouping(
    workspace: Workspace,
    dataset_id: int,
    encoder_id: int,
    threshold: float,
    *,
    regroup: bool,
    progress: Progress = DEAF,
) -> dict[str, Any]:
    """`PeopleTree.preview` as counts, with some faces of the first who would change.

    Returns
    -------
    dict
        ``people_now``, ``people_then``, ``placed``; ``split`` and ``joined``, how many; of the first of each
        ``split_people`` [{person, parts, first}] and ``joined_people`` [{people, first}] with the first parts, each
        {person, count, faces}; and ``state``, the `people_state` that was looked at.
    """
    with reading(workspace.engine) as session:
        state = people_state(dataset_id, encoder_id, session=session)
        encoder = session.get_one(ModelVersion, encoder_id)
    people = people_tree(workspace, dataset_id, encoder, least=threshold, regroup=regroup, progress=progress)
    found = people.preview(threshold)
    return {
        "people_now": found.people_now,
        "people_then": found.people_then,
        "placed": found.placed,
        "split": len(found.split),
        "joined": len(found.joined),
        "split_people": _split(found),
        "joined_people": [{"people": len(group), "first": _parts(group.items())} for group in found.joined[:_PEOPLE]],
        "state": list(state),
    }


def _split(found: GroupingPreview) -> list[dict[str, Any]]:
    return [
        {"person": person, "parts": len(parts), "first": _parts((person, part) for part in parts)}
        for person, parts in list(found.split.items())[:_PEOPLE]
    ]


def _parts(parts: Iterable[tuple[int, Sequence[int]]]) -> list[dict[str, Any]]:
    shown = list(parts)[:_PARTS]
    return [{"person": person, "count": len(faces), "faces": list(faces[:_FACES])} for person, faces in shown]
