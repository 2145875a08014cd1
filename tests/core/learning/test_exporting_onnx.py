"""Where a model's ONNX file lies, and what cannot become one."""

import pytest

from core.foundation.errors import BadInput, MissingWeights, NotFound
from core.learning.exporting_onnx import export_onnx, onnx_file
from tests.builders.learning_rows import Shelf


@pytest.fixture
def shelf(workspace, dataset, author):
    return Shelf(workspace, dataset, author)


def test_the_file_is_named_after_the_model_and_its_weights(shelf):
    shelf.model("net")
    assert onnx_file(shelf.workspace, "net") == shelf.workspace.exports / "onnx" / "net-net.onnx"


def test_what_is_no_network_is_refused(shelf, tmp_path):
    for call in (onnx_file, lambda *asked: export_onnx(*asked, tmp_path / "x.onnx")):
        with pytest.raises(BadInput, match="dlib-68 is built in and no network"):
            call(shelf.workspace, "dlib-68")
        with pytest.raises(NotFound, match="no model called 'nobody'"):
            call(shelf.workspace, "nobody")


def test_weights_that_are_gone_are_named(shelf, tmp_path):
    shelf.model("net")
    with pytest.raises(MissingWeights, match="the weights of net are gone from"):
        export_onnx(shelf.workspace, "net", tmp_path / "x.onnx")
    assert not (tmp_path / "x.onnx").exists()
