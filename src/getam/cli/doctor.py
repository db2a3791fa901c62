"""The verb ``getam doctor`` says what getam finds on this machine and what of it matters."""

from collections.abc import Sequence
from pathlib import Path

from getam.cli.options import run_verb


# jsonargparse looks a function's name up in every package above: ``doctor`` would import torch.
def examine_machine(hub: bool = False, json: Path | None = None) -> None:
    """Say what getam finds on this machine, and what of it matters for a run.

    Args:
        hub: send one request to the hub of pretrained weights, to see if it can be reached
        json: write everything to this file too
    """
    from getam.cli.json_file import check_json_file
    from getam.doctor import examine

    check_json_file(json, {})
    diagnosis = examine(ask_hub=hub)
    print(diagnosis.table())
    if json is not None:
        diagnosis.write_json(json)


def run(options: Sequence[str]) -> None:
    """Run the verb with its command-line options."""
    run_verb("doctor", examine_machine, options)
