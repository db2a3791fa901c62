"""The verb ``getam thresholds`` chooses thresholds on a few photos with true masks."""

import json as json_text
from collections.abc import Sequence
from pathlib import Path

from getam.cli.json_file import check_json_file
from getam.cli.options import run_verb


def thresholds(
    model: Path,
    data: Path,
    truth: Path | None = None,
    labels: Path | None = None,
    split: str | None = None,
    none: str | None = None,
    json: Path | None = None,
    device: str | None = None,
    workers: int | None = None,
    strict: bool = False,
) -> None:
    """Choose the thresholds that turn maps into pseudo labels, on 5 to 50 photos with true masks.

    Args:
        model: folder of a trained or converted model
        data: a data set, as for getam train; photos without a true mask are left out
        truth: folder of true masks, for data that has none of its own
        labels: label file, where the data set has none of its own
        split: part of the data set; default all of it
        none: class folder whose photos show none of the classes
        json: write curves and thresholds to this file too
        device: cpu, cuda, cuda:1 or mps; default a CUDA GPU if there is one
        workers: processes that read photos
        strict: stop at an unreadable photo instead of leaving it out
    """
    settings = locals()
    from getam.cli.splits import open_for
    from getam.evaluation.scores import write_json
    from getam.inference import choose_thresholds, without_scored
    from getam.model import load_model
    from getam.training.run_folder import val_photos_of

    check_json_file(json, settings)
    loaded = load_model(model, device=device)
    source = open_for(loaded, settings).with_truth_and_tags()
    source = without_scored(source, val_photos_of(model))
    chosen = choose_thresholds(loaded, source, workers=workers)
    print(chosen.table())
    pair = {"low": chosen.pair.low, "high": chosen.pair.high}
    print(f"getam train ... --rule thresholds --rule-settings '{json_text.dumps(pair)}'")
    if json is not None:
        write_json(json, chosen.to_dict())


def run(options: Sequence[str]) -> None:
    """Run the verb with its command-line options."""
    run_verb("thresholds", thresholds, options)
