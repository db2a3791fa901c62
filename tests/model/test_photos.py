"""A photo comes as the model sees it: its long side, whole patches, its own shape."""

import torch
from data.scenes import write_photo

from getam.data import Record, Source
from getam.model import photos_for


def test_photos_come_one_by_one_at_the_long_side_of_the_view(model, tmp_path):
    sizes = {"wide": (40, 80), "high": (90, 60), "small": (7, 9)}
    records = tuple(
        Record(name, write_photo(tmp_path / f"{name}.png", size, seed=0), ("cat",))
        for name, size in sizes.items()
    )
    batches = list(photos_for(model, Source(records, model.classes), workers=0))
    assert [batch.ids for batch in batches] == [["wide"], ["high"], ["small"]]
    shapes = [tuple(batch.image.shape) for batch in batches]  # long side 48, patches of 8
    assert shapes == [(1, 3, 24, 48), (1, 3, 48, 32), (1, 3, 40, 48)]
    assert all(batch.image.device == model.device for batch in batches)
    assert torch.equal(batches[0].labels, torch.tensor([[1.0, 0.0, 0.0]]))
