"""Data sets opened for a model that is already trained."""

import logging
from dataclasses import replace
from pathlib import Path

from getam.data import Source, check_photos, list_photos, open_source
from getam.model import Model
from getam.outputs import is_output_folder
from getam.pseudo_label import WITHOUT_SALIENCY

logger = logging.getLogger(__name__)


def open_for(
    model: Model,
    data: Path,
    *,
    labels: Path | None,
    split: str | None,
    saliency: Path | None,
    strict: bool,
) -> Source:
    """A data set with the model's classes, without photos that cannot be read."""
    source = open_source(data, labels=labels, split=split, saliency=saliency, strict=strict)
    return check_photos(source.aligned(list(model.classes)), strict=strict)


def open_photos(images: Path, out: Path, *, strict: bool) -> Source:
    """Return the photos that can be read, without the outputs that an earlier run left among them.

    Parameters
    ----------
    images
        As :func:`getam.data.list_photos`.
    out
        The output folder, which may lie in the folder of the photos.
    strict
        Stop at an unreadable photo.
    """
    source = list_photos(images)
    if is_output_folder(out):
        source = _without_outputs(source, out)
    return check_photos(source, strict=strict)


def _without_outputs(source: Source, out: Path) -> Source:
    root = out.resolve()
    records = tuple(r for r in source.records if not r.image.resolve().is_relative_to(root))
    if not records:
        raise ValueError(f"every photo of {source.name} is an output of an earlier run in {out}")
    if len(records) < len(source):
        left_out = len(source) - len(records)
        logger.info("%d pictures in %s are outputs of an earlier run: left out", left_out, out)
    return replace(source, records=records)


def with_rule(model: Model, rule: str | None, *, has_saliency: bool, crf: bool) -> Model:
    """The model with another completion rule; its settings stay only with their own rule.

    A model trained without saliency labels with it once it is given, and the other way round.
    """
    model = replace(model, labeller=replace(model.labeller, crf=crf or model.labeller.crf))
    fits = model.labeller.rule is not None and has_saliency != (
        model.labeller.rule in WITHOUT_SALIENCY
    )
    if rule is None and fits:
        return model
    return replace(model, labeller=replace(model.labeller, rule=rule, settings={}))
