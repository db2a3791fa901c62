"""The verb ``getam predict`` writes the masks of photos."""

from collections.abc import Sequence
from pathlib import Path

from getam.cli.command import command_if_out_is_free, inputs_of
from getam.cli.job import status_of, tolerance_of
from getam.cli.options import numbers, run_verb
from getam.printable import printable


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
    shard: str | None = None,
    time_limit: float = 60.0,
    max_errors: int | None = None,
    strict: bool = False,
    engine: str | None = None,
    address: str | None = None,
    overwrite: bool = False,
) -> int:
    """Write a palette PNG for every photo, of the photo's own size and name.

    Args:
        model: folder of a trained or converted model
        images: a photo, a folder of photos, or a .txt list of them
        out: folder for the masks
        scales: relative sizes whose results are averaged, e.g. 0.75,1,1.25; default the model's
        resize: aspect keeps the photo's shape, square does not; default the model's
        flip: average with the mirrored photo too; default as the model was made
        crf: sharpen the masks by a dense CRF, which sees a megapixel at most; default the model's
        overlays: write the photo in the colours of its mask too
        device: cpu, cuda, cuda:1 or mps; default a CUDA GPU if there is one
        workers: processes that read photos
        shard: the part of the photos to work on, e.g. 3/64; default all of them
        time_limit: seconds that the reading of one photo may take
        max_errors: stop when more photos fail than this; default never
        strict: stop at the first photo that fails; photos are checked before
        engine: ray works on a Ray cluster, one worker on every device; default this process
        address: a Ray cluster that runs already, e.g. auto; default one is started here
        overwrite: replace files in a folder that is not empty
    """
    settings = locals()
    check_engine(engine, address)
    command = command_if_out_is_free("predict", settings)
    from functools import partial

    from getam.cli.splits import open_photos
    from getam.inference import Predictor, output_folder, predict_folder, warning_of
    from getam.shard import Shard

    part, tolerance = Shard.parse(shard), tolerance_of(settings)
    sizes = numbers(scales, option="scales", of=float)
    load = partial(
        Predictor.load,
        model.absolute(),
        scales=sizes,
        resize=resize,
        flip=flip,
        crf=crf,
        device=device,
    )
    if engine is None:
        predictor = load()
        write = partial(predict_folder, predictor)
    else:
        from getam.inference.cluster import predict_on_cluster

        predictor = load(device="cpu")  # it says whether the model fits; the workers load their own
        write = partial(predict_on_cluster, load, address=address, device=device)
    source = open_photos(images, out)
    inputs = inputs_of(settings)
    folder = output_folder(out, source, command, inputs=inputs, overwrite=overwrite, shard=part)
    write(source, folder, overlays=overlays, workers=workers, tolerance=tolerance)
    print(f"{len(folder.done)} masks in {out} ({predictor.view})")
    if said := warning_of(model):
        print(printable(said))
    return status_of(folder)


def check_engine(engine: str | None, address: str | None) -> None:
    """Refuse an engine that does not exist, and an address that no engine would use.

    Raises
    ------
    ValueError
        If one of them cannot be used.
    """
    if engine not in (None, "ray"):
        raise ValueError(f"engine must be ray, got {engine!r}; leave it out to work in one process")
    if address is not None and engine is None:
        raise ValueError(f"address: {address} would not be used: give --engine ray too")


def run(options: Sequence[str]) -> int | None:
    """Run the verb with its command-line options and return its exit status."""
    return run_verb("predict", predict, options)
