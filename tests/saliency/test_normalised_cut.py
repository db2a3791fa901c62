"""The cut parts two groups that were drawn, and the side away from the border is the object."""

import scipy.linalg
import torch

from getam.saliency.normalised_cut import as_map, foreground_first, likeness, normalised_cut


def scene() -> tuple[torch.Tensor, torch.Tensor]:
    """A 6 x 8 grid whose patches have one feature on a rectangle and another one elsewhere."""
    truth = torch.zeros(6, 8, dtype=torch.bool)
    truth[2:5, 2:6] = True
    features = torch.where(truth[..., None], torch.tensor([1.0, 0.2]), torch.tensor([0.1, 1.0]))
    generator = torch.Generator().manual_seed(0)
    return truth, features.flatten(0, 1) + 0.05 * torch.randn(48, 2, generator=generator)


def test_the_cut_is_the_second_generalised_eigenvector() -> None:
    weights = likeness(scene()[1])
    degree = torch.diag(weights.sum(1)).numpy()
    values, vectors = scipy.linalg.eigh(degree - weights.numpy(), degree)
    expected = torch.from_numpy(vectors[:, values.argsort()[1]])
    cut = normalised_cut(weights)
    cosine = torch.nn.functional.cosine_similarity(cut, expected, dim=0)
    torch.testing.assert_close(cosine.abs(), torch.tensor(1.0).double())


def test_the_object_is_above_one_half_whatever_the_sign() -> None:
    truth, features = scene()
    cut = normalised_cut(likeness(features)).view(6, 8)
    for sign in (1, -1):
        found = as_map(foreground_first(sign * cut))
        assert torch.equal(found > 0.5, truth)
        assert found.min() == 0
        assert found.max() == 1


def test_likeness_is_the_cube_of_the_cosine() -> None:
    weights = likeness(torch.tensor([[1.0, 0.0], [2.0, 2.0], [-1.0, 0.0]]))
    expected = torch.tensor([[1, 0.5**1.5, 1e-5], [0.5**1.5, 1, 1e-5], [1e-5, 1e-5, 1]])
    torch.testing.assert_close(weights, expected.double(), rtol=1e-6, atol=1e-9)


def test_photos_of_one_colour_give_a_finite_map() -> None:
    found = as_map(foreground_first(normalised_cut(likeness(torch.ones(4, 3))).view(2, 2)))
    assert torch.isfinite(found).all()
