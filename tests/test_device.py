"""A device that is not there is refused in one line."""

import pytest
import torch

from getam.device import choose_device, device_name

HAS_CUDA = torch.cuda.is_available()
HAS_APPLE = torch.backends.mps.is_available()


@pytest.mark.parametrize("asked", [None, "auto"])
def test_a_cuda_gpu_is_taken_if_there_is_one(asked: str | None) -> None:
    assert choose_device(asked).type == ("cuda" if HAS_CUDA else "cpu")


def test_the_device_asked_for() -> None:
    assert choose_device("cpu") == choose_device(torch.device("cpu")) == torch.device("cpu")
    assert device_name(choose_device("cpu")) == "cpu"


@pytest.mark.parametrize("asked", ["gpu", "", "cpu:x", "meta", "xpu"])
def test_a_name_that_is_no_device(asked: str) -> None:
    with pytest.raises(ValueError, match=f"^device must be one of auto, cpu, .*, got '{asked}'$"):
        choose_device(asked)


@pytest.mark.skipif(HAS_CUDA, reason="needs a machine without CUDA")
@pytest.mark.parametrize("asked", ["cuda", "cuda:1", torch.device("cuda")])
def test_cuda_where_there_is_none(asked: str | torch.device) -> None:
    with pytest.raises(ValueError, match=r"torch sees no CUDA here: use cpu$"):
        choose_device(asked)


@pytest.mark.skipif(HAS_APPLE, reason="needs a machine without an Apple GPU")
def test_an_apple_gpu_where_there_is_none() -> None:
    with pytest.raises(ValueError, match=r"torch sees no Apple GPU here: use cpu$"):
        choose_device("mps")


def test_a_number_beyond_the_devices() -> None:
    with pytest.raises(ValueError, match=r"^device is cpu:7, but torch sees 1 of that kind here$"):
        choose_device("cpu:7")
