"""Write the data that people have, a table of photos and tags: python benchmarks/plain_sets.py.

Every set is a ``tags.csv`` (image, labels, split) with a folder of masks for the score of its
``val`` part; it names the photos where they are. Nothing here is chosen by hand: photos are drawn
with a seed.

    runs/sets/animals_30, _100, _200   3 classes, so many photos to train on
    runs/sets/animals_all              3 classes, all photos that show one
    runs/sets/animals_few_cows         6 classes, a tenth of the photos with cows
    runs/sets/tiles, tiles_one_class   magnetic tiles; photos of a tile of ``val`` never train
"""

import argparse
import csv
import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np
from choosing import SHARED, tiles
from PIL import Image

from getam.report import save_mask

ANIMALS = SHARED / "voc2012_animals"
TILES = SHARED / "magnetic_tile"
THREE = ("cat", "dog", "horse")
SIX = ("cat", "cow", "dog", "horse", "sheep", "person")
FEW = 0.1  # share of the photos with cows that is kept

Tags = dict[str, list[str]]


def main() -> None:
    """Write every set."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--out", type=Path, default=Path("runs/sets"))
    out = parser.parse_args().out
    train, val = animal_tags("train_aug"), animal_tags("val")
    three, three_val = only(train, THREE), only(val, THREE)
    for count in (30, 100, 200):
        write_animals(out / f"animals_{count}", THREE, drawn(three, count), three_val)
    write_animals(out / "animals_all", THREE, three, three_val)
    write_animals(out / "animals_few_cows", SIX, with_few(only(train, SIX), "cow"), only(val, SIX))
    write_tiles(out / "tiles", merged=None)
    write_tiles(out / "tiles_one_class", merged="defect")


def animal_tags(split: str) -> Tags:
    """Return the tags of a list of the animal photos."""
    tags: Tags = json.loads((ANIMALS / "image_labels.json").read_text())
    listed = (ANIMALS / "ImageSets" / "Segmentation" / f"{split}.txt").read_text().split()
    return {name: tags[name] for name in listed}


def only(tags: Tags, classes: Sequence[str]) -> Tags:
    """Keep the photos that show one of the classes, and of their tags these classes."""
    kept = {name: [c for c in shown if c in classes] for name, shown in tags.items()}
    return {name: shown for name, shown in kept.items() if shown}


def drawn(tags: Tags, count: int) -> Tags:
    """Draw so many photos."""
    order = np.random.default_rng(0).permutation(sorted(tags)).tolist()
    return {name: tags[name] for name in sorted(order[:count])}


def with_few(tags: Tags, rare: str) -> Tags:
    """Keep only a tenth of the photos that show a class."""
    shown = sorted(name for name in tags if rare in tags[name])
    kept = set(drawn({name: tags[name] for name in shown}, round(FEW * len(shown))))
    return {name: tags[name] for name in tags if rare not in tags[name] or name in kept}


def write_animals(out: Path, classes: Sequence[str], train: Tags, val: Tags) -> None:
    """Write a set of animal photos; masks get the numbers of its own classes."""
    names = (ANIMALS / "classes.txt").read_text().split()
    values = {names.index(name): number for number, name in enumerate(classes, start=1)}
    photos = {name: ANIMALS / "JPEGImages" / f"{name}.jpg" for name in (*train, *val)}
    masks = {name: ANIMALS / "SegmentationClassAug" / f"{name}.png" for name in val}
    write(out, photos, {"train": train, "val": val}, masks, classes=classes, values=values)


def write_tiles(out: Path, *, merged: str | None) -> None:
    """Write the magnetic tiles, all defects as one class if it has a name."""
    rows = list(csv.DictReader((TILES / "labels.csv").open(newline="")))
    names = (TILES / "classes.txt").read_text().split()
    photos = {Path(row["image"]).stem: TILES / row["image"] for row in rows}
    tags = {
        Path(row["image"]).stem: row["labels"].split(";") if row["labels"] else [] for row in rows
    }
    if merged:
        tags = {name: [merged] if shown else [] for name, shown in tags.items()}
    tile = tiles(photos)
    val = {Path(row["image"]).stem for row in rows if row["split"] == "val"}
    seen = {tile[name] for name in val}
    parts = {
        "train": {name: tags[name] for name in tags if tile[name] not in seen},
        "val": {name: tags[name] for name in tags if name in val},
    }
    masks = {name: TILES / "masks" / f"{name}.png" for name in val}
    values = {number: 1 if merged else number for number in range(1, len(names))}
    write(out, photos, parts, masks, classes=[merged] if merged else names[1:], values=values)


def write(
    out: Path,
    photos: Mapping[str, Path],
    parts: Mapping[str, Tags],
    masks: Mapping[str, Path],
    *,
    classes: Iterable[str],
    values: Mapping[int, int],
) -> None:
    """Write the table and the masks; a value that is no class of the set becomes 255."""
    (out / "masks").mkdir(parents=True, exist_ok=True)
    (out / "masks" / "classes.txt").write_text("\n".join(["background", *classes]) + "\n")
    table = np.full(256, 255, dtype=np.uint8)
    for given, number in {0: 0, **values}.items():
        table[given] = number
    for name, mask in masks.items():
        with Image.open(mask) as image:
            save_mask(out / "masks" / f"{name}.png", table[np.asarray(image)])
    with (out / "tags.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["image", "labels", "split"])
        for split, tags in parts.items():
            for name, shown in tags.items():
                writer.writerow([photos[name].resolve(), ";".join(shown), split])
    print(out, {split: len(tags) for split, tags in parts.items()})


if __name__ == "__main__":
    main()
