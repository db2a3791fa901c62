"""Data sets opened for a model that is already trained."""

from dataclasses import replace
from pathlib import Path

from getam.data import Source, check_photos, open_source
from getam.model import Model
from getam.pseudo_label import WITHOUT_SALIENCY


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
