from threading import Barrier

import pytest
import torch

from core.foundation.errors import BadInput
from core.models import load_detector
from core.models.devices import pick_device, workers


def test_a_device_that_does_not_exist_is_refused(tmp_path):
    with pytest.raises(BadInput, match="auto, cpu or cuda, not 'tpu'"):
        load_detector("mtcnn", "tpu", tmp_path)


def test_auto_takes_a_gpu_where_there_is_one(monkeypatch):
    for there, chosen in ((True, "cuda"), (False, "cpu")):
        monkeypatch.setattr(torch.cuda, "is_available", lambda there=there: there)
        assert pick_device("auto") == chosen
        assert pick_device("cpu") == "cpu"


def test_a_gpu_that_is_not_there_is_refused(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(BadInput, match="no GPU can be reached"):
        pick_device("cuda")


def test_workers_are_as_many_as_torchs_threads_and_each_computes_alone():
    before = torch.get_num_threads()
    together = Barrier(before)

    def threads(_):
        together.wait(timeout=30)  # only as many workers at once as there are threads get through
        return torch.get_num_threads()

    assert list(workers().map(threads, range(before))) == [1] * before
    assert torch.get_num_threads() == before
    assert workers() is workers()
