"""Face encoders: which there are, fetching those that are not here yet, and which one a dataset is judged by."""

from dataclasses import dataclass
from pathlib import Path

from core.foundation.errors import NotFound
from core.foundation.messages import message
from core.foundation.progress import DEAF, Progress
from core.foundation.workspace import Workspace
from core.models import ENCODERS, available_encoders, encoder_threshold
from core.models.fetching import fetch
from core.models.weights import WEIGHTS
from db.engine import reading
from db.queries.people.vectors import encoder_versions
from db.queries.verification import newest_threshold
from db.tables import ModelVersion


@dataclass(frozen=True)
class EncoderChoice:
    """An encoder that can be chosen: what it is, whether it runs now, else what it lacks, and whether a fetch helps."""

    name: str
    about: str
    ready: bool
    missing: str | None
    fetchable: bool
    licence: str


def encoder_choices(workspace: Workspace) -> list[EncoderChoice]:
    """Every encoder, the one of the settings first."""
    choices = []
    for name, missing in available_encoders(workspace.weights).items():
        spec = ENCODERS.get(name)
        files = [WEIGHTS[needed] for needed in spec.weights] if spec else []
        choices.append(
            EncoderChoice(
                name=name,
                about=spec.description if spec else "An ONNX file in the weights folder.",
                ready=missing is None,
                missing=missing,
                fetchable=missing is not None and all(file.url is not None for file in files),
                licence="; ".join(dict.fromkeys(file.licence for file in files)),
            )
        )
    return sorted(choices, key=lambda choice: choice.name != workspace.settings.encoder)


def fetch_encoder(workspace: Workspace, name: str, progress: Progress = DEAF) -> dict[str, int]:
    """Download the weights of an encoder; progress counts bytes. Returns how many ``files`` and ``bytes`` are there.

    Raises
    ------
    NotFound
        If there is no such encoder.
    MissingWeights
        If they cannot be fetched, or what came is not what it should be.
    """
    if name not in ENCODERS:
        raise NotFound("models.no_encoder", name=name, choices=list(ENCODERS))
    files = [_fetch(workspace, needed, progress) for needed in ENCODERS[name].weights]
    return {"files": len(files), "bytes": sum(file.stat().st_size for file in files)}


def fetch_weights(workspace: Workspace, name: str, progress: Progress = DEAF) -> dict[str, int]:
    """Download a weights file by its own name; progress and errors as `fetch_encoder`."""
    return {"files": 1, "bytes": _fetch(workspace, name, progress).stat().st_size}


def _fetch(workspace: Workspace, weights: str, progress: Progress) -> Path:
    begun = False

    def report(done: int, total: int | None) -> None:
        nonlocal begun
        if not begun:
            progress.begin(total or 0, message=message("progress.fetching"))
        begun = True
        progress.advance(done)

    return fetch(weights, workspace.weights, report, workspace.settings.weights_mirror or None)


def encoder_of(workspace: Workspace, dataset_id: int, encoder: str | None = None) -> ModelVersion:
    """The newest version of an encoder (default: of the settings, else any) that has embedded this dataset's faces.

    Raises
    ------
    NotFound
        If there is none.
    """
    with reading(workspace.engine) as session:
        versions = encoder_versions(dataset_id, session=session)
    wanted = encoder or workspace.settings.encoder
    for version in versions:
        if version.name == wanted:
            return version
    if encoder is None and versions:
        return versions[0]
    raise NotFound("people.no_embedding", encoder=wanted)


def threshold_of(workspace: Workspace, dataset_id: int, version: ModelVersion) -> float:
    """The threshold in force: the one saved last, else the encoder's own."""
    with reading(workspace.engine) as session:
        saved = newest_threshold(dataset_id, version.id, session=session)
    return saved.value if saved else own_threshold(workspace, version)


def own_threshold(workspace: Workspace, version: ModelVersion) -> float:
    """The encoder's own threshold, whatever was saved."""
    return encoder_threshold(version.name, workspace.weights)
