"""What can be trained is listed without loading torch, and whether it fits is told with what would."""

import subprocess
import sys

import pytest

from core.foundation.errors import BadInput, NotFound
from core.foundation.settings import Settings
from core.foundation.workspace import Workspace
from core.learning.recipes import check_recipe, find_recipe, missing_weights, recipe_choices, what_fits
from core.models.pose import memory
from core.models.weights import WEIGHTS
from core.training.recipes import RECIPES


def test_every_recipe_is_listed_with_a_sentence_and_plain_settings():
    found = recipe_choices()
    assert [one.name for one in found] == list(RECIPES)
    assert all(one.about.endswith(".") and one.settings["network"] == one.network for one in found)


def test_listing_recipes_loads_no_torch():
    code = (
        "import sys; from core.learning.recipes import recipe_choices; recipe_choices(); "
        "sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_settings_change_single_values_and_wrong_ones_are_named():
    recipe = find_recipe("quick-resnet18", {"epochs": "2", "input_size": "64x64"})
    assert (recipe.epochs, recipe.input_size) == (2, (64, 64))
    with pytest.raises(BadInput, match="epochs is a whole number, not 'two'"):
        find_recipe("quick-resnet18", {"epochs": "two"})
    with pytest.raises(BadInput, match="no setting 'epoch'"):
        find_recipe("quick-resnet18", {"epoch": "2"})
    with pytest.raises(BadInput, match="no recipe called 'nothing'; there are quick-baseline"):
        find_recipe("nothing", {})


@pytest.mark.parametrize("name", ["quick-resnet18", "quick-pipnet", "vitpose-s"])
def test_what_fits_counts_what_the_dry_run_counts(workspace, monkeypatch, name):
    monkeypatch.setattr(memory, "free_memory", lambda _: 1 << 40)
    found = what_fits(workspace, name, {}, "face68")
    assert found.fits
    assert found.needed > 4 * 4e6  # float32 weights of the smallest, gradients, two moments
    assert "has 1024.0 GiB free: it fits." in found.message.text()
    larger = what_fits(workspace, name, {"batch": "64"}, "face68")
    assert larger.needed > found.needed


def test_where_it_does_not_fit_the_largest_batch_that_does_is_named(workspace, monkeypatch):
    of_four = what_fits(workspace, "pipnet-r50", {"batch": "4"}, "face68").needed
    monkeypatch.setattr(memory, "free_memory", lambda _: of_four)
    found = what_fits(workspace, "pipnet-r50", {"batch": "16"}, "face68")
    assert not found.fits
    assert "it does not fit. batch=4 does" in found.message.text()


def test_where_nothing_fits_the_way_out_is_named(workspace, monkeypatch):
    monkeypatch.setattr(memory, "free_memory", lambda _: 1 << 20)
    assert "set checkpointing=yes, or choose" in what_fits(workspace, "vitpose-s", {}, "face68").message.text()
    plain = what_fits(workspace, "quick-resnet18", {}, "face68").message.text()
    assert plain.endswith("Not even one crop does: choose a smaller network or input.")


def test_fewer_points_than_neighbours_are_enough(workspace):
    assert what_fits(workspace, "quick-pipnet", {"neighbours": "40"}, "body24").needed > 0


def test_a_gpu_that_is_set_and_absent_is_named(workspace, monkeypatch):
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    elsewhere = Workspace(Settings(home=workspace.home, device="cuda"))
    with pytest.raises(BadInput, match="no GPU can be reached"):
        what_fits(elsewhere, "quick-resnet18", {}, "face68")


def test_a_recipe_that_cannot_be_built_is_refused(workspace):
    with pytest.raises(BadInput, match="cannot recompute its activations"):
        what_fits(workspace, "quick-resnet18", {"checkpointing": "yes"}, "face68")
    with pytest.raises(NotFound):
        what_fits(workspace, "quick-resnet18", {}, "face9")


def test_what_a_network_may_begin_from_is_listed():
    weights = {one.name: tuple(one.weights) for one in recipe_choices()}
    assert weights["quick-baseline"] == ("none",)
    assert weights["pipnet-r18"][:2] == ("default", "none")
    assert len(weights["pipnet-r18"]) > 2


def test_a_network_that_cannot_be_is_refused_before_it_is_built():
    assert check_recipe("quick-resnet18", {"input_size": "64x96"}, "face68").input_size == (64, 96)
    with pytest.raises(BadInput, match="the input width of resnet18-regression is 64 to 4096 pixels, not 10"):
        check_recipe("quick-resnet18", {"input_size": "10x10"}, "face68")
    with pytest.raises(BadInput, match="gives the outputs of regression, not of 'udp'"):
        check_recipe("quick-resnet18", {"codec": "udp"}, "face68")
    with pytest.raises(NotFound):
        check_recipe("quick-resnet18", {}, "face9")


def test_absent_weights_are_named_with_the_ways_out(workspace):
    missing = missing_weights(workspace, find_recipe("pipnet-r18", {}))
    assert missing is not None
    said = missing.text()
    assert "weights fetch imagenet-resnet18` or download https://" in said
    assert str(workspace.weights) in said
    assert said.endswith("Or set pretrained=none, and it begins from random weights.")
    assert missing_weights(workspace, find_recipe("pipnet-r18", {"pretrained": "none"})) is None
    assert missing_weights(workspace, find_recipe("quick-resnet18", {})) is None


def test_weights_that_are_here_are_not_missed(workspace):
    workspace.weights.mkdir(exist_ok=True)
    (workspace.weights / WEIGHTS["imagenet-resnet18"].file).write_bytes(b"weights")
    assert missing_weights(workspace, find_recipe("pipnet-r18", {})) is None
