from threading import Barrier

import pytest
import torch

from core.foundation.errors import BadInput, FacetError
from core.models import load_detector
from core.models.devices import out_of_memory, pick_device, refuse_all_but_memory, release_memory, workers

NO_MEMORY = [
    MemoryError(),
    torch.cuda.OutOfMemoryError("CUDA out of memory. Tried to allocate 2 GiB"),
    RuntimeError("[enforce fail at alloc_cpu.cpp:114] DefaultCPUAllocator: can't allocate memory: you tried"),
    RuntimeError("DefaultCPUAllocator: not enough memory"),
]
GONE = [RuntimeError("CUDA error: device-side assert triggered"), torch.AcceleratorError("unspecified launch failure")]
OTHER = [RuntimeError("shapes cannot be multiplied"), ValueError("CUDA error"), ValueError("out of memory")]


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


@pytest.mark.parametrize("problem", NO_MEMORY, ids=repr)
def test_too_little_memory_is_known_and_passed_over(problem):
    assert out_of_memory(problem)
    refuse_all_but_memory(problem)


@pytest.mark.parametrize("problem", GONE, ids=repr)
def test_a_lost_device_is_a_sentence_and_no_lack_of_memory(problem):
    assert not out_of_memory(problem)
    with pytest.raises(FacetError, match="choose the device cpu"):
        refuse_all_but_memory(problem)


@pytest.mark.parametrize("problem", OTHER, ids=repr)
def test_other_errors_are_raised_as_they_are(problem):
    assert not out_of_memory(problem)
    with pytest.raises(type(problem)) as caught:
        refuse_all_but_memory(problem)
    assert caught.value is problem


def test_an_allocation_that_no_machine_can_make_is_too_little_memory():
    with pytest.raises(RuntimeError) as caught:
        torch.empty(1 << 58, dtype=torch.uint8)
    assert out_of_memory(caught.value)


@pytest.mark.parametrize(
    ("problem", "reason"),
    [
        (RuntimeError("\n CUDA error: gone\nline two"), "CUDA error: gone"),
        (torch.AcceleratorError(), "AcceleratorError"),
    ],
)
def test_a_user_reads_one_line_of_reason_and_what_to_do(problem, reason):
    with pytest.raises(FacetError, match=r"start again, or choose the device cpu") as caught:
        refuse_all_but_memory(problem)
    assert f"({reason})" in str(caught.value)


def test_what_nobody_holds_is_given_back():
    class Held:
        alive = 0

        def __init__(self):
            Held.alive += 1
            self.circle = self

        def __del__(self):
            Held.alive -= 1

    Held()
    assert Held.alive == 1
    release_memory()
    assert Held.alive == 0
