"""The registries: complete, light to import, and clear about what is missing."""

import json
import subprocess
import sys

import pytest

from core.foundation.errors import MissingWeights, NotFound
from core.models import (
    BODY_DETECTORS,
    CLOTHES_NETWORKS,
    DETECTORS,
    ENCODERS,
    LANDMARKERS,
    available_encoders,
    encoder_threshold,
    find_onnx,
    lacking,
    load_body_detector,
    load_clothes_network,
    load_detector,
    load_encoder,
    load_landmarker,
    usual_landmarker,
    weights_of,
)
from core.models.faces.mtcnn import MtcnnDetector
from core.models.weights import WEIGHTS, locate


def test_importing_the_registry_loads_no_network_library():
    heavy = "{'torch', 'torchvision', 'dlib', 'cv2', 'facenet_pytorch', 'face_recognition_models', 'ai_edge_litert'}"
    code = f"import sys, core.models; print(sorted({heavy} & set(sys.modules)))"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"


def test_every_entry_names_weights_there_are():
    for registry in (DETECTORS, BODY_DETECTORS, LANDMARKERS, ENCODERS, CLOTHES_NETWORKS):
        for spec in registry.values():
            assert spec.weights
            assert set(spec.weights) <= set(WEIGHTS)


def test_every_encoder_states_its_threshold_and_what_it_is(tmp_path):
    for name, spec in ENCODERS.items():
        assert 0 < encoder_threshold(name, tmp_path) < 1
        assert spec.description


@pytest.mark.parametrize(
    "load", [load_detector, load_body_detector, load_landmarker, load_encoder, load_clothes_network]
)
def test_unknown_model_is_named_with_those_there_are(load, tmp_path):
    with pytest.raises(NotFound, match=r"called 'nonsense'; there are "):
        load("nonsense", "cpu", tmp_path)


@pytest.mark.parametrize(
    ("name", "files"),
    [
        ("mtcnn", ("mtcnn-pnet", "mtcnn-rnet", "mtcnn-onet")),
        ("blazepose", ("pose-detection", "pose-landmarks")),  # to find people, not only their points
        ("dlib-mesh", ("dlib-68", "face-mesh")),
        ("pose-detection", ("pose-detection",)),
        ("nonsense", ("nonsense",)),
    ],
)
def test_a_model_is_all_of_its_files(name, files):
    assert weights_of(name) == files


def test_the_usual_landmarker_takes_the_face_mesh_where_it_is_here(tmp_path):
    assert usual_landmarker("auto", tmp_path) == "dlib-68"
    assert "weights fetch face-mesh" in str(lacking(LANDMARKERS["dlib-mesh"], tmp_path))
    (tmp_path / WEIGHTS["face-mesh"].file).write_bytes(b"here")
    assert usual_landmarker("auto", tmp_path) == "dlib-mesh"
    assert usual_landmarker("dlib-68", tmp_path) == "dlib-68", "what a setting names is what it is"


def test_missing_facenet_weights_are_named_with_address_and_folder(tmp_path):
    sentence = (
        r"20180402-114759-vggface2\.pt .* is not on this machine\. Fetch it with `python -m core weights fetch "
        rf"facenet-vggface2` or download https://github\.com/.* and put it into {tmp_path}\."
    )
    with pytest.raises(MissingWeights, match=sentence):
        load_encoder("facenet-vggface2", "cpu", tmp_path)


def test_availability_lists_ready_ones_missing_ones_and_onnx_files(tmp_path):
    (tmp_path / "own.onnx").write_bytes(b"x")
    lacking = available_encoders(tmp_path)
    assert list(lacking) == [*ENCODERS, "onnx:own.onnx"]
    assert lacking["dlib-resnet"] is None
    assert "weights fetch facenet-casia" in lacking["facenet-casia"]


def test_onnx_files_are_found_by_path_and_in_the_weights_folder(tmp_path):
    file = tmp_path / "own.onnx"
    file.write_bytes(b"x")
    assert find_onnx(f"onnx:{file}", tmp_path / "elsewhere") == file
    assert find_onnx("onnx:own.onnx", tmp_path) == file


@pytest.mark.parametrize("name", ["onnx:other.onnx", "onnx:"])
def test_missing_onnx_file_is_named_with_the_folder(name, tmp_path):
    with pytest.raises(MissingWeights, match=rf"there is no file .* and not in {tmp_path}"):
        load_encoder(name, "cpu", tmp_path)


def test_every_loadable_model_can_be_stored_under_name_hash_and_settings(detector, tmp_path, mean_colour_onnx):
    models = [
        detector,
        load_landmarker("dlib-68", "cpu", tmp_path),
        load_encoder("dlib-resnet", "cpu", tmp_path),
        load_encoder(f"onnx:{mean_colour_onnx}", "cpu", tmp_path),
    ]
    for model in models:
        assert model.name
        assert len(model.weights_sha256) == 64
        assert json.loads(json.dumps(model.settings)) == model.settings
    assert len({model.weights_sha256 for model in models}) == len(models)


def test_settings_reach_the_detector_and_are_told(detector, tmp_path):
    files = [locate(name, tmp_path) for name in DETECTORS["mtcnn"].weights]
    assert MtcnnDetector(files, "cpu", {"min_face_size": 40}).settings["min_face_size"] == 40
    assert detector.settings["min_face_size"] == 20
