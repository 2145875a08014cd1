"""Everything that Facet raises on purpose.

    FacetError
    ├── BadInput            a file, an archive or a value from outside is not what it should be
    │   ├── UnreadableImage     not a picture, damaged, too large, of an unknown kind
    │   ├── UnreadableVideo     not a clip, damaged (`decoded`: frames before that), too long, of an unknown kind
    │   └── UnreadableLabels    an annotation file that does not say what its format requires
    ├── NotFound            a dataset, image, person, run or model that is not there
    ├── MissingWeights      a model's file is not on this machine (says which, from where, and where to put it)
    ├── BadWeights          a model's file is there, but is damaged or of another model
    ├── NotEnoughData       the question cannot be answered with what is labelled so far
    ├── Conflict            somebody else changed the same thing first
    ├── OtherStore          what was sent was made in another store than the one that answers
    ├── StoreBusy           others wrote for so long that nothing could be saved
    ├── StoreFull           the disk has no room for what should be saved
    └── Cancelled           a person stopped the run

Each says what is wrong, with what, and what to do about it, as the code of a sentence in `messages` and its fields.
A program reads the class, the code and the fields; the sentence is for people alone.
"""

import copyreg
from collections.abc import Mapping
from typing import Any, Self

from core.foundation.messages import Message, message


class FacetError(Exception):
    """Base of every error that a user may see as a sentence rather than a traceback.

    `of` is what it is about where that is not part of the sentence: a file, a place in one. `str(error)` is English.
    """

    def __init__(self, code: str, /, *, of: object = None, **fields: Any) -> None:
        super().__init__(code)
        self.message = message(code, of=of, **fields)

    @classmethod
    def saying(cls, message: Message) -> Self:
        """The error that says what another error, or a reason found earlier, says."""
        return cls(message.code, of=message.of, **message.fields)

    @property
    def code(self) -> str:
        return self.message.code

    @property
    def of(self) -> str | None:
        return self.message.of

    @property
    def fields(self) -> Mapping[str, Any]:
        return self.message.fields

    @property
    def reason(self) -> str:
        """The English sentence without what it is about."""
        return self.message.reason()

    def __str__(self) -> str:
        return self.message.text()

    def __reduce__(self) -> tuple[Any, ...]:
        return copyreg.__newobj__, (type(self), *self.args), self.__dict__  # type: ignore[attr-defined]


class BadInput(FacetError):
    """A file, an archive or a value from outside is not what it should be."""


class UnreadableImage(BadInput):
    """A file that cannot become a picture."""


class UnreadableVideo(BadInput):
    """A file that cannot become a clip, or not to its end: `decoded` frames came before the damage."""

    def __init__(self, code: str, /, *, of: object = None, decoded: int = 0, **fields: Any) -> None:
        super().__init__(code, of=of, **fields)
        self.decoded = decoded


class UnreadableLabels(BadInput):
    """An annotation file that does not say what its format requires."""


class NotFound(FacetError):
    """A dataset, image, person, run or model that is not there."""


class MissingWeights(FacetError):
    """A model's file is not on this machine."""


class BadWeights(FacetError):
    """A model's file is damaged or belongs to another model."""


class NotEnoughData(FacetError):
    """The question cannot be answered with what is labelled so far."""


class Conflict(FacetError):
    """Somebody else changed the same thing first."""


class OtherStore(FacetError):
    """What was sent was made in another store than the one that answers."""


class StoreBusy(FacetError):
    """Others wrote for so long that nothing could be saved."""

    def __init__(self) -> None:
        super().__init__("store.busy")


class StoreFull(FacetError):
    """The disk has no room for what should be saved, or may not be written."""

    def __init__(self) -> None:
        super().__init__("store.full")


class Cancelled(FacetError):
    """A person stopped the run."""
