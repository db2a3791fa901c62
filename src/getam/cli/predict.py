"""The verb ``getam predict`` writes the masks of photos."""

from collections.abc import Sequence
from pathlib import Path

from getam.cli.command import command_of, inputs_of
from getam.cli.options import numbers, run_verb


def predict(
    model: Path,
    images: Path,
    out: Path,
    scales: str | list[float] | None = None,
    resize: str | None = None,
    flip: bool | None = None,
    crf: bool | None = None,
    overlays: bool = False,
    device: str | None = None,
    workers: int | None = None,
    strict: bool = False,
    overwrite: bool = False,
) -> None:
    """Write a palette PNG for every photo, of the photo's own size and name.

    Args:
        model: folder of a trained or converted model
        images: a photo, a folder of photos, or a .txt list of them
        out: folder for the masks
        scales: relative sizes whose results are averaged, e.g. 0.75,1,1.25; default the model's
        resize: aspect keeps the photo's shape, square does not; default the model's
        flip: average with the mirrored photo too; default as the model was made
        crf: sharpen the masks by a dense CRF; default as the model was made
        overlays: write the photo in the colours of its mask too
        device: cpu or cuda; default the accelerator if there is one
        workers: processes that read photos
        strict: stop at an unreadable photo instead of leaving it out
        overwrite: replace files in a folder that is not empty
    """
    settings = locals()
    from getam.cli.splits import open_photos
    from getam.inference import Predictor, output_folder, predict_folder

    sizes = numbers(scales, option="scales", of=float)
    predictor = Predictor.load(
        model, scales=sizes, resize=resize, flip=flip, crf=crf, device=device
    )
    source = open_photos(images, out, strict=strict)
    command, inputs = command_of("predict", settings), inputs_of(settings)
    folder = output_folder(out, source, command, inputs=inputs, overwrite=overwrite)
    predict_folder(predictor, source, folder, overlays=overlays, workers=workers)
    print(f"{len(source)} masks in {out} ({predictor.view})")


def run(options: Sequence[str]) -> None:
    """Run the verb with its command-line options."""
    run_verb("predict", predict, options)
