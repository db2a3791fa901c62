"""The faithfulness of the maps of one photo is measured, several maps at once on a processor."""

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from getam.activation import enlarge_aligning_edges
from getam.evaluation import FaithfulnessTest
from getam.evaluation.faithfulness import Probability
from getam.explain.tally import Key, Tallies
from getam.inference.side_by_side import lanes_on, side_by_side


def count_faithfulness(
    tallies: Tallies,
    made: Mapping[Key, Tensor],
    classifier: nn.Module,
    image: Tensor,
    classes: list[int],
) -> None:
    """Add the faithfulness of every map of one photo to the tally of its setting.

    Parameters
    ----------
    tallies
        Those of ``made`` are added to.
    made
        The maps [K, h, w] of the photo's K classes.
    classifier
        Images to class logits. On a processor it is called in several threads at once, and a
        context of the calling thread, such as ``torch.autocast``, does not reach all of them.
    image
        [3, H, W], normalised.
    classes
        The K class indices.
    """
    tests = [FaithfulnessTest(probability_of(classifier, index), image) for index in classes]
    given = [
        (key, test, strength)
        for key, maps in made.items()
        for test, strength in zip(tests, maps, strict=True)
    ]

    def measure(one: tuple[Key, FaithfulnessTest, Tensor]) -> tuple[Key, Tensor, Tensor, float]:
        key, test, strength = one
        (enlarged,) = enlarge_aligning_edges(strength[None], image.shape[-2:])
        return key, test.insertion(enlarged), test.deletion(enlarged), test.saco(enlarged)

    lanes = lanes_on(image.device)
    results = side_by_side(measure, given, lanes=lanes, count=len(given))
    for key, insertion, deletion, saco in results:
        tallies[key].add_faithfulness(insertion, deletion, saco)


def probability_of(classifier: nn.Module, index: int) -> Probability:
    """Return the function from images [S, 3, H, W] to the probabilities [S] of one class."""

    def probability(images: Tensor) -> Tensor:
        with torch.inference_mode():
            return classifier(images)[:, index].float().sigmoid().cpu()

    return probability
