"""Real photos in the sizes that the tests of the CRF ask for."""

from collections.abc import Callable, Iterator

import numpy as np
import pytest
import torch
from PIL import Image


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """Tiny tensors gain nothing from threads and wait for them on a busy machine."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture
def read_photo(shared_data) -> Callable[..., torch.Tensor]:
    """Function from (height, width) and an index to a photo [3, H, W] float64 in 0..255."""
    paths = sorted((shared_data / "voc2012_animals" / "JPEGImages").glob("*.jpg"))

    def read(size: tuple[int, int], index: int = 5) -> torch.Tensor:
        with Image.open(paths[index]) as photo:
            pixels = np.array(photo.convert("RGB").resize(size[::-1]))
        return torch.from_numpy(pixels).permute(2, 0, 1).double()

    return read
