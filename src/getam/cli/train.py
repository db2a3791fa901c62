"""``getam train``: photos with image-level labels in, a segmentation network out."""

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
import yaml

from getam.cli.json_file import write_scores
from getam.cli.options import Words, parse, spelled_out, verb_parser, words
from getam.cli.presets import preset_settings
from getam.data import Source, open_source
from getam.network import build_network
from getam.training import Recipe
from getam.training import train as train_network
from getam.training.run_folder import CONFIG

NOT_OF_THE_RUN = {"resume", "json", "recipe"}  # the recipe is written field by field


def train(
    data: Path,
    out: Path,
    labels: Path | None = None,
    classes: Words = None,
    split: str | None = None,
    val: str | None = None,
    saliency: Path | None = None,
    backbone: str = "vit_small_patch16_224",
    weights: Path | None = None,
    pretrained: bool = True,
    classifier: str = "class_token",
    decoder_width: int | None = None,
    preset: str = "default",
    device: str = "auto",
    workers: int | None = None,
    strict: bool = False,
    resume: bool = False,
    json: Path | None = None,
    **recipe: Any,
) -> None:
    """Train on photos with image-level labels; no pixel label is ever read for it.

    Args:
        data: VOC or COCO root, .csv table, folder with one sub-folder per class, or data.yaml
        out: folder of the run; new or empty
        labels: label file (.csv, .json, .npy), where the data set has none of its own
        classes: the classes wanted, e.g. cat,dog; default all
        split: part of the data set to train on; default all of it
        val: part that is scored at the end, if it has masks
        saliency: folder of saliency maps, of any size
        backbone: timm name of a vision transformer with a class token
        weights: file with its weights (.safetensors, .pth) instead of timm's pretrained ones
        pretrained: start from timm's pretrained weights
        classifier: what class logits are read from: class_token, average or stride32
        decoder_width: channels of the decoder; default a third of the backbone's, 64 at least
        preset: default, paper or released: values for what is not named here
        device: auto, cpu or cuda
        workers: processes that read photos
        strict: stop at unreadable photos and at labels without a photo
        resume: go on with the run in --out, with its settings
        json: write the scores here too, beside scores.json in the run
        recipe: how to train
    """
    config = {name: value for name, value in locals().items() if name not in NOT_OF_THE_RUN}
    source, held_out = open_splits(
        data, split, val, labels=labels, classes=words(classes), saliency=saliency, strict=strict
    )
    source = source.for_training()  # fails before the network is built
    settings = Recipe(**recipe)
    torch.manual_seed(settings.seed)  # the new layers are drawn before training seeds itself
    network = build_network(
        backbone,
        len(source.classes),
        pretrained=pretrained and not resume,
        weights=None if resume else weights,
        classifier=classifier,
        decoder_width=decoder_width,
    )
    scores = train_network(
        network,
        source,
        out,
        recipe=settings,
        val=held_out,
        device=device,
        workers=workers,
        strict=strict,
        resume=resume,
        config=config,
    )
    print(f"model in {out}")
    if scores is not None:
        print(scores.table())
        print(f"mIoU {scores.final().miou:.3f}")
    write_scores(scores, json)


def open_splits(
    data: Path, split: str | None, val: str | None, **options: Any
) -> tuple[Source, Source | None]:
    """The part to train on and the part to score, with the same classes in the same order."""
    source = open_source(data, split=split, **options)
    if val is None:
        return source, None
    options["classes"] = None  # those that this part has; it may lack some
    held_out = open_source(data, split=val, **options).aligned(list(source.classes))
    return source, held_out


def run(options: Sequence[str]) -> None:
    """Run the verb; what options do not name comes from the resumed run, the preset, the recipe."""
    parser = verb_parser("train", train)
    early = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    for name in ("--config", "--preset", "--out"):
        early.add_argument(name)
    early.add_argument("--resume", default="false")
    given, _ = early.parse_known_args(spelled_out(options, switches=parser.switches()))
    named = read_yaml(Path(given.config)) if given.config else {}
    parser.set_defaults(preset_settings(given.preset or named.get("preset", "default")))
    if given.resume == "true" and given.out:
        parser.set_defaults(read_yaml(Path(given.out) / CONFIG))
    train(**parse(parser, options))


def read_yaml(path: Path) -> dict[str, Any]:
    """A YAML file of settings.

    Raises
    ------
    FileNotFoundError, ValueError
        If it is missing, or holds anything else.
    """
    if not path.is_file():
        raise FileNotFoundError(f"there is no settings file {path}")
    try:
        content = yaml.safe_load(path.read_text())
    except yaml.YAMLError as error:
        raise ValueError(f"{path} is not YAML ({str(error).splitlines()[0]})") from None
    if not isinstance(content, dict):
        raise ValueError(f"{path} must hold settings like `epochs: 10`")
    return content
