"""An option takes what is of its kind and within its limits, and says what it would take."""

import pytest

from core.foundation.errors import BadInput
from core.models.pose import NETWORKS
from core.models.pose.options import Option

WORD = Option("classic", "", choices=("classic", "simple"))
SWITCH = Option(False, "")
WHOLE = Option(256, "", low=8, high=1024)
SHARE = Option(0.1, "", high=0.9)


@pytest.mark.parametrize(
    ("option", "value"),
    [(WORD, "simple"), (SWITCH, True), (WHOLE, 8), (WHOLE, 1024), (SHARE, 0), (SHARE, 0.0), (SHARE, 0.9)],
)
def test_what_fits_is_taken(option, value):
    option.check("name", value)


@pytest.mark.parametrize(
    ("option", "value", "message"),
    [
        (WORD, "other", "name is one of classic, simple, not 'other'"),
        (SWITCH, 1, "name is true or false, not 1"),
        (SWITCH, None, "name is true or false, not None"),
        (WHOLE, 7, "name is a whole number from 8 to 1024, not 7"),
        (WHOLE, 1025, "not 1025"),
        (WHOLE, 9.0, "a whole number .* not 9.0"),
        (WHOLE, True, "not True"),
        (SHARE, 0.91, "name is a number from 0 to 0.9, not 0.91"),
        (SHARE, -0.1, "not -0.1"),
        (SHARE, float("nan"), "not nan"),
        (SHARE, True, "not True"),
        (SHARE, "0.5", "not '0.5'"),
    ],
)
def test_what_does_not_fit_is_refused_with_what_would(option, value, message):
    with pytest.raises(BadInput, match=message):
        option.check("name", value)


def test_every_default_fits_and_has_a_meaning():
    options = [(spec.name, name, option) for spec in NETWORKS.values() for name, option in spec.options.items()]
    assert len(options) > 10
    for network, name, option in options:
        option.check(f"{network}.{name}", option.default)
        assert option.meaning.endswith("."), (network, name)
