"""The verb ``getam label`` writes the pseudo masks of labelled photos."""

from collections.abc import Sequence
from pathlib import Path

from getam.cli.command import command_if_out_is_free, inputs_of
from getam.cli.job import status_of, tolerance_of
from getam.cli.made_saliency import folder_or_name, with_named_to_do
from getam.cli.options import run_verb
from getam.printable import printable


def label(
    model: Path,
    data: Path,
    out: Path,
    labels: Path | None = None,
    split: str | None = None,
    none: str | None = None,
    truth: Path | None = None,
    saliency: str | None = None,
    rule: str | None = None,
    crf: bool = False,
    proposals: str | None = None,
    overlays: bool = False,
    json: Path | None = None,
    device: str | None = None,
    workers: int | None = None,
    shard: str | None = None,
    time_limit: float = 60.0,
    max_errors: int | None = None,
    strict: bool = False,
    overwrite: bool = False,
) -> int:
    """Write the pseudo label of every photo as a palette PNG, from its image-level labels.

    Photos about which nothing is known are left out.

    Args:
        model: folder of a trained or converted model
        data: a data set, as for getam train
        out: folder for the pseudo masks
        labels: label file, where the data set has none of its own
        split: part of the data set; default all of it
        none: class folder whose photos show none of the classes
        truth: folder of masks to score with, for data that has none of its own
        saliency: folder of saliency maps, or a name that makes them: auto, self, img-focus, rembg
        rule: completion rule; default the one of training
        crf: move the labels to the edges by a dense CRF
        proposals: snap the labels to masks: felzenszwalb, or a folder with the masks of every photo
        overlays: write the photo in the colours of its label too
        json: write the score here too, if there are masks to score with
        device: cpu, cuda, cuda:1 or mps; default a CUDA GPU if there is one
        workers: processes that read photos
        shard: the part of the photos to work on, e.g. 3/64; default all of them
        time_limit: seconds that the reading of one photo may take
        max_errors: stop when more photos fail than this; default never
        strict: stop at the first photo that fails; photos are checked before
        overwrite: replace files in a folder that is not empty
    """
    settings = locals() | {"saliency": folder_or_name(saliency)}
    command = command_if_out_is_free("label", settings)
    from getam.cli.json_file import check_json_file, write_scores
    from getam.cli.splits import open_tagged, with_rule
    from getam.inference import label_folder, output_folder, warning_of
    from getam.model import load_model
    from getam.pseudo_label import proposer_for
    from getam.shard import Shard

    part, tolerance = Shard.parse(shard), tolerance_of(settings)
    if json is not None and part.count > 1:
        raise ValueError("json: one shard has no score of all photos; run getam score at the end")
    check_json_file(json, settings)
    loaded = load_model(model, device=device)
    source = open_tagged(loaded, settings).with_known_labels()  # fails before the folder is made
    loaded = with_rule(loaded, rule, has_saliency=saliency is not None, crf=crf)
    proposer = None if proposals is None else proposer_for(proposals, source)
    folder = output_folder(
        out,
        source,
        command,
        inputs=inputs_of(settings),
        files=[] if json is None else [json],
        overwrite=overwrite,
        shard=part,
    )
    source = with_named_to_do(source, folder, settings, model=loaded)
    scores = label_folder(
        loaded,
        source,
        folder,
        proposer=proposer,
        overlays=overlays,
        workers=workers,
        tolerance=tolerance,
    )
    print(f"{len(folder.done)} pseudo labels in {out}")
    if scores is not None:
        print(scores.table())
    if said := warning_of(model):
        print(printable(said))
    write_scores(scores, json)
    return status_of(folder)


def run(options: Sequence[str]) -> int | None:
    """Run the verb with its command-line options and return its exit status."""
    return run_verb("label", label, options)
