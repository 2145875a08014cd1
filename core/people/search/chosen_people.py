"""People as somebody names them: by name, or by number."""

from core.foundation.errors import BadInput, NotFound
from core.foundation.names import alike, clean_name
from core.foundation.workspace import Workspace
from db.engine import LARGEST_ID, reading
from db.queries.people.listing import person_names, person_summary


def person_called(workspace: Workspace, dataset_id: int, called: str) -> int:
    """The id of the person of that name (upper and lower case are one where nobody else is meant), else of that number.

    Raises
    ------
    NotFound
        If there is nobody.
    """
    with reading(workspace.engine) as session:
        names = {name: number for number, name in person_names(dataset_id, session=session)}
        try:
            known = alike(clean_name(called) or "", names)
        except BadInput:  # longer than any name here
            known = None
        if known is not None:
            return names[known]
        number = int(called) if called.isdecimal() and len(called) < 20 else 0
        if 0 < number <= LARGEST_ID and person_summary(number, dataset_id=dataset_id, session=session):
            return number
    raise NotFound("people.nobody_called", name=called)
