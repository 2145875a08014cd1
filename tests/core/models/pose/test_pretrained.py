"""Published weights: names of four libraries, digests, and files that are missing, damaged or another network's."""

import hashlib
import threading
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
import timm
import torch
import torchvision
from safetensors.torch import save_file

from core.foundation.errors import BadInput, BadWeights, MissingWeights, NotFound
from core.models.fetching import fetch
from core.models.pose import NETWORKS, configure
from core.models.pose.network import build
from core.models.pose.pretrained import load_pretrained, renamed
from core.models.weights import WEIGHTS, status


def network(name, skeleton="body24", size=(64, 96), **more):
    made = build(configure(name, skeleton, input_size=size, **more), empty=True)
    made.load_state_dict(numbered(made.state_dict(), 1))
    return made


def publish(folder, name, state):
    """Put `state` where the weights of that name belong."""
    path = folder / WEIGHTS[name].file
    if path.suffix == ".safetensors":
        save_file(state, path)
    else:
        torch.save(state, path)
    return path


def numbered(state, seed=7):
    """Arbitrary values, above 0 (variances are among them)."""
    generator = torch.Generator().manual_seed(seed)
    return {
        name: torch.rand(value.shape, generator=generator) / 50
        if value.is_floating_point()
        else torch.zeros(value.shape, dtype=value.dtype)
        for name, value in state.items()
    }


def vitpose_state(head):
    from transformers import VitPoseConfig, VitPoseForPoseEstimation

    backbone = {"model_type": "vitpose_backbone", "out_indices": [12], "image_size": [256, 192]}
    with torch.device("meta"):
        made = VitPoseForPoseEstimation(
            VitPoseConfig(backbone_config=backbone, num_labels=17, use_simple_decoder=head == "simple")
        )
    return numbered(made.state_dict())


def mmpose_state(width):
    trunk = network(f"hrnet-{width}", "coco17").backbone.net.state_dict()
    state = {f"backbone.{name}": value for name, value in numbered(trunk).items()}
    return state | {
        "keypoint_head.final_layer.weight": torch.randn(17, int(width[1:]), 1, 1),
        "keypoint_head.final_layer.bias": torch.randn(17),
    }


CASES = {
    "imagenet-resnet18": ("pipnet-r18", lambda: numbered(torchvision.models.resnet18().state_dict())),
    "imagenet-resnet50": ("resnet50-regression", lambda: numbered(torchvision.models.resnet50().state_dict())),
    "imagenet-mobilenet-v2": ("pipnet-mobilenet", lambda: numbered(torchvision.models.mobilenet_v2().state_dict())),
    "imagenet-hrnet-w18-small": (
        "hrnet-w18-small",
        lambda: numbered(timm.create_model("hrnet_w18_small", pretrained=False).state_dict()),
    ),
}


@pytest.mark.parametrize("name", list(CASES))
def test_a_classifier_s_tensors_become_the_whole_backbone(name, tmp_path):
    target, make = CASES[name]
    state = make()
    publish(tmp_path, name, state)
    made = network(target)
    fit = load_pretrained(made, name, tmp_path)
    assert [key for key in fit.reinitialised if key.startswith("backbone.")] == []
    assert fit.resized == ()
    ours = renamed(state, WEIGHTS[name].naming)
    for key, value in made.state_dict().items():
        if key.startswith("backbone."):
            assert torch.equal(value, ours[key]), key


def test_the_backbone_computes_what_torchvision_computes(tmp_path):
    theirs = torchvision.models.resnet18().eval()
    publish(tmp_path, "imagenet-resnet18", theirs.state_dict())
    made = network("resnet18-regression").eval()
    load_pretrained(made, "imagenet-resnet18", tmp_path)
    images = torch.rand(2, 3, 96, 64)
    theirs.fc = torch.nn.Identity()
    with torch.inference_mode():
        torch.testing.assert_close(made.backbone(images).mean((2, 3)), theirs(images))


def test_the_backbone_computes_what_timm_computes(tmp_path):
    theirs = timm.create_model("hrnet_w18_small", pretrained=False).eval()
    publish(tmp_path, "imagenet-hrnet-w18-small", theirs.state_dict())
    made = network("hrnet-w18-small").eval()
    load_pretrained(made, "imagenet-hrnet-w18-small", tmp_path)
    images = torch.rand(2, 3, 96, 64)
    with torch.inference_mode():
        (expected,) = theirs.forward_intermediates(images, indices=[1], intermediates_only=True)
        found = made.backbone(images)
        features = theirs.incre_modules[0](found)
    torch.testing.assert_close(features, expected)


@pytest.mark.parametrize("head", ["simple", "classic"])
def test_vitpose_of_transformers_gives_its_17_rows_and_the_same_heatmaps(head, tmp_path):
    name = "coco-vitpose-b" + ("-simple" if head == "simple" else "")
    state = vitpose_state(head)
    publish(tmp_path, name, state)
    made = network("vitpose-b", "body24", (192, 256), options={"head": head}).eval()
    fit = load_pretrained(made, name, tmp_path)
    assert (fit.reinitialised, fit.unexpected, fit.resized) == ((), (), ())
    assert set(fit.by_rows) == {"head.maps.heatmaps.weight", "head.maps.heatmaps.bias"}
    now = made.state_dict()["head.maps.heatmaps.weight"]
    assert torch.equal(now[:17], state["head.conv.weight"])


@pytest.mark.parametrize("head", ["simple", "classic"])
def test_our_vitpose_computes_what_transformers_computes(head):
    from transformers import VitPoseConfig, VitPoseForPoseEstimation

    backbone = {"model_type": "vitpose_backbone", "out_indices": [12], "image_size": [64, 96], "hidden_size": 384}
    settings = VitPoseConfig(backbone_config=backbone, num_labels=17, use_simple_decoder=head == "simple")
    with torch.device("meta"):
        theirs = VitPoseForPoseEstimation(settings)
    theirs = theirs.to_empty(device="cpu").eval()
    state = numbered(theirs.state_dict())
    theirs.load_state_dict(state)
    made = network("vitpose-s", "coco17", (96, 64), options={"head": head}).eval()
    made.load_state_dict(renamed(state, "transformers"))
    images = torch.rand(2, 3, 64, 96)
    with torch.inference_mode():
        expected = theirs((images - made.mean) / made.std).heatmaps
        torch.testing.assert_close(made(images)["heatmaps"], expected)


def test_another_input_size_resizes_the_position_embeddings_and_is_told(tmp_path):
    publish(tmp_path, "coco-vitpose-b-simple", vitpose_state("simple"))
    made = network("vitpose-b", "face68", (64, 64))
    fit = load_pretrained(made, "coco-vitpose-b-simple", tmp_path)
    assert fit.resized == ("backbone.net.embeddings.position_embeddings",)
    assert "head.maps.heatmaps.weight" in fit.reinitialised  # no point of a face is one of COCO's


def test_hrnet_of_mmpose_gives_its_17_rows(tmp_path):
    state = mmpose_state("w32")
    publish(tmp_path, "coco-hrnet-w32", {"state_dict": state, "meta": {"epoch": 210}})
    made = network("hrnet-w32", "body24")
    fresh = made.state_dict()["head.maps.heatmaps.weight"].clone()
    fit = load_pretrained(made, "coco-hrnet-w32", tmp_path)
    now = made.state_dict()["head.maps.heatmaps.weight"]
    assert torch.equal(now[:17], state["keypoint_head.final_layer.weight"])
    assert torch.equal(now[17:], fresh[17:])
    assert (fit.reinitialised, fit.unexpected) == ((), ())


def test_weights_that_are_not_here_are_said_with_their_source_and_place(tmp_path):
    with pytest.raises(
        MissingWeights,
        match=r"resnet18-f37072fd\.pth .* is not on this machine\. Fetch it with `python -m core weights fetch "
        rf"imagenet-resnet18` or download https://download\.pytorch\.org/.* put it into {tmp_path}",
    ):
        load_pretrained(network("pipnet-r18"), "imagenet-resnet18", tmp_path)


def test_unknown_weights_and_those_of_faces_are_refused(tmp_path):
    with pytest.raises(NotFound, match="no weights called 'vit'"):
        load_pretrained(network("pipnet-r18"), "vit", tmp_path)
    with pytest.raises(BadInput, match="dlib-68 are no weights for a network of points"):
        load_pretrained(network("pipnet-r18"), "dlib-68", tmp_path)


def test_weights_of_another_network_are_refused_and_change_nothing(tmp_path):
    publish(tmp_path, "imagenet-resnet18", torchvision.models.resnet18().state_dict())
    made = network("pipnet-mobilenet")
    before = {name: value.clone() for name, value in made.state_dict().items()}
    with pytest.raises(BadWeights, match=r"resnet18-f37072fd\.pth belongs to another network than pipnet-mobilenet"):
        load_pretrained(made, "imagenet-resnet18", tmp_path)
    assert all(torch.equal(value, before[name]) for name, value in made.state_dict().items())


class Answer(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Length", str(len(self.server.body)))
        self.end_headers()
        self.wfile.write(self.server.body)

    def log_message(self, *args):
        pass


@pytest.fixture
def mirror():
    server = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    server.url = f"http://127.0.0.1:{server.server_port}"
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def test_weights_without_a_digest_are_fetched_and_their_tensors_checked(mirror, tmp_path):
    name = "imagenet-hrnet-w18-small"
    source = publish(tmp_path, name, CASES[name][1]())
    mirror.body = source.read_bytes()
    folder = tmp_path / "weights"
    path = fetch(name, folder, base_url=mirror.url)
    assert path.read_bytes() == mirror.body
    load_pretrained(network("hrnet-w18-small"), name, folder)


def test_a_file_with_other_tensors_is_not_kept(mirror, tmp_path):
    source = tmp_path / "other.safetensors"
    save_file({"conv1.weight": torch.zeros(3)}, source)
    mirror.body = source.read_bytes()
    with pytest.raises(MissingWeights, match=r"it is not the backbone of hrnet-w18-small: .* tensors are missing"):
        fetch("imagenet-hrnet-w18-small", tmp_path / "weights", base_url=mirror.url)
    assert list((tmp_path / "weights").iterdir()) == []


def test_the_digits_of_a_file_name_are_checked(mirror, tmp_path, monkeypatch):
    mirror.body = b"anything"
    with pytest.raises(MissingWeights, match="its SHA-256 should begin with c78dce93, but is "):
        fetch("coco-hrnet-w32", tmp_path, base_url=mirror.url)
    torch.save({"state_dict": mmpose_state("w32")}, tmp_path / "pose.pth")
    mirror.body = (tmp_path / "pose.pth").read_bytes()
    digest = hashlib.sha256(mirror.body).hexdigest()
    monkeypatch.setitem(WEIGHTS, "coco-hrnet-w32", replace(WEIGHTS["coco-hrnet-w32"], digest_start=digest[:8]))
    assert fetch("coco-hrnet-w32", tmp_path, base_url=mirror.url).read_bytes() == mirror.body


def test_the_table_is_complete(tmp_path):
    pose = {name: entry for name, entry in WEIGHTS.items() if entry.naming is not None}
    assert set(pose) == {name for spec in NETWORKS.values() for name in spec.pretrained}
    assert set(pose) < {row.name for row in status(tmp_path)}
    for entry in pose.values():
        assert entry.network in NETWORKS
        assert entry.url.startswith("https://")
        assert entry.licence
        assert entry.sha256 is None or len(entry.sha256) == 64
    for name in ("imagenet-resnet18", "imagenet-resnet50", "imagenet-resnet101", "imagenet-mobilenet-v2"):
        stated = WEIGHTS[name].file.removesuffix(".pth").rpartition("-")[2]
        assert WEIGHTS[name].sha256.startswith(stated)
