"""The verb ``getam maps`` writes the activation maps of photos."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from getam.cli.command import command_if_out_is_free, inputs_of
from getam.cli.job import status_of, tolerance_of
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
    shard: str | None = None,
    time_limit: float = 60.0,
    max_errors: int | None = None,
    strict: bool = False,
    overwrite: bool = False,
) -> int:
    """Write coloured overlays and .npz files of the maps of every photo's classes.

    Args:
        model: folder of a trained or converted model
        images: a photo, a folder of photos, or a .txt list of them
        out: folder for the maps
        classes: names such as cat,dog; default those that the network sees in each photo
        method: attribution method; default the one of training
        first_block: first block that counts; default the one of training
        affinity: how often patch affinity spreads the maps, 0 for never; default as in training
        device: cpu, cuda, cuda:1 or mps; default a CUDA GPU if there is one
        workers: processes that read photos
        shard: the part of the photos to work on, e.g. 3/64; default all of them
        time_limit: seconds that the reading of one photo may take
        max_errors: stop when more photos fail than this; default never
        strict: stop at the first photo that fails; photos are checked before
        overwrite: replace files in a folder that is not empty
    """
    settings = locals()
    command = command_if_out_is_free("maps", settings)
    from getam.cli.splits import open_photos
    from getam.inference import Predictor, maps_folder, output_folder
    from getam.model import load_model
    from getam.shard import Shard

    part, tolerance = Shard.parse(shard), tolerance_of(settings)
    loaded = load_model(model, device=device)
    changes: dict[str, Any] = {"method": method, "first_block": first_block, "affinity": affinity}
    labeller = replace(
        loaded.labeller,
        rule="thresholds",
        settings={},
        **{name: value for name, value in changes.items() if value is not None},
    )
    source = replace(open_photos(images, out), classes=loaded.classes)
    wanted = words(classes)
    if wanted is not None:
        source.choose(wanted)  # before the folder is made: names the nearest of an unknown class
        records = tuple(replace(record, labels=tuple(wanted)) for record in source.records)
        source = replace(source, records=records)
    inputs = inputs_of(settings)
    folder = output_folder(out, source, command, inputs=inputs, overwrite=overwrite, shard=part)
    maps_folder(
        replace(loaded, labeller=labeller),
        source,
        folder,
        predictor=None if wanted else Predictor(loaded),
        workers=workers,
        tolerance=tolerance,
    )
    print(f"maps of {len(folder.done)} photos in {out}")
    return status_of(folder)


def run(options: Sequence[str]) -> int | None:
    """Run the verb with its command-line options and return its exit status."""
    return run_verb("maps", maps, options)
