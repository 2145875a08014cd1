"""Models that locate points, found by name and use, and the versions that their output is stored under."""

from __future__ import annotations

from functools import partial

import pytest

from core.foundation.errors import BadInput, BadWeights, MissingWeights, NotEnoughData, NotFound
from core.foundation.predictor_names import PredictorName
from core.learning.pose_models import (
    BUILT_IN,
    built_in_for,
    built_in_here,
    ensure_own_weights,
    find_model,
    find_use_name,
    predict_command,
    stored_version,
    stored_versions,
)
from core.models import LANDMARKERS
from core.models.weights import WEIGHTS
from db.engine import reading
from db.writes.models import ensure_model_version
from db.writing import writing
from tests.builders.learning_rows import Shelf


@pytest.fixture
def shelf(workspace, dataset, author):
    return Shelf(workspace, dataset, author)


def _find(shelf, name):
    with reading(shelf.workspace.engine) as session:
        return find_model(shelf.workspace, name, session=session)


def _version(shelf, settings, weights="n" * 64):
    with writing(shelf.workspace.engine) as session:
        return ensure_model_version("net", "landmarks", weights, settings, session=session)


def test_a_model_is_found_in_the_use_that_its_name_says(shelf):
    version = shelf.model("net")
    model = _find(shelf, "net+one-euro+flip")
    assert (model.name, model.use_name, model.version_id) == ("net", "net+flip+one-euro", version)
    assert model.use == PredictorName("net", flip_test=True, smoother="one-euro")
    assert _find(shelf, "dlib-68+one-euro").file is None


def test_unknown_models_and_uses_that_cannot_be_are_refused(shelf):
    shelf.model("net")
    with pytest.raises(NotFound, match="no model called 'nobody'; there are dlib-68, net"):
        _find(shelf, "nobody")
    with pytest.raises(BadInput, match=r"dlib-68 cannot be used as 'dlib-68\+flip'"):
        _find(shelf, "dlib-68+flip")
    with pytest.raises(BadInput, match=r"net cannot be used as 'net\+upside-down'"):
        _find(shelf, "net+upside-down")


def _with_wheel(workspace):
    """The files of first guesses, as far as a look at the folder tells."""
    workspace.weights.mkdir(parents=True, exist_ok=True)
    for entry in WEIGHTS.values():
        if entry.wheel:
            (workspace.weights / entry.file).write_bytes(b"here")


def test_built_in_models_are_offered_where_their_files_are(workspace):
    assert set(BUILT_IN) == set(LANDMARKERS)
    assert built_in_here(workspace) == {"dlib-68": "face68"}
    assert [built_in_for(workspace, points) for points in ("face68", "body24", "coco17")] == ["dlib-68", None, None]
    _with_wheel(workspace)
    assert built_in_here(workspace) == BUILT_IN
    gives = {points: built_in_for(workspace, points) for points in ("face68", "body24", "coco17", "mesh468")}
    assert gives == {"face68": "dlib-mesh", "body24": "blazepose", "coco17": None, "mesh468": None}


def test_the_versions_of_a_use_are_those_of_the_same_weights_the_newest_first(shelf):
    plain = shelf.model("net")
    other_precision = _version(shelf, {"flip_test": False, "half": True})
    mirrored = _version(shelf, {"flip_test": True})
    _version(shelf, {"flip_test": False}, weights="x" * 64)  # a file was swapped
    with reading(shelf.workspace.engine) as session:
        find = partial(find_model, shelf.workspace, session=session)
        assert stored_versions(find("net"), session=session) == [other_precision, plain]
        assert stored_version(find("net+flip"), session=session) == mirrored
        with pytest.raises(NotEnoughData, match=r"net\+one-euro has predicted nothing yet"):
            stored_version(find("net+one-euro"), session=session)


def test_a_number_stands_for_the_name_of_its_version_and_its_use(shelf):
    shelf.model("net")
    smoothed = _version(shelf, {"flip_test": True, "smoothing": {"name": "one-euro"}})
    mirrored = _version(shelf, {"flip_test": True})
    with reading(shelf.workspace.engine) as session:
        assert find_use_name(str(smoothed), session=session) == "net+flip+one-euro"
        assert find_use_name(f"{mirrored}+one-euro", session=session) == "net+flip+one-euro"
        for name in ("net", "net+flip", "999", "9" * 40, "²"):
            assert find_use_name(name, session=session) == name


def test_what_to_type_so_that_a_model_predicts_is_quoted_for_a_shell(shelf):
    with reading(shelf.workspace.engine) as session:
        command = predict_command(shelf.dataset, "a b", session=session)
    assert command == "`python -m core predict --dataset faces --model 'a b'`"


def test_weights_that_are_gone_or_anothers_are_refused(shelf):
    shelf.model("net")
    model = _find(shelf, "net")
    with pytest.raises(MissingWeights, match="net"):
        ensure_own_weights(model)
    model.file.parent.mkdir(parents=True, exist_ok=True)
    model.file.write_bytes(b"weights of another")
    with pytest.raises(BadWeights, match="net"):
        ensure_own_weights(model)
