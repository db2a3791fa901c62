"""Photo, saliency and valid area are resized, mirrored and cropped together."""

from dataclasses import replace

import pytest
import torch

from getam.data import (
    Sample,
    TrainTransform,
    mirror,
    square,
)


def test_photo_saliency_and_valid_move_together():
    ramp = torch.arange(30 * 40).reshape(30, 40) % 256
    sample = Sample(
        id="a",
        image=ramp.to(torch.uint8).expand(3, -1, -1),
        labels=torch.ones(1),
        known=torch.ones(1, dtype=torch.bool),
        saliency=ramp / 255,
        valid=torch.ones(30, 40, dtype=torch.bool),
        size=(30, 40),
    )
    transform = TrainTransform(40, scale=(1.0, 1.0))
    for seed in range(6):
        torch.manual_seed(seed)
        out = transform(sample)
        rows, columns = out.valid.any(1), out.valid.any(0)
        assert (int(rows.sum()), int(columns.sum())) == (30, 40)
        inside = out.image[0][out.valid] / 255
        assert torch.allclose(inside, out.saliency[out.valid])
        unique = {tuple(row.tolist()) for row in inside.reshape(30, 40)[:1]}
        assert unique <= {tuple((ramp[0] / 255).tolist()), tuple((ramp[0].flip(0) / 255).tolist())}
        assert (out.saliency[~out.valid] == 0).all()
        mean = sample.image[0].float().mean().round()
        assert (out.image[:, ~out.valid] == mean).all()


def test_scale_is_that_of_the_long_side():
    sample = Sample(
        id="a",
        image=torch.zeros(3, 50, 100).byte(),
        labels=torch.ones(1),
        known=torch.ones(1, dtype=torch.bool),
        saliency=None,
        valid=torch.ones(1),
        size=(1, 1),
    )
    sizes = []
    for seed in range(30):
        torch.manual_seed(seed)
        valid = TrainTransform(20, scale=(0.5, 0.9))(sample).valid
        sizes.append(int(valid.any(0).sum()))
        assert int(valid.any(1).sum()) == pytest.approx(sizes[-1] / 2, abs=0.5)
    assert min(sizes) >= 10
    assert max(sizes) <= 18
    assert len(set(sizes)) > 4


@pytest.mark.parametrize("options", [{"crop": 0}, {"crop": 8, "scale": (2.0, 1.0)}])
def test_senseless_transform(options):
    with pytest.raises(ValueError, match="crop must be positive"):
        TrainTransform(**options)


def test_a_square_holds_the_whole_photo_at_its_top_left():
    sample = Sample(
        id="a",
        image=torch.randint(0, 256, (3, 20, 40), dtype=torch.uint8),
        labels=torch.ones(1),
        known=torch.ones(1, dtype=torch.bool),
        saliency=torch.ones(20, 40),
        valid=torch.ones(20, 40, dtype=torch.bool),
        size=(20, 40),
        corrected=torch.ones(20, 40, dtype=torch.uint8),
    )
    whole = square(sample, 80)
    assert whole.image.shape == (3, 80, 80)
    assert whole.valid[:40].all() and not whole.valid[40:].any()
    assert (whole.corrected[40:] == 255).all() and (whole.saliency[40:] == 0).all()
    assert whole.image[:, 40:].flatten(1).unique(dim=1).shape[1] == 1  # one colour
    assert whole.mirrored is False
    twin = mirror(whole)
    assert twin.mirrored is True
    assert torch.equal(mirror(twin).image, whole.image)
    assert torch.equal(twin.corrected, whole.corrected.flip(-1))
    bare = mirror(square(replace(sample, saliency=None, corrected=None), 80))
    assert bare.saliency is None and bare.corrected is None
