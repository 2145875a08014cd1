"""The face models by name. Importing this module loads no network library; the loaders do::

detector = load_detector("mtcnn", "auto", folder)
boxes = detector.detect([image])[0]
encoder = load_encoder("dlib-resnet", "auto", folder)
vectors = encoder.embed([encoder.crop(image, c, p) for c, p in zip(boxes.corners, boxes.five_points)])
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final, TypeVar

from core.foundation.errors import FacetError, MissingWeights, NotFound
from core.foundation.messages import message
from core.models import weights
from core.models.faces.interfaces import Detector, Encoder, Landmarker, Model, Spec

__all__ = [
    "DETECTORS",
    "ENCODERS",
    "LANDMARKERS",
    "Availability",
    "Detector",
    "Encoder",
    "Landmarker",
    "Model",
    "Spec",
    "available_encoders",
    "encoder_threshold",
    "load_detector",
    "load_encoder",
    "load_landmarker",
]

ONNX: Final = "onnx:"  # an encoder out of any ONNX file is called "onnx:" and the file


def _load_mtcnn(device: str, folder: Path, settings: Mapping[str, object] | None = None) -> Detector:
    from core.models.devices import pick_device
    from core.models.faces.mtcnn import MTCNN_FILES, MtcnnDetector

    return MtcnnDetector([weights.locate(name, folder) for name in MTCNN_FILES], pick_device(device), settings)


def _load_dlib68(device: str, folder: Path) -> Landmarker:  # noqa: ARG001  (dlib's trees run on the CPU)
    from core.models.faces.dlib_landmarks import Dlib68Landmarker

    return Dlib68Landmarker(weights.locate("dlib-68", folder))


def _load_dlib_resnet(device: str, folder: Path) -> Encoder:
    from core.models.devices import pick_device
    from core.models.faces.dlib_resnet import DlibResnetEncoder

    file = weights.locate("dlib-resnet", folder)
    return DlibResnetEncoder(file, encoder_threshold("dlib-resnet"), pick_device(device))


def _load_facenet(name: str, device: str, folder: Path) -> Encoder:
    from core.models.devices import pick_device
    from core.models.faces.facenet import FacenetEncoder

    return FacenetEncoder(name, weights.locate(name, folder), encoder_threshold(name), pick_device(device))


DETECTORS: dict[str, Spec[Detector]] = {
    "mtcnn": Spec(
        "mtcnn",
        "MTCNN (Zhang et al. 2016), the networks of facenet-pytorch: boxes and five points.",
        ("mtcnn-pnet", "mtcnn-rnet", "mtcnn-onet"),
        _load_mtcnn,
    )
}

LANDMARKERS: dict[str, Spec[Landmarker]] = {
    "dlib-68": Spec(
        "dlib-68",
        "dlib's ensemble of regression trees (Kazemi and Sullivan 2014): 68 points.",
        ("dlib-68",),
        _load_dlib68,
    )
}

ENCODERS: dict[str, Spec[Encoder]] = {
    "dlib-resnet": Spec(
        "dlib-resnet",
        "dlib's face ResNet, 128 numbers; needs no download.",
        ("dlib-resnet",),
        _load_dlib_resnet,
        dimension=128,
        threshold=0.92,
    ),
    "facenet-vggface2": Spec(
        "facenet-vggface2",
        "InceptionResnetV1 trained on VGGFace2, 512 numbers.",
        ("facenet-vggface2",),
        partial(_load_facenet, "facenet-vggface2"),
        dimension=512,
        threshold=0.5,
    ),
    "facenet-casia": Spec(
        "facenet-casia",
        "InceptionResnetV1 trained on CASIA-WebFace, 512 numbers.",
        ("facenet-casia",),
        partial(_load_facenet, "facenet-casia"),
        dimension=512,
        threshold=0.5,
    ),
}


@dataclass(frozen=True)
class Availability:
    """Whether an encoder can be used now; `missing` is the sentence that says what it lacks."""

    name: str
    ready: bool
    missing: str | None


def load_detector(
    name: str, device: str, weights_folder: Path, settings: Mapping[str, object] | None = None
) -> Detector:
    """A face detector.

    Parameters
    ----------
    name
        One of `DETECTORS`.
    device
        "auto", "cpu" or "cuda".
    weights_folder
        Where fetched weights lie.
    settings
        What should differ from the detector's default, such as ``{"min_face_size": 40}`` (see
        `core.models.faces.mtcnn.MtcnnSettings`).

    Raises
    ------
    NotFound
        If there is no such detector.
    MissingWeights, BadWeights
        If its files are not here, or not what they should be.
    BadInput
        If the device or a setting is not there.
    """
    return _spec(DETECTORS, name, "detector").loader(device, weights_folder, settings)


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


def encoder_threshold(name: str, weights_folder: Path | None = None) -> float:
    """Cosine similarity from which two faces count as the same person by default; loads no network."""
    if name.startswith(ONNX):
        from core.models.faces.onnx_faces import read_normalisation

        return read_normalisation(find_onnx(name, weights_folder)).threshold
    threshold = _spec(ENCODERS, name, "encoder").threshold
    assert threshold is not None
    return threshold


def available_encoders(weights_folder: Path) -> list[Availability]:
    """Every encoder of the registry and every ONNX file in the weights folder, with what is missing."""
    rows = []
    for name, spec in ENCODERS.items():
        try:
            for needed in spec.weights:
                weights.locate(needed, weights_folder)
            rows.append(Availability(name, True, None))
        except FacetError as problem:
            rows.append(Availability(name, False, str(problem)))
    files = sorted(weights_folder.glob("*.onnx")) if weights_folder.is_dir() else []
    return rows + [Availability(ONNX + file.name, True, None) for file in files]


def find_onnx(name: str, weights_folder: Path | None) -> Path:
    """The file that "onnx:FILE" means: FILE as a path, else inside the weights folder.

    Raises
    ------
    MissingWeights
        If it is in neither place.
    """
    given = name.removeprefix(ONNX)
    places = [Path(given).expanduser()] + ([weights_folder / given] if weights_folder is not None else [])
    for place in places:
        if given and place.is_file():
            return place
    path = given or message("weights.none_named")
    if weights_folder is None:
        raise MissingWeights("weights.no_onnx", path=path)
    raise MissingWeights("weights.no_onnx_in", path=path, folder=weights_folder)


T = TypeVar("T")


def _spec(registry: dict[str, Spec[T]], name: str, kind: str) -> Spec[T]:
    if name not in registry:
        raise NotFound("models.no_kind_called", kind=kind, name=name, choices=list(registry))
    return registry[name]
