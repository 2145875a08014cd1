"""Reading from the store of a test."""

import pytest

from db.engine import reading


@pytest.fixture
def read(workspace):
    """What one query gives, in a reading of its own."""

    def run(query, *arguments):
        with reading(workspace.engine) as session:
            return query(*arguments, session=session)

    return run
