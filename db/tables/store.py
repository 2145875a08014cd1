"""Which store this is."""

from sqlmodel import Field, SQLModel

from db.tables.columns import random_name


class Store(SQLModel, table=True):
    """The one row that tells this store from every other that may answer at the same address.

    The random `id` is given at the store's birth. `copied` is true in a backup: put back, it is a store of its own and
    gets another id when it is opened (`db.migrate.own_id`), for what browsers kept was made on top of what is no
    longer there.
    """

    id: str = Field(default_factory=random_name, primary_key=True)
    copied: bool = False
