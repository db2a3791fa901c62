"""The verb ``getam export`` takes masks and the network to other programs."""

import os
from collections.abc import Mapping, Sequence
from inspect import signature
from pathlib import Path
from typing import TYPE_CHECKING, Any

from getam.cli.command import command_of, inputs_of
from getam.cli.job import status_of
from getam.cli.made_saliency import folder_or_name
from getam.cli.options import run_verb

if TYPE_CHECKING:
    from getam.data import Source
    from getam.model import Model
    from getam.outputs import OutputFolder

WHATS = ("labels", "predictions")
PHOTO_OPTIONS = (
    "data",
    "what",
    "masks",
    "labels",
    "split",
    "none",
    "saliency",
    "workers",
    "strict",
)
DATA_FILES = frozenset({".csv", ".yaml", ".yml"})


def export(
    run: Path,
    format: str,
    out: Path,
    data: Path | None = None,
    what: str = "labels",
    masks: Path | None = None,
    labels: Path | None = None,
    split: str | None = None,
    none: str | None = None,
    saliency: str | None = None,
    device: str | None = None,
    workers: int | None = None,
    strict: bool = False,
    overwrite: bool = False,
    push: str | None = None,
) -> int:
    """Write the masks of photos in the format of another program, or the network itself.

    Args:
        run: folder of a trained or converted model
        format: of masks: voc, cvat, coco, coco-polygons or labelstudio; of the network: onnx or hub
        out: folder to write to
        data: the photos, for masks; with their labels, as for getam train, where these are needed
        what: labels (pseudo labels, from the tags) or predictions
        masks: folder of masks that are made already; they are exported instead
        labels: label file, where the data set has none of its own
        split: part of the data set; default all of it
        none: class folder whose photos show none of the classes
        saliency: folder of saliency maps, or a name that makes them: auto, self, img-focus, rembg
        device: cpu, cuda, cuda:1 or mps; default a CUDA GPU if there is one
        workers: processes that read photos
        strict: stop at an unreadable photo instead of leaving it out
        overwrite: replace files in a folder that is not empty
        push: name on the Hugging Face hub, e.g. me/animals, to push format hub to; needs HF_TOKEN
    """
    settings = locals() | {"saliency": folder_or_name(saliency)}
    from getam.export import FORMATS, export_masks, masks_in
    from getam.model import load_model

    if push is not None and format != "hub":
        raise ValueError(f"push is for format hub, got format {format!r}: leave it out")
    if format in NETWORK_FORMATS:
        refuse_photo_options(settings)
        NETWORK_FORMATS[format](settings)
        return 0
    if format not in FORMATS:
        names = ", ".join([*FORMATS, *NETWORK_FORMATS])
        raise ValueError(f"format must be one of {names}, got {format!r}")
    if what not in WHATS:
        raise ValueError(f"what must be one of {', '.join(WHATS)}, got {what!r}")
    if data is None:
        raise ValueError("data: masks belong to photos, so name those with --data")
    model = load_model(run, device=device)
    source = photos_of(model, settings)
    folder = masks_folder(source, settings)
    source = fill(model, source, folder, settings)
    made, _ = masks_in(source, folder.path)
    written = export_masks(made, out, format=format, classes=model.classes)
    print(f"{len(made)} masks as {format} in {out}: {', '.join(path.name for path in written)}")
    return status_of(folder)


def refuse_photo_options(settings: Mapping[str, Any]) -> None:
    """Raise a ValueError if an option about photos is given with a format of the network."""
    usual = {name: parameter.default for name, parameter in signature(export).parameters.items()}
    given = [name for name in PHOTO_OPTIONS if settings[name] != usual[name]]
    if given:
        raise ValueError(
            f"{given[0]} is about the masks of photos, but format {settings['format']} exports "
            "the network: leave it out"
        )


def export_onnx(settings: Mapping[str, Any]) -> None:
    """Write the network as ``model.onnx``, and say how near it is to ``getam predict``."""
    from getam.export import ONNX_FILE, write_onnx
    from getam.model import load_model

    model, out = load_model(settings["run"], device="cpu"), settings["out"]
    new_network_folder(settings, [out / ONNX_FILE])
    print(write_onnx(model, out / ONNX_FILE))
    print(f"{out / ONNX_FILE} ({model.view.plain()})")


def export_hub(settings: Mapping[str, Any]) -> None:
    """Write the network as a folder for the Hugging Face hub, and push it there if asked."""
    from getam.export import HUB_FILES, push_hub, write_hub
    from getam.model import load_model
    from getam.run_report import model_card

    run, out, name = settings["run"], settings["out"], settings["push"]
    token = os.environ.get("HF_TOKEN", "")
    if name is not None and not token:
        raise ValueError("push needs a token that may write: set the variable HF_TOKEN to it")
    model = load_model(run, device="cpu")
    card = model_card(run, model)
    new_network_folder(settings, [out / file for file in HUB_FILES])
    predictor = write_hub(model, out, card=card)
    print(f"{out} ({', '.join(HUB_FILES)}); read the model card before you publish it")
    if name is not None:
        print(f"pushed as a private repository: {push_hub(predictor, name, token=token)}")


def new_network_folder(settings: Mapping[str, Any], files: list[Path]) -> None:
    """Make the output folder for files of the network."""
    from getam.outputs import new_folder

    inputs = inputs_of({"model": settings["run"]})
    new_folder(settings["out"], overwrite=settings["overwrite"], files=files, inputs=inputs)


NETWORK_FORMATS = {"onnx": export_onnx, "hub": export_hub}


def photos_of(model: "Model", settings: Mapping[str, Any]) -> "Source":
    """Open the photos, with their labels where pseudo labels are made of them."""
    from getam.cli.splits import open_for, open_photos
    from getam.data import without_unreadable
    from getam.export import FORMATS

    by_tags = settings["what"] == "labels" and settings["masks"] is None
    named = settings["labels"] or settings["split"]
    if by_tags:
        return open_for(model, settings).with_known_labels()
    if named or settings["data"].suffix.lower() in DATA_FILES:
        return open_for(model, settings)
    made = settings["out"] / FORMATS[settings["format"]].masks
    return without_unreadable(open_photos(settings["data"], made), strict=settings["strict"])


def masks_folder(source: "Source", settings: Mapping[str, Any]) -> "OutputFolder":
    """Open the folder of the masks, below the output folder; begun by this command or new."""
    from getam.export import FORMATS
    from getam.inference import files_of, output_folder
    from getam.outputs import is_output_folder, new_folder

    out, chosen = settings["out"], FORMATS[settings["format"]]
    inputs = [*inputs_of({**settings, "model": settings["run"]}), *files_of(source)]
    inputs += [] if settings["masks"] is None else settings["masks"].rglob("*.png")
    if not is_output_folder(out / chosen.masks):
        files = [out / name for name in chosen.files]
        new_folder(out, overwrite=settings["overwrite"], files=files, inputs=inputs)
    return output_folder(
        out / chosen.masks,
        source,
        command_of("export", {**settings, "model": settings["run"]}),
        inputs=inputs,
        files=[out / name for name in chosen.files],
        overwrite=settings["overwrite"],
    )


def fill(
    model: "Model", source: "Source", folder: "OutputFolder", settings: Mapping[str, Any]
) -> "Source":
    """Make or copy the masks, and return the source of the photos that have one."""
    from getam.cli.splits import with_rule
    from getam.export import copy_masks
    from getam.inference import Predictor, label_folder, predict_folder

    if settings["masks"] is not None:
        return copy_masks(source, settings["masks"], folder, classes=model.classes)
    if settings["what"] == "predictions":
        predict_folder(Predictor(model), source, folder, workers=settings["workers"])
        return source
    has_saliency = settings["saliency"] is not None
    model = with_rule(model, None, has_saliency=has_saliency, crf=False)
    label_folder(model, source, folder, workers=settings["workers"])
    return source


def run(options: Sequence[str]) -> int | None:
    """Run the verb with its command-line options and return its exit status."""
    return run_verb("export", export, options)
