"""``getam maps``: activation maps of photos."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from getam.cli.options import Words, run_verb, words
from getam.data import check_photos, list_photos
from getam.inference import Predictor, maps_folder, new_folder, predicted_classes
from getam.model import load_model


def maps(
    model: Path,
    images: Path,
    out: Path,
    classes: Words = None,
    method: str | None = None,
    first_block: int | None = None,
    affinity: int | None = None,
    device: str | None = None,
    workers: int | None = None,
    strict: bool = False,
    overwrite: bool = False,
) -> None:
    """Write coloured overlays and .npz files of the maps of every photo's classes.

    Args:
        model: folder of a trained or converted model
        images: a photo, a folder of photos, or a .txt list of them
        out: folder for the maps
        classes: names such as cat,dog; default those that the network sees in each photo
        method: attribution method; default the one of training
        first_block: first block that counts; default the one of training
        affinity: passes of patch affinity, 0 for none; default as in training
        device: cpu or cuda; default the accelerator if there is one
        workers: processes that read photos
        strict: stop at an unreadable photo instead of leaving it out
        overwrite: replace files in a folder that is not empty
    """
    loaded = load_model(model, device=device)
    changes: dict[str, Any] = {"method": method, "first_block": first_block, "affinity": affinity}
    labeller = replace(
        loaded.labeller,
        rule="thresholds",
        settings={},
        **{name: value for name, value in changes.items() if value is not None},
    )
    source = check_photos(list_photos(images), strict=strict)
    folder = new_folder(out, overwrite=overwrite)
    source = replace(source, classes=loaded.classes)
    wanted = words(classes)
    if wanted is None:
        present = predicted_classes(Predictor(loaded), source)
    else:
        source.choose(wanted)  # names the nearest class if one is unknown
        present = [wanted] * len(source)
    records = tuple(
        replace(record, labels=tuple(names))
        for record, names in zip(source.records, present, strict=True)
    )
    source = replace(source, records=records)
    maps_folder(replace(loaded, labeller=labeller), source, folder, workers=workers)
    print(f"maps of {len(source)} photos in {folder}")


def run(options: Sequence[str]) -> None:
    """Run the verb with its command-line options."""
    run_verb("maps", maps, options)
