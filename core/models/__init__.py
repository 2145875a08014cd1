"""The models of faces, people and clothes by name. Only the loaders load a network library."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Generic, TypeVar

from core.foundation.errors import FacetError, MissingWeights, NotFound
from core.foundation.messages import message
from core.models import weights
from core.models.faces.interfaces import Descriptor, Detector, Encoder, Landmarker

if TYPE_CHECKING:
    from core.clustering.neighbours import PairFinder

ONNX: Final = "onnx:"  # an encoder out of any ONNX file is called "onnx:" and the file
AUTO: Final = "auto"
_WORTH_A_GPU: Final = 20_000  # faces: comparing fewer takes less time than loading torch
_RESNET: Final = "imagenet-resnet"
_NOT_MEASURED: Final = 0.95  # the weights were out of reach: strict on purpose, so that it rather links nobody
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
        Of an encoder: see `encoder_threshold`, and one sentence for people. Of a network for clothes: the least
        similarity at which two people may wear the same.
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


def _face_mesh(device: str, folder: Path, *, every: bool) -> Landmarker:  # noqa: ARG001  (it runs on the CPU)
    from core.models.faces.face_mesh import FaceMeshLandmarker

    return FaceMeshLandmarker(weights.locate("face-mesh", folder), every=every)


def _dlib_mesh(device: str, folder: Path) -> Landmarker:  # noqa: ARG001
    from core.models.faces.dlib_mesh import DlibMeshLandmarker

    return DlibMeshLandmarker(weights.locate("dlib-68", folder), weights.locate("face-mesh", folder))


def _blazepose(device: str, folder: Path) -> Detector:  # noqa: ARG001
    from core.models.blazepose.model import BlazePoseDetector

    return BlazePoseDetector(*(weights.locate(name, folder) for name in BODY_DETECTORS["blazepose"].weights))


def _blazepose_points(name: str, device: str, folder: Path) -> Landmarker:  # noqa: ARG001
    from core.models.blazepose.model import BlazePoseLandmarker

    return BlazePoseLandmarker(name, weights.locate("pose-landmarks", folder))


def _dlib_resnet(device: str, folder: Path) -> Encoder:
    from core.models.faces.dlib_resnet import DlibResnetEncoder

    return DlibResnetEncoder(weights.locate("dlib-resnet", folder), ENCODERS["dlib-resnet"].threshold, device)


def _facenet(name: str, device: str, folder: Path) -> Encoder:
    from core.models.faces.facenet import FacenetEncoder

    return FacenetEncoder(name, weights.locate(name, folder), ENCODERS[name].threshold, device)


def _resnet_clothes(name: str, device: str, folder: Path) -> Descriptor:
    from core.models.clothes import ResnetClothes

    return ResnetClothes(int(name.removeprefix(_RESNET)), weights.locate(name, folder), device)


def _facenet_spec(name: str, pictures: str) -> Spec[Encoder]:
    return Spec((name,), partial(_facenet, name), 0.5, f"InceptionResnetV1 trained on {pictures}, 512 numbers.")


DETECTORS: Final[dict[str, Spec[Detector]]] = {"mtcnn": Spec(("mtcnn-pnet", "mtcnn-rnet", "mtcnn-onet"), _mtcnn)}
BODY_DETECTORS: Final[dict[str, Spec[Detector]]] = {"blazepose": Spec(("pose-detection", "pose-landmarks"), _blazepose)}
LANDMARKERS: Final[dict[str, Spec[Landmarker]]] = {
    "dlib-68": Spec(("dlib-68",), _dlib68),
    "dlib-mesh": Spec(("dlib-68", "face-mesh"), _dlib_mesh),
    "face-mesh": Spec(("face-mesh",), partial(_face_mesh, every=False)),
    "face-mesh-468": Spec(("face-mesh",), partial(_face_mesh, every=True)),
    "blazepose": Spec(("pose-landmarks",), partial(_blazepose_points, "blazepose")),
    "blazepose-17": Spec(("pose-landmarks",), partial(_blazepose_points, "blazepose-17")),
}
ENCODERS: Final[dict[str, Spec[Encoder]]] = {
    "dlib-resnet": Spec(("dlib-resnet",), _dlib_resnet, 0.92, "dlib's face ResNet, 128 numbers; needs no download."),
    "facenet-vggface2": _facenet_spec("facenet-vggface2", "VGGFace2"),
    "facenet-casia": _facenet_spec("facenet-casia", "CASIA-WebFace"),
}

CLOTHES_NETWORKS: Final[dict[str, Spec[Descriptor]]] = {
    f"{_RESNET}{depth}": Spec(
        (f"{_RESNET}{depth}",), partial(_resnet_clothes, f"{_RESNET}{depth}"), threshold=_NOT_MEASURED
    )
    for depth in (18, 50)
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


def load_body_detector(name: str, device: str, weights_folder: Path) -> Detector:
    """A detector of people, one of `BODY_DETECTORS`; the rest as `load_detector`."""
    return _spec(BODY_DETECTORS, name, "detector of people").loader(device, weights_folder)


def weights_of(name: str) -> tuple[str, ...]:
    """The weights files of a model by its name, the most where several registries have it; else the name."""
    registries: tuple[dict[str, Spec[Any]], ...] = (DETECTORS, BODY_DETECTORS, LANDMARKERS, ENCODERS, CLOTHES_NETWORKS)
    return max((each[name].weights for each in registries if name in each), key=len, default=(name,))


def lacking(spec: Spec[Any], weights_folder: Path) -> FacetError | None:
    """What keeps a model of a registry from being loaded: the first of its files that is not here; None if all are."""
    try:
        for needed in spec.weights:
            weights.locate(needed, weights_folder)
    except FacetError as problem:
        return problem
    return None


def usual_landmarker(name: str, weights_folder: Path) -> str:
    """The landmarker of face68 that a setting means: "auto" is dlib-mesh where its files are, else dlib-68."""
    if name != AUTO:
        return name
    return "dlib-mesh" if lacking(LANDMARKERS["dlib-mesh"], weights_folder) is None else "dlib-68"


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


def pair_finder(device: str, faces: int) -> PairFinder:
    """What compares so many faces with one another: a GPU where one is to be used and they are many, else numpy.

    Raises
    ------
    BadInput
        If the device is not there.
    """
    from core.clustering.neighbours import pairs_by_numpy

    if device == "cpu" or faces < _WORTH_A_GPU:
        return pairs_by_numpy
    from core.models.alike_pairs import pairs_by_torch
    from core.models.devices import pick_device

    chosen = pick_device(device)
    return pairs_by_numpy if chosen == "cpu" else pairs_by_torch(chosen)


def load_clothes_network(name: str, device: str, weights_folder: Path) -> Descriptor:
    """What tells clothes apart, one of `CLOTHES_NETWORKS`; the rest as `load_detector`."""
    return _spec(CLOTHES_NETWORKS, name, "network for clothes").loader(device, weights_folder)


def encoder_threshold(name: str, weights_folder: Path) -> float:
    """Cosine similarity from which two faces count as the same person by default; loads no network."""
    if name.startswith(ONNX):
        from core.models.faces.onnx_faces import read_normalisation

        return read_normalisation(find_onnx(name, weights_folder)).threshold
    return _spec(ENCODERS, name, "encoder").threshold


def available_encoders(weights_folder: Path) -> dict[str, str | None]:
    """Every encoder of the registry and every ONNX file in the weights folder: None, or the sentence of what lacks."""
    missing = {name: lacking(spec, weights_folder) for name, spec in ENCODERS.items()}
    sentences = {name: None if problem is None else str(problem) for name, problem in missing.items()}
    return sentences | {ONNX + file.name: None for file in sorted(weights_folder.glob("*.onnx"))}


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
