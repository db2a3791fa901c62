"""This module writes the model card of a run: what it is, what it learnt from, its scores."""

from collections.abc import Mapping
from dataclasses import fields
from html import escape
from pathlib import Path
from typing import Any

from getam.evaluation.text_table import markdown, percent
from getam.model import Model
from getam.recipe import Recipe
from getam.run_report.recorded_run import RecordedRun, read_run

HEAD = """---
library_name: getam
pipeline_tag: image-segmentation
tags:
- weakly-supervised-segmentation
- image-segmentation
- vision-transformer
---
"""

USE = """```python
from getam.export import HubPredictor

predictor = HubPredictor.from_pretrained("FOLDER_OR_NAME")
prediction = predictor("photo.jpg")  # .mask [H, W], .classes
```"""

TAGS_ALONE = (
    "The network was trained on photos with image-level tags, which say what a photo shows and not "
    "where. **No pixel label was used to train it.**"
)
WITH_CORRECTED = (
    "The network was trained on photos with image-level tags, and on masks of some photos that "
    "somebody had corrected. **These corrected masks are pixel labels.**"
)
WITH_SALIENCY = (
    "Saliency maps were given beside the photos. The networks that make such maps are often "
    "trained with masks of other photos."
)
UNRECORDED = "The model was converted, and there is no record of how it was trained."


def model_card(folder: str | Path, model: Model) -> str:
    """Return the model card of a run in Markdown.

    It names no file and no folder of this machine. What the run does not know is left out.

    Parameters
    ----------
    folder
        The run folder, or that of a converted model.
    model
        The model of the run.

    Raises
    ------
    ValueError
        If a file of the record is damaged.
    """
    run = read_run(folder)
    sections = {
        "How to use it": USE,
        "Classes": classes(model),
        "What it was trained on": origin(run, model),
        "Scores": scores(run.scores),
        "Recipe": recipe(run.config),
        "Versions": two_columns("package", run.environment.get("versions", {})),
    }
    body = "\n\n".join(f"## {title}\n\n{text}" for title, text in sections.items() if text)
    return f"{HEAD}\n{lead(run, model)}\n\n{body}\n"


def lead(run: RecordedRun, model: Model) -> str:
    """Return the title and what the model does."""
    count = len(model.classes)
    return (
        f"# {plain(run.folder.resolve().name)}\n\nThis network segments photos into the background "
        f"and {count} {'class' if count == 1 else 'classes'}. It was made with getam (GETAM, arXiv "
        f"2112.02841). Its backbone is `{model.network.architecture.backbone}`, and it looks at a "
        f"photo so: {model.view}."
    )


def classes(model: Model) -> str:
    """Return a table of the classes and their values in masks."""
    values = {"background": 0, **model.classes}
    return two_columns("class", values, second="value in mask files")


def origin(run: RecordedRun, model: Model) -> str:
    """Say what the network learnt from, as far as it is recorded."""
    if not run.config:
        return UNRECORDED
    config = run.config
    sentences = [WITH_CORRECTED if config.get("corrected") else TAGS_ALONE]
    sentences += [WITH_SALIENCY] if config.get("saliency") else []
    name = f"`{model.network.architecture.backbone}`"
    if config.get("weights"):
        sentences.append(f"The backbone {name} started from weights in a file of its owner.")
    elif config.get("pretrained"):
        sentences.append(f"The backbone started from the weights that timm names for {name}.")
    return " ".join(sentences)


def scores(found: Mapping[str, Any]) -> str:
    """Return the scores of a run, empty if it has none."""
    parts = []
    if found.get("iou"):
        parts.append(
            f"The masks of {found['images']} photos that it was not trained on have a mean IoU of "
            f"**{percent(found['miou'])}** with the true masks, which served for this score alone."
        )
        parts.append(two_columns("class", {n: percent(v) for n, v in found["iou"].items()}, "IoU"))
    if found.get("tags", {}).get("mean_ap") is not None:
        parts.append(
            f"The mean average precision of the tags of {found['tags']['images']} photos is "
            f"{percent(found['tags']['mean_ap'])}."
        )
    return "\n\n".join(parts)


def recipe(config: Mapping[str, Any]) -> str:
    """Return a table of the settings of the recipe; other settings may name folders."""
    known = {field.name: config[field.name] for field in fields(Recipe) if field.name in config}
    return two_columns("setting", known)


def two_columns(first: str, rows: Mapping[str, Any], second: str = "value") -> str:
    """Return a table in Markdown, empty without rows."""
    cells = [[plain(str(name)), plain(str(value))] for name, value in rows.items()]
    return markdown([[first, second], *cells]) if cells else ""


def plain(text: str) -> str:
    """Return text that Markdown shows as it is, within one cell of a table.

    Examples
    --------
    >>> plain("a|<b>")
    'a&#124;&lt;b&gt;'
    """
    return " ".join(escape(text, quote=False).replace("|", "&#124;").split())
