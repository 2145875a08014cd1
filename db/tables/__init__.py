"""Every table of the store.

Human work is sacred: keypoint revisions and people events are only ever appended, predictions and human labels are
rows of their own, and each human row names its author. Where a row repeats what others say (`Instance.revision_id`,
`Image.faces`, `DailyWork`), it is written in the same transaction, so that a page never has to count a million rows.
"""

from db.tables.columns import MessageText, Moment, now
from db.tables.exchange import Export
from db.tables.jobs import DailyWork, Run, RunState, SkippedInput, WorkKind
from db.tables.library import (
    SET_ASIDE,
    TO_REVIEW,
    CaptureTime,
    Dataset,
    Exclusion,
    Frame,
    GroupPart,
    Image,
    ImagePath,
    ImageState,
    Part,
    Scan,
    User,
    Video,
)
from db.tables.models import ModelUse, ModelVersion, Prediction, Promotion, TrainedModel
from db.tables.motion import PROPOSAL, ClipEdit, Track
from db.tables.people import Assignment, Embedding, FaceQuality, PeopleEvent, Person, Separation
from db.tables.points import (
    TRUTH,
    BoxRevision,
    BoxSource,
    Instance,
    KeypointRevision,
    Review,
    Source,
    WaitingLabel,
    sides,
)
from db.tables.store import Store
from db.tables.verification import Pair, Threshold

__all__ = [
    "PROPOSAL",
    "SET_ASIDE",
    "TO_REVIEW",
    "TRUTH",
    "Assignment",
    "BoxRevision",
    "BoxSource",
    "CaptureTime",
    "ClipEdit",
    "DailyWork",
    "Dataset",
    "Embedding",
    "Exclusion",
    "Export",
    "FaceQuality",
    "Frame",
    "GroupPart",
    "Image",
    "ImagePath",
    "ImageState",
    "Instance",
    "KeypointRevision",
    "MessageText",
    "ModelUse",
    "ModelVersion",
    "Moment",
    "Pair",
    "Part",
    "PeopleEvent",
    "Person",
    "Prediction",
    "Promotion",
    "Review",
    "Run",
    "RunState",
    "Scan",
    "Separation",
    "SkippedInput",
    "Source",
    "Store",
    "Threshold",
    "Track",
    "TrainedModel",
    "User",
    "Video",
    "WaitingLabel",
    "WorkKind",
    "now",
    "sides",
]
