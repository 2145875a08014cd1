"""What a device does to a computation is told from every other error."""

import pytest
import torch

from core.models.pose.device_trouble import device_lost, gpu_gone, out_of_memory, release_memory

NO_MEMORY = [
    MemoryError(),
    torch.cuda.OutOfMemoryError("CUDA out of memory. Tried to allocate 2 GiB"),
    RuntimeError("[enforce fail at alloc_cpu.cpp:114] DefaultCPUAllocator: can't allocate memory: you tried"),
    RuntimeError("DefaultCPUAllocator: not enough memory"),
]
GONE = [RuntimeError("CUDA error: device-side assert triggered"), torch.AcceleratorError("unspecified launch failure")]
OTHER = [RuntimeError("shapes cannot be multiplied"), ValueError("CUDA error"), ValueError("out of memory")]


@pytest.mark.parametrize("problem", NO_MEMORY, ids=repr)
def test_too_little_memory_is_known_and_no_lost_device(problem):
    assert out_of_memory(problem)
    assert not device_lost(problem)


@pytest.mark.parametrize("problem", GONE, ids=repr)
def test_a_lost_device_is_known_and_no_lack_of_memory(problem):
    assert device_lost(problem)
    assert not out_of_memory(problem)


@pytest.mark.parametrize("problem", OTHER, ids=repr)
def test_other_errors_are_neither(problem):
    assert not out_of_memory(problem)
    assert not device_lost(problem)


def test_an_allocation_that_no_machine_can_make_is_too_little_memory():
    with pytest.raises(RuntimeError) as caught:
        torch.empty(1 << 58, dtype=torch.uint8)
    assert out_of_memory(caught.value)


@pytest.mark.parametrize(
    ("problem", "reason"), [(RuntimeError("\n CUDA error: gone\nline two"), "CUDA error: gone"), (OSError(), "OSError")]
)
def test_a_user_reads_one_line_of_reason_and_what_to_do(problem, reason):
    sentence = str(gpu_gone(problem))
    assert f"({reason})" in sentence
    assert "start again, or choose the device cpu" in sentence


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
