"""The deaf listener: a training can tell it everything, and importing it loads no torch."""

import subprocess
import sys

import numpy as np

from core.foundation.messages import verbatim
from core.training.listening import Listener


def test_a_deaf_listener_can_be_told_everything():
    deaf = Listener()
    for told in (
        deaf.reading(1, 2),
        deaf.epoch({"loss": 1.0}),
        deaf.batch(1, 2),
        deaf.picture("examples", np.zeros((2, 2, 3), np.uint8)),
        deaf.remark(verbatim("a sentence")),
    ):
        assert told is None
    assert vars(deaf) == {}


def test_listening_loads_no_torch():
    done = subprocess.run(
        [sys.executable, "-c", "import sys, core.training.listening; print('torch' in sys.modules)"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == "False"
