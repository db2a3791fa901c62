"""A spread labeller spreads the maps of a labeller and nothing else."""

import torch

from getam.pseudo_label import Labeller
from getam.pseudo_label.spread_labeller import SpreadLabeller
from getam.pseudo_label.spreads import SPREADS


def test_without_a_spread_it_is_the_labeller(labelled_by):
    """Its affinity counts too: two backgrounds find next to nothing in maps that lack it."""
    labeller = Labeller(first_block=3, iterations=1, affinity=2)
    ours, plain = (
        labelled_by(source) for source in (SpreadLabeller(labeller, labeller.label), labeller)
    )
    assert torch.equal(ours.activation_maps, plain.activation_maps)
    assert torch.equal(ours.label, plain.label)


def test_the_spread_sees_all_blocks_and_maps_without_affinity(labelled_by):
    seen = []

    def spread(maps, calls):
        seen.append((maps, calls))
        return 1 - maps

    labeller = Labeller(first_block=3, iterations=1, affinity=2)
    pseudo = labelled_by(SpreadLabeller(labeller, labeller.label, spread))
    plain = labelled_by(Labeller(first_block=3, iterations=1))
    ((maps, calls),) = seen
    assert len(calls) == 6
    torch.testing.assert_close(maps, plain.activation_maps)
    assert torch.equal(pseudo.activation_maps, 1 - maps)


def test_every_spread_keeps_maps_in_their_range(labelled_by):
    labeller = Labeller(first_block=3, iterations=1)
    plain = labelled_by(labeller).activation_maps
    for spread in SPREADS.values():
        maps = labelled_by(SpreadLabeller(labeller, labeller.label, spread)).activation_maps
        assert maps.amin() >= 0
        assert maps.amax() <= 1
        assert not torch.equal(maps, plain)
