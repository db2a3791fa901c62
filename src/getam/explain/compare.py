"""Attribution methods and first blocks are compared on a split with masks."""

import logging
from collections.abc import Sequence
from dataclasses import replace

import torch

from getam.activation import Setting, lookup_method, method_names
from getam.data import Batch, Source
from getam.evaluation import Comparison, Cost
from getam.explain.controls import CONTROLS
from getam.explain.kept_counts import Counts, KeptCounts, mark_of
from getam.explain.map_faithfulness import count_faithfulness
from getam.explain.map_maker import MapMaker
from getam.explain.method_costs import method_costs
from getam.explain.tally import Tallies, Tally
from getam.model import Model, photos_for
from getam.progress import counted

KNOW_NOTHING = tuple(Setting(name, 0) for name in CONTROLS)
"""The controls, as settings whose first block means nothing."""

logger = logging.getLogger(__name__)


def compare_methods(
    model: Model,
    source: Source,
    *,
    methods: Sequence[str] | None = None,
    first_blocks: Sequence[int] | None = None,
    affinity: int = 0,
    refined: bool = True,
    faithfulness: bool = False,
    workers: int | None = None,
    kept: KeptCounts | None = None,
) -> Comparison:
    """Score the maps of every method from every first block, unrefined and refined by PAMR.

    The controls of :data:`getam.explain.controls.CONTROLS` are scored beside them.

    Maps are made of the image-level labels, scaled to 0..1 each (least value 0, greatest 1), and
    scored at the photo's own size. PAMR runs as in the model's labeller: its size and iterations.

    Parameters
    ----------
    model
        A trained network; its labeller says how to refine.
    source
        A split with masks; its classes are the network's.
    methods
        Names in :data:`getam.activation.METHODS`; None for all that fit the model.
    first_blocks
        First blocks; None for all blocks, the second half and the last third.
    affinity
        As :func:`getam.activation_maps`, for every method.
    refined
        Score the maps refined by PAMR too.
    faithfulness
        Measure insertion, deletion and SaCo too: slow, 28 forward passes for each map, and
        3 for each class of a photo.
    workers
        Processes that read photos.
    kept
        Where the counts are kept. A comparison that was stopped goes on from there. The file stays
        until whoever has written the scores removes it.

    Raises
    ------
    ValueError
        If no photo has a mask or none a label, or as :func:`getam.activation_maps`. Also if what
        is kept was counted of other photos, labels or masks.
    """
    source = with_masks(source)
    maker = MapMaker(model, affinity)
    depth = len(model.network.backbone.blocks)
    starts = first_blocks or [0, depth // 2, 2 * depth // 3]
    chosen = usable_methods(maker, source, methods, start=starts[0])
    settings = [Setting(method, start) for method in chosen for start in starts]
    counts = None if kept is None else kept.before
    if counts is None:
        counts = Counts(
            costs=method_costs(maker, source, settings),
            tallies=nothing_counted(["background", *source.classes], settings, refined=refined),
            marks=[],
        )
    ahead = not_counted(source, counts)
    if kept is not None:
        kept.keep(counts)
    truths = (torch.from_numpy(source.read_truth(record)) for record in ahead.records)
    batches = photos_for(model, ahead, workers=workers)
    with counted("photos", len(ahead)) as advance:
        for batch, truth, record in zip(batches, truths, ahead.records, strict=True):
            count_photo(counts.tallies, maker, batch, truth, faithfulness=faithfulness)
            counts.marks.append(mark_of(record))
            if kept is not None:
                kept.keep(counts)
            advance()
    rows, controls = (
        tuple(
            tally.scores(
                setting, refined=stage, cost=counts.costs.get((setting, stage), Cost(0, 0))
            )
            for (setting, stage), tally in counts.tallies.items()
            if (setting in KNOW_NOTHING) == is_control
        )
        for is_control in (False, True)
    )
    return Comparison(rows, photos=len(source), controls=controls)


def with_masks(source: Source) -> Source:
    """Return the photos that can be scored; raise a ValueError if there is none."""
    records = tuple(record for record in source.records if record.mask is not None)
    if not records:
        raise ValueError(f"{source.name} has no masks to score with")
    return replace(source, records=records)


def usable_methods(
    maker: MapMaker, source: Source, methods: Sequence[str] | None, *, start: int
) -> list[str]:
    """Return the methods asked for, or all that make a map of the first labelled photo."""
    if methods is not None:
        for method in methods:
            lookup_method(method)
        return list(methods)
    batch = next(maker.labelled_batches(source))
    usable, reasons = [], []
    for method in method_names():
        try:
            maker.alone(batch, Setting(method, start))
            usable.append(method)
        except ValueError as error:
            reasons.append(f"{method}: {error}")
    if not usable:
        raise ValueError(f"no method fits the model; {reasons[0]}")
    for reason in reasons:
        logger.info("left out: %s", reason)
    return usable


def nothing_counted(names: Sequence[str], settings: Sequence[Setting], *, refined: bool) -> Tallies:
    """Return an empty tally of every setting and control; ``names`` has background first."""
    return {
        (setting, stage): Tally.of_classes(names)
        for stage in ((False, True) if refined else (False,))
        for setting in (*settings, *KNOW_NOTHING)
    }


def not_counted(source: Source, counts: Counts) -> Source:
    """Return the photos not counted yet; raise a ValueError if those counted are others."""
    before = len(counts.marks)
    if counts.marks != [mark_of(record) for record in source.records[:before]]:
        raise ValueError(
            "out: the photos, their tags or their masks are not those that were counted before: "
            "choose another folder, or begin anew with --overwrite"
        )
    if before:
        logger.info("%d of %d photos were counted before", before, len(source))
    return replace(source, records=source.records[before:])


def count_photo(
    tallies: Tallies, maker: MapMaker, batch: Batch, truth: torch.Tensor, *, faithfulness: bool
) -> None:
    """Add one photo to the tally of every setting."""
    classes, image = batch.classes[0], maker.image(batch)[0]
    settings = list(dict.fromkeys(setting for setting, _ in tallies))
    made = maker.together(batch, [setting for setting in settings if setting not in KNOW_NOTHING])
    grid = (made.shape[-2], made.shape[-1])
    drawn = [CONTROLS[name](batch.ids[0], len(classes), grid) for name, _ in KNOW_NOTHING]
    given = torch.cat([made, torch.stack(drawn).to(made)])
    stages = {False: maker.unrefined(batch, given)}
    if any(stage for _, stage in tallies):
        stages[True] = maker.refined(batch, given)
    shown = {
        (setting, stage): of_setting
        for stage, maps in stages.items()
        for setting, of_setting in zip(settings, maps, strict=True)
    }
    for key, of_setting in shown.items():
        tallies[key].update(of_setting, classes, truth)
    if faithfulness:
        count_faithfulness(tallies, shown, maker.classifier, image, classes)
