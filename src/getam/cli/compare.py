"""The verb ``getam compare`` scores attribution methods and first blocks on a split with masks."""

import logging
import shlex
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from getam.cli.command import command_of, inputs_of
from getam.cli.options import Words, numbers, parse, verb_parser, words
from getam.elsewhere import whole_name
from getam.files import alone_in, write_text
from getam.outputs import COUNTS, new_folder

if TYPE_CHECKING:
    from getam.data import Source
    from getam.evaluation import Comparison
    from getam.explain import KeptCounts

logger = logging.getLogger(__name__)

WRITTEN = ("table.md", "compare.json", "compare.svg")


def compare(
    model: Path,
    data: Path,
    out: Path,
    split: str | None = None,
    labels: Path | None = None,
    none: str | None = None,
    truth: Path | None = None,
    methods: Words = None,
    first_blocks: str | list[int] | None = None,
    affinity: int = 0,
    refine: bool = True,
    faithfulness: bool = False,
    limit: int | None = None,
    json: Path | None = None,
    device: str | None = None,
    workers: int | None = None,
    strict: bool = False,
    overwrite: bool = False,
    *,
    command: str,
) -> None:
    """Score attribution methods as masks, by pointing, by faithfulness and by cost.

    Args:
        model: folder of a trained or converted model
        data: a data set with masks, as for getam train
        out: folder for table.md, compare.json and compare.svg; the same command goes on in it
        split: part of the data set; default all of it
        labels: label file, where the data set has none of its own
        none: class folder whose photos show none of the classes
        truth: folder of masks to score with, for data that has none of its own
        methods: attribution methods, e.g. getam,grad_cam; default all that fit the model
        first_blocks: first blocks that count, e.g. 0,6,8; default 0, the half and two thirds
        affinity: how often patch affinity spreads the maps, 0 for never
        refine: score the maps refined by PAMR too
        faithfulness: measure insertion, deletion and SaCo too; slow
        limit: use only so many photos, evenly spaced
        json: write the result here too
        device: cpu, cuda, cuda:1 or mps; default a CUDA GPU if there is one
        workers: processes that read photos
        strict: stop at an unreadable photo instead of leaving it out
        overwrite: replace files in a folder that is not empty
        command: how the verb was called, for table.md
    """
    settings = locals()
    from getam.activation import lookup_method
    from getam.cli.json_file import check_json_file
    from getam.cli.splits import open_for
    from getam.explain import KeptCounts, compare_methods
    from getam.inference import files_of
    from getam.model import load_model

    check_json_file(json, settings)
    loaded = load_model(model, device=device)
    source = open_for(loaded, settings)
    chosen = words(methods)
    for method in chosen or []:
        lookup_method(method)  # fails before the folder is made
    first = numbers(first_blocks, option="first_blocks", of=int)
    own = [out / name for name in (*WRITTEN, COUNTS)]
    if json is not None and json.absolute() in [file.absolute() for file in own]:
        raise ValueError(f"json: the command itself writes {json}: choose another name")
    kept = KeptCounts(out, scored_command(settings, str(loaded.device)), anew=overwrite)
    folder = new_folder(
        out,
        overwrite=overwrite or kept.before is not None,
        files=[*own, *([] if json is None else [json])],
        inputs=[*inputs_of(settings), *files_of(source)],
    )
    with alone_in(folder), goes_on(kept, "without --overwrite " if overwrite else ""):
        comparison = compare_methods(
            loaded,
            source if limit is None else evenly_spaced(source, limit),
            methods=chosen,
            first_blocks=first,
            affinity=affinity,
            refined=refine,
            faithfulness=faithfulness,
            workers=workers,
            kept=kept,
        )
    write_comparison(comparison, folder, command)
    if json is not None:
        comparison.write_json(json)
    kept.remove()
    print(comparison.table())


def write_comparison(comparison: "Comparison", folder: Path, command: str) -> None:
    """Write the scores as JSON, as a picture, and as a table beside the command that made it."""
    from getam.report import comparison_svg

    comparison.write_json(folder / "compare.json")
    write_text(folder / "compare.svg", comparison_svg(comparison))
    table = f"{comparison.photos} photos, best first:\n\n{comparison.markdown()}\n"
    write_text(folder / "table.md", f"    {command}\n\n{table}")


@contextmanager
def goes_on(kept: "KeptCounts", how: str) -> Iterator[None]:
    """Say how much is kept if somebody stops the comparison within the block."""
    try:
        yield
    except KeyboardInterrupt:
        logger.warning("%d photos are counted: the same command %sgoes on", kept.photos, how)
        raise


def scored_command(settings: Mapping[str, Any], device: str) -> dict[str, Any]:
    """Return the settings that scores and costs depend on, the masks and the device among them."""
    truth = settings["truth"]
    command = command_of("compare", {n: v for n, v in settings.items() if n != "command"})
    return command | {"truth": None if truth is None else whole_name(truth), "device": device}


def evenly_spaced(source: "Source", count: int) -> "Source":
    """Return at most ``count`` of the photos, evenly spaced over the whole list."""
    import numpy as np

    if count < 1:
        raise ValueError(f"limit must be 1 or more, got {count}")
    chosen = np.linspace(0, len(source) - 1, min(count, len(source))).round().astype(int)
    return replace(source, records=tuple(source.records[index] for index in chosen))


def run(options: Sequence[str]) -> None:
    """Run the verb with its command-line options; the table is kept beside its command."""
    settings = parse(verb_parser("compare", compare, skip={"command"}), options)
    compare(**settings, command=shlex.join(["getam", "compare", *options]))
