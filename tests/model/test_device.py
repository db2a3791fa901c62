"""A device that is not there is refused in one line."""

import pytest
import torch

from getam.model import choose_device

HAS_CUDA = torch.cuda.is_available()


@pytest.mark.parametrize("asked", [None, "auto"])
def test_the_accelerator_is_taken_if_there_is_one(asked: str | None) -> None:
    assert choose_device(asked).type == ("cuda" if HAS_CUDA else "cpu")


def test_the_device_asked_for() -> None:
    assert choose_device("cpu") == choose_device(torch.device("cpu")) == torch.device("cpu")


@pytest.mark.parametrize("asked", ["gpu", "", "cpu:x"])
def test_a_name_that_is_no_device(asked: str) -> None:
    with pytest.raises(ValueError, match=f"^device must be cpu or cuda, got {asked!r}$"):
        choose_device(asked)


@pytest.mark.skipif(HAS_CUDA, reason="needs a machine without CUDA")
@pytest.mark.parametrize("asked", ["cuda", "cuda:1", torch.device("cuda")])
def test_cuda_where_there_is_none(asked: str | torch.device) -> None:
    with pytest.raises(ValueError, match=r"torch sees no CUDA here: use cpu$"):
        choose_device(asked)
