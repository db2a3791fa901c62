"""The verb ``getam explain`` shows why a vision transformer named a class."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from getam.cli.command import command_of, inputs_of
from getam.cli.options import Words, run_verb, words

if TYPE_CHECKING:
    from getam.explain import Classifier


def explain(
    images: Path,
    out: Path,
    backbone: str | None = None,
    model: Path | None = None,
    weights: Path | None = None,
    pretrained: bool = True,
    classes: Words = None,
    top: int = 3,
    methods: Words = "getam",
    first_block: int = 6,
    affinity: int = 0,
    device: str | None = None,
    strict: bool = False,
    overwrite: bool = False,
) -> None:
    """Write overlays, a sheet of all methods and .npz maps for the classes of every photo.

    Args:
        images: a photo, a folder of photos, or a .txt list of them
        out: folder for the pictures and maps
        backbone: timm name of a vision transformer with its own classifier
        model: folder of a trained or converted model, in place of a backbone
        weights: file with the backbone's weights (.safetensors, .pth), head included
        pretrained: use timm's pretrained weights
        classes: names or numbers such as tench,207; default the most probable ones
        top: how many classes to explain when none are named
        methods: attribution methods, e.g. getam,attention
        first_block: first block that counts
        affinity: how often patch affinity spreads the maps, 0 for never
        device: cpu or cuda; default the accelerator if there is one
        strict: stop at an unreadable photo instead of leaving it out
        overwrite: replace files in a folder that is not empty
    """
    settings = locals()
    from getam.activation import lookup_method
    from getam.cli.splits import open_photos
    from getam.explain import class_indices, explain_folder
    from getam.inference import output_folder

    if top < 1:
        raise ValueError(f"top must be 1 or more, got {top}")
    classifier = open_classifier(
        backbone, model, weights=weights, pretrained=pretrained, device=device
    )
    wanted, chosen = words(classes), words(methods) or ["getam"]
    for method in chosen:
        lookup_method(method)  # fails before the folder is made
    indices = None if wanted is None else class_indices(wanted, classifier.names)
    source = open_photos(images, out, strict=strict)
    command, inputs = command_of("explain", settings), inputs_of(settings)
    explain_folder(
        classifier,
        source,
        output_folder(out, source, command, inputs=inputs, overwrite=overwrite),
        methods=chosen,
        classes=None if indices is None else list(dict.fromkeys(indices)),  # tench is 0 too
        top=top,
        first_block=first_block,
        affinity=affinity,
    )
    print(f"explanations of {len(source)} photos in {out}")


def open_classifier(
    backbone: str | None,
    model: Path | None,
    *,
    weights: Path | None,
    pretrained: bool,
    device: str | None,
) -> "Classifier":
    """Open the timm model or the trained run, whichever is named.

    Raises
    ------
    ValueError
        If both are named, or none is.
    """
    from getam.explain import run_classifier, timm_classifier
    from getam.model import load_model

    if model is not None and (backbone is not None or weights is not None):
        raise ValueError("give --backbone (and --weights) or --model, not both")
    if model is not None:
        return run_classifier(load_model(model, device=device))
    if backbone is None:
        raise ValueError("give --backbone NAME (a timm model) or --model FOLDER (a trained run)")
    return timm_classifier(backbone, pretrained=pretrained, weights=weights, device=device)


def run(options: Sequence[str]) -> None:
    """Run the verb with its command-line options."""
    run_verb("explain", explain, options)
