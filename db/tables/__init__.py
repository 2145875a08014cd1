"""Every table of the store.

Human work is sacred: keypoint revisions and people events are only ever appended, predictions and human labels are
rows of their own, and each human row names its author. Where a row repeats what others say (`Instance.revision_id`,
`Image.faces`, `DailyWork`), it is written in the same transaction, so that a page never has to count a million rows.
"""

from db.tables.columns import Moment, now
from db.tables.labels import Embedding, Instance, KeypointRevision, ModelUse, ModelVersion, Scan, Source, WaitingLabel
from db.tables.library import Dataset, Frame, Image, ImagePath, ImageState, User, Video
from db.tables.models import Exclusion, GroupPart, Part, Prediction, Promotion, TrainedModel
from db.tables.people import Assignment, Pair, PeopleEvent, Person, Separation, Threshold
from db.tables.runs import DailyWork, Export, Run, RunState, Skipped

__all__ = [
    "Assignment",
    "DailyWork",
    "Dataset",
    "Embedding",
    "Exclusion",
    "Export",
    "Frame",
    "GroupPart",
    "Image",
    "ImagePath",
    "ImageState",
    "Instance",
    "KeypointRevision",
    "ModelUse",
    "ModelVersion",
    "Moment",
    "Pair",
    "Part",
    "PeopleEvent",
    "Person",
    "Prediction",
    "Promotion",
    "Run",
    "RunState",
    "Scan",
    "Separation",
    "Skipped",
    "Source",
    "Threshold",
    "TrainedModel",
    "User",
    "Video",
    "WaitingLabel",
    "now",
]
