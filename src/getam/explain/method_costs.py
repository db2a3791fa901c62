"""Costs per photo are measured for each attribution method, run by itself."""

import statistics
from collections import defaultdict
from collections.abc import Sequence
from functools import partial
from itertools import islice

from getam.activation import Setting
from getam.data import Source
from getam.evaluation import Cost, cost_of
from getam.explain.map_maker import MapMaker

PHOTOS = 3
"""Photos it is measured on: the median second and the most memory count."""

Costs = dict[tuple[Setting, bool], Cost]
"""By setting, unrefined and refined."""


def method_costs(maker: MapMaker, source: Source, settings: Sequence[Setting]) -> Costs:
    """Measure seconds and memory of the maps of all classes of a photo, without and with PAMR.

    Raises
    ------
    ValueError
        If no photo has a label.
    """
    samples: dict[tuple[Setting, bool], list[Cost]] = defaultdict(list)
    for batch in islice(maker.labelled_batches(source), PHOTOS):
        maps = maker.alone(batch, settings[0])
        refining = cost_of(partial(maker.refined, batch, maps))  # the same for any maps
        for setting in settings:
            making = cost_of(partial(maker.alone, batch, setting))
            samples[setting, False].append(making)
            samples[setting, True].append(one_after_another(making, refining))
    return {key: typical(costs) for key, costs in samples.items()}


def one_after_another(first: Cost, second: Cost) -> Cost:
    """Add the costs of two steps: their seconds together, the memory of the greedier one."""
    return Cost(first.seconds + second.seconds, max(first.mebibytes, second.mebibytes))


def typical(costs: Sequence[Cost]) -> Cost:
    """Return the median of the seconds and the most memory."""
    return Cost(
        seconds=statistics.median(cost.seconds for cost in costs),
        mebibytes=max(cost.mebibytes for cost in costs),
    )
