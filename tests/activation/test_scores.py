"""The k-th classes of all images give one score with one gradient."""

import pytest
import torch

from getam.activation.scores import depends_through, score_gradients, slot_score, slot_table

CLASSES = [[3, 0], [], [1, 0, 2]]


def test_the_table_holds_the_label_value_of_every_slot() -> None:
    assert slot_table(CLASSES).tolist() == [[4, 1, 0], [0, 0, 0], [2, 1, 3]]
    assert slot_table([[], []]).shape == (2, 0)


def test_a_slot_adds_one_score_of_every_image_that_has_a_class_there() -> None:
    scores = torch.arange(12.0).view(3, 4).requires_grad_()
    first, _, last = slot_table(CLASSES).split(1, 1)
    assert slot_score(scores, first).item() == 3 + 9
    (gradient,) = score_gradients(slot_score(scores, last), [scores], keep_graph=False)
    assert gradient.nonzero().tolist() == [[2, 2]]


def test_a_gradient_in_half_precision_does_not_underflow() -> None:
    values = torch.full((1, 1), 1.0, dtype=torch.float16, requires_grad=True)
    (gradient,) = score_gradients(values.sum() * 2.0**-20, [values], keep_graph=False)
    assert gradient.dtype == torch.float32
    assert float(gradient) == 2.0**-20


def test_a_score_must_depend_on_what_was_recorded() -> None:
    one, other = (torch.ones(2, requires_grad=True) for _ in range(2))
    with pytest.raises(ValueError, match="must be differentiable"):
        score_gradients(torch.ones(()), [one], keep_graph=False)
    with pytest.raises(ValueError, match="does not depend on every recorded block"):
        score_gradients(one.sum(), [one, other], keep_graph=False)


def test_what_goes_around_a_tensor_is_seen() -> None:
    first = torch.ones(3, requires_grad=True)
    gate = first * 2
    assert depends_through((gate * gate).sum(), gate, [first])
    assert not depends_through((gate + first).sum(), gate, [first])
    assert not depends_through((gate + gate.detach() + first * 3).sum(), gate, [first])
