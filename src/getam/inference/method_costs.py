"""What attribution methods cost per photo, each run by itself."""

import statistics
from collections import defaultdict
from collections.abc import Sequence
from functools import partial
from itertools import islice

from getam.data import Batch, Source
from getam.evaluation import Cost, cost_of
from getam.inference.map_maker import MapMaker
from getam.inference.shared_pass import Setting

PHOTOS = 3
"""Photos it is measured on: the median second and the most memory count."""

Costs = dict[tuple[Setting, bool], Cost]
"""By setting, unrefined and refined."""


def method_costs(maker: MapMaker, source: Source, settings: Sequence[Setting]) -> Costs:
    """Seconds and memory for the maps of all classes of a photo, and with PAMR on top.

    Raises
    ------
    ValueError
        If no photo has a label.
    """
    samples: dict[tuple[Setting, bool], list[Cost]] = defaultdict(list)
    for batch in islice(maker.labelled_batches(source), PHOTOS):
        for setting in settings:
            samples[setting, False].append(cost_of(partial(maker.alone, batch, setting)))
            samples[setting, True].append(cost_of(partial(refined_alone, maker, batch, setting)))
    return {
        key: Cost(
            seconds=statistics.median(cost.seconds for cost in costs),
            mebibytes=max(cost.mebibytes for cost in costs),
        )
        for key, costs in samples.items()
    }


def refined_alone(maker: MapMaker, batch: Batch, setting: Setting) -> None:
    """Maps of one setting, made and refined."""
    maker.refined(batch, maker.alone(batch, setting))
