"""The verb ``getam score`` compares a folder of masks with the truth."""

from collections.abc import Sequence
from pathlib import Path

from getam.cli.json_file import check_json_file
from getam.cli.options import Words, run_verb, words


def score(
    predictions: Path,
    truth: Path,
    classes: Path,
    only: Words = None,
    ids: Path | None = None,
    json: Path | None = None,
) -> None:
    """Score a folder of masks: one confusion matrix over all of them, pixels of 255 left out.

    Args:
        predictions: folder of PNG masks
        truth: folder of PNG masks with the same names; folders in them do not matter
        classes: text file with a class name per line; the line number is the mask value
        only: score background and these classes alone, e.g. cat,dog
        ids: text file with the names to score; default every truth mask
        json: write the scores here too
    """
    settings = locals()
    from getam.evaluation import score_folders

    check_json_file(json, settings)
    scores = score_folders(predictions, truth, classes=classes, only=words(only), ids=ids)
    print(scores.table())
    print(f"mIoU {scores.miou:.3f}")
    if json is not None:
        scores.write_json(json)


def run(options: Sequence[str]) -> None:
    """Run the verb with its command-line options."""
    run_verb("score", score, options)
