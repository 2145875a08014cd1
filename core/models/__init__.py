"""The face models by name: detectors, landmarkers, encoders. Only the loaders load a network library."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final, Generic, TypeVar

from core.foundation.errors import FacetError, MissingWeights, NotFound
from core.foundation.messages import message
from core.models import weights
from core.models.faces.interfaces import Detector, Encoder, Landmarker

ONNX: Final = "onnx:"  # an encoder out of any ONNX file is called "onnx:" and the file
T = TypeVar("T")


@dataclass(frozen=True)
class Spec(Generic[T]):
    """One line of a registry.

    Attributes
    ----------
    weights
        Names in `core.models.weights.WEIGHTS` that must be on this machine.
    loader
        Called with the device ("auto", "cpu" or "cuda") and the weights folder; imports its library only then.
    threshold, description
        Of an encoder: see `encoder_threshold`, and one sentence for people.
    """

    weights: tuple[str, ...]
    loader: Callable[[str, Path], T]
    threshold: float = 0.0
    description: str = ""


def _mtcnn(device: str, folder: Path) -> Detector:
    from core.models.faces.mtcnn import MtcnnDetector

    return MtcnnDetector([weights.locate(name, folder) for name in DETECTORS["mtcnn"].weights], device)


def _dlib68(device: str, folder: Path) -> Landmarker:  # noqa: ARG001  (dlib's trees run on the CPU)
    from core.models.faces.dlib_landmarks import Dlib68Landmarker

    return Dlib68Landmarker(weights.locate("dlib-68", folder))


def _dlib_resnet(device: str, folder: Path) -> Encoder:
    from core.models.faces.dlib_resnet import DlibResnetEncoder

    return DlibResnetEncoder(weights.locate("dlib-resnet", folder), ENCODERS["dlib-resnet"].threshold, device)


def _facenet(name: str, device: str, folder: Path) -> Encoder:
    from core.models.faces.facenet import FacenetEncoder

    return FacenetEncoder(name, weights.locate(name, folder), ENCODERS[name].threshold, device)


def _facenet_spec(name: str, pictures: str) -> Spec[Encoder]:
    return Spec((name,), partial(_facenet, name), 0.5, f"InceptionResnetV1 trained on {pictures}, 512 numbers.")


DETECTORS: Final[dict[str, Spec[Detector]]] = {"mtcnn": Spec(("mtcnn-pnet", "mtcnn-rnet", "mtcnn-onet"), _mtcnn)}
LANDMARKERS: Final[dict[str, Spec[Landmarker]]] = {"dlib-68": Spec(("dlib-68",), _dlib68)}
ENCODERS: Final[dict[str, Spec[Encoder]]] = {
    "dlib-resnet": Spec(("dlib-resnet",), _dlib_resnet, 0.92, "dlib's face ResNet, 128 numbers; needs no download."),
    "facenet-vggface2": _facenet_spec("facenet-vggface2", "VGGFace2"),
    "facenet-casia": _facenet_spec("facenet-casia", "CASIA-WebFace"),
}


def load_detector(name: str, device: str, weights_folder: Path) -> Detector:
    """A face detector.

    Parameters
    ----------
    name
        One of `DETECTORS`.
    device
        "auto", "cpu" or "cuda".
    weights_folder
        Where fetched weights lie.

    Raises
    ------
    NotFound
        If there is no such detector.
    MissingWeights, BadWeights
        If its files are not here, or not what they should be.
    BadInput
        If the device is not there.
    """
    return _spec(DETECTORS, name, "detector").loader(device, weights_folder)


def load_landmarker(name: str, device: str, weights_folder: Path) -> Landmarker:
    """A landmark locator, one of `LANDMARKERS`; the rest as `load_detector`."""
    return _spec(LANDMARKERS, name, "landmarker").loader(device, weights_folder)


def load_encoder(name: str, device: str, weights_folder: Path) -> Encoder:
    """A face encoder, one of `ENCODERS` or "onnx:FILE"; the rest as `load_detector`.

    FILE is a path, or a file in the weights folder. How its input is normalised and which threshold it has is told in
    `core.models.faces.onnx_faces`.
    """
    if name.startswith(ONNX):
        from core.models.faces.onnx_faces import OnnxEncoder

        return OnnxEncoder(name, find_onnx(name, weights_folder))
    return _spec(ENCODERS, name, "encoder").loader(device, weights_folder)


def encoder_threshold(name: str, weights_folder: Path) -> float:
    """Cosine similarity from which two faces count as the same person by default; loads no network."""
    if name.startswith(ONNX):
        from core.models.faces.onnx_faces import read_normalisation

        return read_normalisation(find_onnx(name, weights_folder)).threshold
    return _spec(ENCODERS, name, "encoder").threshold


def available_encoders(weights_folder: Path) -> dict[str, str | None]:
    """Every encoder of the registry and every ONNX file in the weights folder: None, or the sentence of what lacks."""
    lacking: dict[str, str | None] = {}
    for name, spec in ENCODERS.items():
        try:
            for needed in spec.weights:
                weights.locate(needed, weights_folder)
            lacking[name] = None
        except FacetError as problem:
            lacking[name] = str(problem)
    return lacking | {ONNX + file.name: None for file in sorted(weights_folder.glob("*.onnx"))}


def find_onnx(name: str, weights_folder: Path) -> Path:
    """The file that "onnx:FILE" means: FILE as a path, else inside the weights folder.

    Raises
    ------
    MissingWeights
        If it is in neither place.
    """
    file = name.removeprefix(ONNX)
    for path in (Path(file).expanduser(), weights_folder / file):
        if file and path.is_file():
            return path
    raise MissingWeights("weights.no_onnx_in", path=file or message("weights.none_named"), folder=weights_folder)


def _spec(registry: dict[str, Spec[T]], name: str, kind: str) -> Spec[T]:
    if name not in registry:
        raise NotFound("models.no_kind_called", kind=kind, name=name, choices=list(registry))
    return registry[name]
