"""Data sets and photos are opened for a model that is already trained."""

import logging
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from getam.cli.made_saliency import folder_of, with_named
from getam.data import Source, list_photos, open_source, without_unreadable
from getam.model import Model
from getam.outputs import is_output_folder
from getam.pseudo_label import WITHOUT_SALIENCY

logger = logging.getLogger(__name__)

OF_A_SOURCE = ("labels", "split", "none", "truth", "saliency", "strict")
"""These options are passed on to :func:`getam.data.open_source`."""


def open_for(model: Model, settings: Mapping[str, Any]) -> Source:
    """Open the data set that a verb's options name, without the photos that cannot be read.

    Parameters
    ----------
    model, settings
        They are the same as in :func:`open_tagged`. If ``saliency`` is the name of a provider, its
        maps are made.

    Raises
    ------
    ValueError
        If the photos or their tags cannot be used; see :func:`open_tagged`.
    """
    source = without_unreadable(open_tagged(model, settings), strict=settings["strict"])
    return with_named(source, settings, model=model)


def open_tagged(model: Model, settings: Mapping[str, Any]) -> Source:
    """Open the data set that a verb's options name. No photo is read.

    Parameters
    ----------
    model
        A trained network, whose classes the source takes over.
    settings
        ``data``; of :data:`OF_A_SOURCE` what the verb has.

    Raises
    ------
    ValueError
        If the data set names no tags, or as :meth:`getam.data.Source.aligned`.
    """
    given = {name: settings[name] for name in OF_A_SOURCE if name in settings}
    given["saliency"] = folder_of(given.get("saliency"))
    source = open_source(settings["data"], **given)
    if not source.classes:
        raise ValueError(
            f"{source.name} names no tags; this command needs them: give class folders or "
            "--labels FILE"
        )
    return source.aligned(list(model.classes))


def open_photos(images: Path, out: Path) -> Source:
    """Return the photos, without the outputs that an earlier run left among them.

    Parameters
    ----------
    images
        As :func:`getam.data.list_photos`. A photo that is named and missing is an error.
    out
        The output folder, which may lie in the folder of the photos.
    """
    source = list_photos(images)
    return _without_outputs(source, out) if is_output_folder(out) else source


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
    """Return the model with another completion rule, whose settings stay only with their own rule.

    A model trained without saliency labels with it once it is given, and the other way round.
    """
    model = replace(model, labeller=replace(model.labeller, crf=crf or model.labeller.crf))
    fits = model.labeller.rule is not None and has_saliency != (
        model.labeller.rule in WITHOUT_SALIENCY
    )
    if rule is None and fits:
        return model
    return replace(model, labeller=replace(model.labeller, rule=rule, settings={}))
