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
    ├── StoreBusy           others wrote for so long that nothing could be saved
    ├── StoreFull           the disk has no room for what should be saved
    └── Cancelled           a person stopped the run

The text of each is one sentence for the user: what is wrong, with what, and what to do about it.
"""


class FacetError(Exception):
    """Base of every error that a user may see as a sentence rather than a traceback."""


class BadInput(FacetError):
    """A file, an archive or a value from outside is not what it should be."""


class UnreadableImage(BadInput):
    """A file that cannot become a picture."""


class UnreadableVideo(BadInput):
    """A file that cannot become a clip, or not to its end: `decoded` frames came before the damage."""

    def __init__(self, sentence: str, decoded: int = 0) -> None:
        super().__init__(sentence)
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


class StoreBusy(FacetError):
    """Others wrote for so long that nothing could be saved."""

    def __init__(self) -> None:
        super().__init__("other work kept the store busy for too long and nothing was saved; try again in a moment")


class StoreFull(FacetError):
    """The disk has no room for what should be saved."""

    def __init__(self) -> None:
        super().__init__("the store cannot be written: the disk is full or damaged; make room, then do it again")


class Cancelled(FacetError):
    """A person stopped the run."""
