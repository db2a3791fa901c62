"""PAR and APRM equal the authors' values and keep what their weights sum to."""

import pytest
import torch
from reference.peers import Peer

from getam.pseudo_label import aprm, par, refine


@pytest.fixture(scope="module", params=["toco", "tsdcam"])
def case(request, shared_reference):
    """What refines, its own values, their prefix, an image in 0..255 and small maps."""
    peer = Peer(request.param, shared_reference)
    refinement, name = {"toco": (par, "par"), "tsdcam": (aprm, "aprm")}[request.param]
    image = peer.picture(f"{name}.image", (2, 3, 96, 128))
    image[..., -12:] = 0  # a flat region
    maps = peer.coarse(f"{name}.masks", (2, 3, 24, 32), 4)
    return refinement, peer, name, image, maps


@pytest.mark.parametrize("iterations", [1, 10])
def test_equals_the_released_code(iterations, case):
    refinement, peer, name, image, maps = case
    refined = refinement(maps, image, iterations=iterations)
    peer.check(refined[:, :, ::4, ::4], f"{name}_iterations_{iterations}")


def test_other_dilations(case):
    refinement, peer, name, image, maps = case
    if name == "par":
        refined = refinement(maps, image, iterations=3, dilations=(1, 2))
        peer.check(refined[:, :, ::4, ::4], "par_dilations_1_2_iterations_3")


@pytest.mark.parametrize(("refinement", "total"), [(par, 1.01), (aprm, 0.99)])
def test_what_the_weights_sum_to(refinement, total):
    image = torch.randint(0, 256, (1, 3, 12, 16), generator=torch.Generator().manual_seed(0))
    refined = refinement(torch.ones(1, 2, 3, 4), image, iterations=3)
    torch.testing.assert_close(refined, torch.full((1, 2, 12, 16), total**3))
    assert torch.equal(
        refinement(torch.ones(1, 2, 3, 4), image, iterations=0),
        refine(torch.ones(1, 2, 3, 4), image, iterations=0),
    )


@pytest.mark.parametrize("refinement", [par, aprm])
def test_arguments_stay(refinement):
    image = torch.full((1, 3, 8, 8), 90, dtype=torch.uint8)
    maps = torch.rand(1, 2, 8, 8)
    before = maps.clone()
    refinement(maps, image, iterations=2)
    assert torch.equal(maps, before)
    assert image.unique().tolist() == [90]
    with pytest.raises(ValueError, match="refine needs maps"):
        refinement(maps[0], image)
