"""The verb ``getam demo`` takes the whole road on bundled data, with no network connection."""

from collections.abc import Sequence
from pathlib import Path

from getam.cli.options import run_verb


def demo(
    out: Path = Path("demo"),
    seed: int = 0,
    from_scratch: bool = False,
    device: str = "cpu",
    json: Path | None = None,
) -> None:
    """Draw digit scenes, train on their image-level labels, score and report.

    Args:
        out: new or empty folder for scenes, runs, scores.json and report.html
        seed: seed of the scenes and of training
        from_scratch: first train the classifier, which the package otherwise brings along
        device: cpu, cuda, mps or auto
        json: write the scores here too
    """
    from getam.cli.json_file import check_json_file
    from getam.demo import demo as run_demo

    check_json_file(json, {})
    stages = run_demo(out, seed=seed, from_scratch=from_scratch, device=device)
    if json is not None:
        stages.write_json(json)
    print(stages.table())
    print(f"pictures and scores: {out / 'report.html'}")
    print(f"mIoU {stages.final().miou:.3f}")


def run(options: Sequence[str]) -> None:
    """Run the verb with its command-line options."""
    run_verb("demo", demo, options)
