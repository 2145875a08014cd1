"""The names of predictors: written and read back, from versions, and refused."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.foundation.errors import BadInput
from core.foundation.predictor_names import SMOOTHER_NAMES, USES, PredictorName
from core.tracks import smoothing

models = st.text(min_size=1).filter(lambda text: "+" not in text)
names = st.builds(PredictorName, models, st.booleans(), st.sampled_from([None, *SMOOTHER_NAMES]))


@settings(max_examples=100)
@given(names)
def test_a_name_that_is_written_reads_back_as_itself(name):
    assert PredictorName.parse(str(name)) == name


@settings(max_examples=100)
@given(models, st.permutations(["flip", "one-euro"]))
def test_the_order_in_which_uses_are_given_does_not_matter(model, uses):
    assert str(PredictorName.parse("+".join([model, *uses]))) == f"{model}+flip+one-euro"


@pytest.mark.parametrize("text", ["m+flipp", "m+one-euro+savitzky-golay", "m+one-euro+one-euro", "m+", "m+flip+"])
def test_what_is_no_use_is_refused_with_the_uses_that_there_are(text):
    with pytest.raises(BadInput, match=r"m cannot be used as .* \+flip .* \+one-euro, \+savitzky-golay"):
        PredictorName.parse(text)


def test_a_stored_version_is_named_by_its_settings():
    smoothed = {"flip_test": True, "smoothing": {"name": "one-euro", "cutoff": 1.0}}
    assert str(PredictorName.of_version("hrnet-3", smoothed)) == "hrnet-3+flip+one-euro"
    assert str(PredictorName.of_version("dlib-68", {"smoothing": None})) == "dlib-68"


def test_a_smoothed_predictor_is_the_same_frame_by_frame_without_its_smoother():
    assert str(PredictorName("m", True, "one-euro").unsmoothed) == "m+flip"


def test_every_smoother_has_a_name_and_every_use_one_ending():
    assert set(SMOOTHER_NAMES) == set(smoothing.SMOOTHERS) - {"none"}
    assert USES == ("+flip", "+one-euro", "+savitzky-golay")
