"""The verb ``getam maps`` writes the activation maps of photos."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from getam.cli.command import command_of, inputs_of
from getam.cli.options import Words, run_verb, words


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
        affinity: how often patch affinity spreads the maps, 0 for never; default as in training
        device: cpu or cuda; default the accelerator if there is one
        workers: processes that read photos
        strict: stop at an unreadable photo instead of leaving it out
        overwrite: replace files in a folder that is not empty
    """
    settings = locals()
    from getam.cli.splits import open_photos
    from getam.inference import (
        Predictor,
        maps_folder,
        not_done,
        output_folder,
        predicted_classes,
    )
    from getam.model import load_model

    loaded = load_model(model, device=device)
    changes: dict[str, Any] = {"method": method, "first_block": first_block, "affinity": affinity}
    labeller = replace(
        loaded.labeller,
        rule="thresholds",
        settings={},
        **{name: value for name, value in changes.items() if value is not None},
    )
    source = replace(open_photos(images, out, strict=strict), classes=loaded.classes)
    wanted = words(classes)
    if wanted is not None:
        source.choose(wanted)  # before the folder is made: names the nearest of an unknown class
    command, inputs = command_of("maps", settings), inputs_of(settings)
    folder = output_folder(out, source, command, inputs=inputs, overwrite=overwrite)
    todo = not_done(source, folder)
    present = [wanted] * len(todo) if wanted else predicted_classes(Predictor(loaded), todo)
    records = tuple(
        replace(record, labels=tuple(names))
        for record, names in zip(todo.records, present, strict=True)
    )
    todo = replace(todo, records=records)
    maps_folder(replace(loaded, labeller=labeller), todo, folder, workers=workers)
    print(f"maps of {len(source)} photos in {out}")


def run(options: Sequence[str]) -> None:
    """Run the verb with its command-line options."""
    run_verb("maps", maps, options)
