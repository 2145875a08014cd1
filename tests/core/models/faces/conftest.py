import pytest
import torch
from facenet_pytorch import InceptionResnetV1

from core.models import load_encoder, weights


@pytest.fixture(scope="module")
def facenet_folder(tmp_path_factory):
    """The published files may be out of reach; any weights show whether the sums are right."""
    folder = tmp_path_factory.mktemp("weights")
    torch.manual_seed(1)
    network = InceptionResnetV1(classify=True, num_classes=5).train()
    with torch.no_grad():
        network(torch.randn(4, 3, 160, 160))  # so that the batch normalisations are not trivial
    torch.save(network.state_dict(), folder / weights.WEIGHTS["facenet-vggface2"].file)
    return folder


@pytest.fixture(scope="module", params=["dlib-resnet", "facenet-vggface2", "onnx:mean.onnx"])
def encoder_name(request):
    return request.param


@pytest.fixture
def encoder(encoder_name, facenet_folder, mean_colour_onnx):
    folder = mean_colour_onnx.parent if encoder_name.startswith("onnx") else facenet_folder
    return load_encoder(encoder_name, "cpu", folder)
