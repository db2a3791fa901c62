"""Memory that is short is known by the words of Python, torch and the system."""

from errno import ENOENT, ENOMEM

import pytest
import torch

from getam.out_of_memory import is_out_of_memory


def allocate_too_much() -> Exception:
    with pytest.raises(RuntimeError) as caught:
        torch.empty(2**60)
    return caught.value


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (allocate_too_much(), True),
        (MemoryError(), True),
        (torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2 GiB."), True),
        (RuntimeError("cuDNN error: CUDNN_STATUS_ALLOC_FAILED"), True),
        (OSError(ENOMEM, "Cannot allocate memory"), True),
        (OSError(ENOENT, "out of memory.png"), False),
        (ValueError("cannot allocate memory.png"), False),
        (RuntimeError("no driver"), False),
    ],
)
def test_what_means_that_memory_is_short(error: Exception, expected: bool) -> None:
    assert is_out_of_memory(error) is expected
