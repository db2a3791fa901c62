"""Maps of a photo's own classes equal what the functions of the package make one by one."""

from dataclasses import replace

import pytest
import torch
from torch.nn.functional import interpolate

from getam.activation import Setting, activation_maps, divide_as_released
from getam.data import Batch, Source
from getam.explain.map_maker import MapMaker
from getam.model import Model
from getam.pseudo_label import refine

SETTINGS = [Setting("grad_cam", 3), Setting("rollout", 1), Setting("getam", 4)]


@pytest.fixture
def maker(model: Model) -> MapMaker:
    return MapMaker(model)


@pytest.fixture
def batch(maker: MapMaker, source: Source) -> Batch:
    """The second photo, which shows a dog and a cow."""
    return list(maker.labelled_batches(source))[1]


def lifted(maps: torch.Tensor) -> torch.Tensor:
    """Scale each of [K, h, w] to 0..1, one after the other."""
    return torch.stack([(m - m.min()) / (m - m.min()).max() for m in maps])


def test_photos_without_a_class_have_no_maps(maker: MapMaker, source: Source) -> None:
    batches = list(maker.labelled_batches(source))
    assert [batch.ids for batch in batches] == [["a"], ["b"], ["c"], ["e"]]
    assert [batch.classes[0] for batch in batches] == [[0], [1, 2], [1], [2]]
    bare = replace(source, records=source.records[3:4])
    with pytest.raises(ValueError, match="no photo of .* has a label to make a map of"):
        maker.labelled_batches(bare)


@pytest.mark.parametrize("setting", SETTINGS)
@pytest.mark.parametrize("affinity", [0, 1])
def test_one_setting_alone(model: Model, batch: Batch, setting: Setting, affinity: int) -> None:
    (raw,) = activation_maps(
        model.network,
        model.network.normalise(batch.image),
        classes=[[1, 2]],
        affinity=affinity,
        **setting._asdict(),
    )
    maps = MapMaker(model, affinity).alone(batch, setting)
    torch.testing.assert_close(maps[0], lifted(raw))
    assert maps.shape == (1, 2, batch.image.shape[-2] // 8, batch.image.shape[-1] // 8)


def test_settings_together(maker: MapMaker, batch: Batch) -> None:
    expected = torch.cat([maker.alone(batch, setting) for setting in SETTINGS])
    torch.testing.assert_close(maker.together(batch, SETTINGS), expected, rtol=1e-4, atol=1e-4)


def test_a_photo_without_a_class_has_no_map_in_any_setting(maker: MapMaker, batch: Batch) -> None:
    bare = replace(batch, labels=torch.zeros(1, 3), classes=[[]])
    maps = maker.together(bare, SETTINGS)
    assert maps.shape[:2] == (3, 0)
    assert maker.unrefined(bare, maps).shape == (3, 0, *batch.image.shape[-2:])


@pytest.mark.parametrize("scale", [1.0, 0.5])
def test_refinement_is_that_of_the_labeller(model: Model, batch: Batch, scale: float) -> None:
    labeller = replace(model.labeller, scale=scale, iterations=3)
    maker = MapMaker(replace(model, labeller=labeller))
    maps = maker.together(batch, SETTINGS)
    image = interpolate(batch.image.float(), scale_factor=scale, mode="area")
    for ours, given in zip(maker.refined(batch, maps), maps, strict=True):
        alone = divide_as_released(refine(given[None], image, iterations=3))[0]
        torch.testing.assert_close(ours, alone)


def test_unrefined_maps_keep_the_values_of_their_corners(maker: MapMaker, batch: Batch) -> None:
    maps = maker.together(batch, SETTINGS)
    enlarged = maker.unrefined(batch, maps)
    assert enlarged.shape == (3, 2, *batch.image.shape[-2:])
    rows, columns = [0, 0, -1, -1], [0, -1, 0, -1]
    torch.testing.assert_close(enlarged[..., rows, columns], maps[..., rows, columns])
