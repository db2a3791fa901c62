"""The verb ``getam explain`` shows why a vision transformer named a class."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from getam.cli.command import command_if_out_is_free, inputs_of
from getam.cli.job import status_of, tolerance_of
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
    workers: int | None = None,
    shard: str | None = None,
    time_limit: float = 60.0,
    max_errors: int | None = None,
    strict: bool = False,
    overwrite: bool = False,
) -> int:
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
        device: cpu, cuda, cuda:1 or mps; default a CUDA GPU if there is one
        workers: processes that read photos
        shard: the part of the photos to work on, e.g. 3/64; default all of them
        time_limit: seconds that the reading of one photo may take
        max_errors: stop when more photos fail than this; default never
        strict: stop at the first photo that fails; photos are checked before
        overwrite: replace files in a folder that is not empty
    """
    settings = locals()
    command = command_if_out_is_free("explain", settings)
    from getam.activation import lookup_method
    from getam.cli.splits import open_photos
    from getam.explain import class_indices, explain_folder
    from getam.inference import output_folder
    from getam.shard import Shard

    part, tolerance = Shard.parse(shard), tolerance_of(settings)
    if top < 1:
        raise ValueError(f"top must be 1 or more, got {top}")
    classifier = open_classifier(
        backbone, model, weights=weights, pretrained=pretrained, device=device
    )
    wanted, chosen = words(classes), words(methods) or ["getam"]
    for method in chosen:
        lookup_method(method)  # fails before the folder is made
    indices = None if wanted is None else class_indices(wanted, classifier.names)
    source = open_photos(images, out)
    inputs = inputs_of(settings)
    folder = output_folder(out, source, command, inputs=inputs, overwrite=overwrite, shard=part)
    explain_folder(
        classifier,
        source,
        folder,
        methods=chosen,
        classes=None if indices is None else list(dict.fromkeys(indices)),  # tench is 0 too
        top=top,
        first_block=first_block,
        affinity=affinity,
        workers=workers,
        tolerance=tolerance,
    )
    print(f"explanations of {len(folder.done)} photos in {out}")
    return status_of(folder)


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


def run(options: Sequence[str]) -> int | None:
    """Run the verb with its command-line options and return its exit status."""
    return run_verb("explain", explain, options)
