"""Write the lists of photos on which choices are made: python benchmarks/choosing.py.

Every list holds a fifth of the training photos of one data set. Masks of these photos may be read
to choose a setting; no run trains on a mask. Photos that show the same object stay together.
"""

import csv
import json
import re
from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np

SHARED = Path("../shared/data")
LISTS = Path(__file__).with_name("choosing")
SHARE = 0.2
NEIGHBOURS = 60  # most that the numbers of two exposures of one tile differ by
SEED = 0


def main() -> None:
    """Write the list of every data set."""
    write("voc2012_animals", listed(SHARED / "voc2012_animals", "train_aug"))
    write("msrc_v2", listed(SHARED / "msrc_v2", "train"))
    stems = training_tiles(SHARED / "magnetic_tile" / "labels.csv")
    write("magnetic_tile", stems, groups=tiles(stems))


def listed(root: Path, split: str) -> list[str]:
    """Return the ids in a list of a VOC root that carry a label."""
    ids = (root / "ImageSets" / "Segmentation" / f"{split}.txt").read_text().split()
    labels = json.loads((root / "image_labels.json").read_text())
    return [name for name in ids if labels.get(name)]


def training_tiles(table: Path) -> list[str]:
    """Return the stems of the training photos of magnetic tiles, with and without a defect."""
    with table.open(newline="") as file:
        return [Path(row["image"]).stem for row in csv.DictReader(file) if row["split"] == "train"]


def tiles(stems: Iterable[str]) -> dict[str, str]:
    """Return the tile of every photo, named by its first photo.

    A tile was photographed with up to six exposures one after the other, so photos of one tile have
    neighbouring numbers and rising exposures: "blowhole_exp1_num_3667", "blowhole_exp2_num_3696".
    """
    shots = sorted(stems, key=lambda stem: int(stem.rpartition("_")[2]))
    found: dict[str, str] = {}
    for before, stem in zip(["", *shots], shots, strict=False):
        found[stem] = found[before] if before and same_tile(before, stem) else stem
    return found


def same_tile(before: str, after: str) -> bool:
    """Say whether a photo shows the same tile as the photo taken just before it."""
    kinds, exposures, numbers = zip(
        *(re.split("_exp|_num_", s) for s in (before, after)), strict=True
    )
    close = int(numbers[1]) - int(numbers[0]) <= NEIGHBOURS
    return kinds[0] == kinds[1] and exposures[0] < exposures[1] and close


def write(name: str, ids: Iterable[str], groups: Mapping[str, str] | None = None) -> None:
    """Draw whole groups until a fifth of the photos is reached, and write their ids sorted."""
    ids = sorted(ids)
    group_of = groups or {photo: photo for photo in ids}
    order = np.random.default_rng(SEED).permutation(sorted(set(group_of.values()))).tolist()
    drawn: list[str] = []
    while len(drawn) < SHARE * len(ids):
        group = order.pop()
        drawn += [photo for photo in ids if group_of[photo] == group]
    LISTS.mkdir(exist_ok=True)
    (LISTS / f"{name}.txt").write_text("\n".join(sorted(drawn)) + "\n")
    print(f"{name}: {len(drawn)} of {len(ids)} photos")


if __name__ == "__main__":
    main()
