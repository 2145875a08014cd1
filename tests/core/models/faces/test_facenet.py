import numpy as np
import pytest
import torch
from facenet_pytorch import InceptionResnetV1, extract_face, fixed_image_standardization

from core.foundation.errors import BadInput
from core.models import load_encoder, weights
from core.models.faces.facenet import read_state_dict
from core.models.weights import WEIGHTS

CASIA = WEIGHTS["facenet-casia"].file


@pytest.fixture(scope="module")
def state_dict_file(tmp_path_factory):
    """A file with the tensors that the published ones have, classifier included; the numbers are arbitrary."""
    torch.manual_seed(0)
    state = InceptionResnetV1(classify=True, num_classes=7).state_dict()
    path = tmp_path_factory.mktemp("published") / CASIA
    torch.save(state, path)
    return path


def test_classifier_is_left_out(state_dict_file):
    state = read_state_dict(state_dict_file)
    assert not [key for key in state if key.startswith("logits")]
    assert state["last_linear.weight"].shape == (512, 1792)


def test_facenet_crops_and_vectors_equal_those_of_facenet_pytorch(found, facenet_folder):
    encoder = load_encoder("facenet-vggface2", "cpu", facenet_folder)
    network = InceptionResnetV1(classify=False).eval()
    state = torch.load(facenet_folder / weights.WEIGHTS["facenet-vggface2"].file, weights_only=True)
    network.load_state_dict({key: value for key, value in state.items() if not key.startswith("logits")})
    for picture, boxes in found[:3]:
        face = extract_face(picture, boxes.corners[0], image_size=160)
        crop = encoder.crop(picture, boxes.corners[0], boxes.five_points[0])
        np.testing.assert_array_equal(crop, face.permute(1, 2, 0).numpy())
        with torch.no_grad():
            expected = network(fixed_image_standardization(face)[None]).numpy()
        assert float((encoder.embed([crop]) @ expected.T)[0, 0]) > 0.99999
        np.testing.assert_allclose(encoder.embed([crop]), expected, atol=1e-4)


def test_box_outside_the_picture_is_refused(facenet_folder):
    encoder = load_encoder("facenet-vggface2", "cpu", facenet_folder)
    with pytest.raises(BadInput, match="outside the picture"):
        encoder.crop(np.zeros((50, 50, 3), np.uint8), np.array([60.0, 60, 90, 90]), np.zeros((5, 2)))
