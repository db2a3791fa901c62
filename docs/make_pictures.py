"""Make the pictures of docs/maps_explained.md and of the README, from photos of scikit-image.

    python docs/make_pictures.py                                     # with timm's ImageNet weights
    python docs/make_pictures.py --weights FILE --cat 27 --espresso 183    # with weights of a file
    python docs/make_pictures.py --model RUN                         # close_cat.jpg alone
    python docs/make_pictures.py --report demo/report.html           # report.jpg; needs chromium

The photos lie in scikit-image itself and may be shown: the cat Chelsea (CC0, Stefan van der Walt)
and a cup of espresso (CC0, Rachel Michetti).
"""

import argparse
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import skimage.data
import timm
import torch
from PIL import Image
from safetensors.torch import load_file
from torch import Tensor, nn

import getam
from getam.cli.main import main as getam_main
from getam.report import as_picture, blend, contact_sheet, overlay

BACKBONE = "vit_tiny_patch16_224"
SIZE = (336, 224)  # a photo's width and height, whole patches of 16
CAT, ESPRESSO = 1, 2  # values in a pseudo label
PASSES = 4  # of patch affinity
LOW, HIGH = 0.35, 0.6
CELL = 300


@dataclass(frozen=True)
class Steps:
    """What one photo goes through, from the photo to the pseudo label.

    Attributes
    ----------
    photo
        uint8 [3, H, W].
    plain, spread
        Activation map [h, w] in 0..1, and the same spread by patch affinity.
    refined
        The spread map pulled to the photo's edges, [H, W] in 0..1.
    """

    photo: Tensor
    plain: Tensor
    spread: Tensor
    refined: Tensor

    def label(self, value: int, *, low: float = LOW, high: float = HIGH) -> Tensor:
        """Return the pseudo label [H, W]: background, ``value``, or 255 where undecided."""
        maps = torch.zeros(1, value, *self.refined.shape)
        maps[0, value - 1] = self.refined
        tags = torch.zeros(1, value)
        tags[0, value - 1] = 1
        return getam.complete_labels(maps, tags, rule="thresholds", low=low, high=high)[0]


class Eye:
    """A timm classifier that takes photos of any size in whole patches."""

    def __init__(self, weights: Path | None) -> None:
        state = None if weights is None else load_file(weights)
        self.model: nn.Module = timm.create_model(
            BACKBONE,
            pretrained=state is None,
            num_classes=1000 if state is None else len(state["head.bias"]),
            dynamic_img_size=True,
        ).eval()
        if state is not None:
            self.model.load_state_dict({name: value.float() for name, value in state.items()})
        settings = timm.data.resolve_model_data_config(self.model)
        self.mean, self.std = (torch.tensor(settings[k]).view(3, 1, 1) for k in ("mean", "std"))

    def image(self, photo: Tensor) -> Tensor:
        """Return the normalised image [1, 3, H, W] of a photo uint8 [3, H, W]."""
        return ((photo / 255 - self.mean) / self.std)[None]

    def maps(self, photo: Tensor, classes: list[int], *, affinity: int = 0) -> Tensor:
        """Return one activation map per class, [K, h, w], each divided by its maximum."""
        image = self.image(photo)
        return getam.activation_maps(
            self.model, image, classes=[classes], affinity=affinity, normalise=True
        )[0]

    def steps(self, photo: Tensor, index: int) -> Steps:
        """Take one photo from its class to everything that a pseudo label needs."""
        plain, spread = (self.maps(photo, [index], affinity=n)[0] for n in (0, PASSES))
        refined = getam.refine(spread[None, None], photo[None])[0, 0]
        return Steps(photo, plain, spread, refined / refined.max())


def pixels(photo: Image.Image, size: tuple[int, int] = SIZE) -> Tensor:
    """Return a photo at another size, uint8 [3, H, W]."""
    return torch.from_numpy(np.array(photo.resize(size, Image.Resampling.BICUBIC))).movedim(-1, 0)


def glued(cat: Image.Image, coffee: Image.Image) -> Image.Image:
    """Glue the cat above the cup: one square photo that has two tags."""
    side, half = 448, 224
    square = Image.new("RGB", (side, side))
    for photo, top, place in ((cat, 40, 0), (coffee, 30, half)):
        wide = photo.resize((side, side * photo.height // photo.width), Image.Resampling.BICUBIC)
        square.paste(wide.crop((0, top, side, top + half)), (0, place))
    return square


def draw_classifier(
    eye: Eye, out: Path, photos: dict[str, Image.Image], classes: list[int]
) -> None:
    """Write the pictures that need a classifier only."""
    pair = pixels(photos["pair"], (224, 224))
    sheet = {"two photos glued, tags: cat, espresso": as_picture(pair)}
    for name, given in zip(("cat", "espresso"), eye.maps(pair, classes), strict=True):
        sheet[f"activation map of {name}"] = overlay(pair, given)
    save(contact_sheet(sheet, columns=3, cell=CELL), out / "two_tags.jpg")
    cat, cup = (
        eye.steps(pixels(photos[name]), index)
        for name, index in zip(("cat", "coffee"), classes, strict=True)
    )
    for name, steps, value in (("cat", cat, CAT), ("espresso", cup, ESPRESSO)):
        row = {
            f"photo, tag: {name}": as_picture(steps.photo),
            "1. activation map": overlay(steps.photo, steps.plain),
            "2. spread by affinity": overlay(steps.photo, steps.spread),
            "3. refined to edges": overlay(steps.photo, steps.refined),
            "4. pseudo label": blend(steps.photo, steps.label(value)),
        }
        save(contact_sheet(row, columns=5, cell=CELL), out / f"steps_{name}.jpg")
    choices = {"strict": (0.6, 0.9), "as above": (LOW, HIGH), "generous": (0.15, 0.35)}
    row = {
        f"{word}: {low:g} and {high:g}": blend(cup.photo, cup.label(ESPRESSO, low=low, high=high))
        for word, (low, high) in choices.items()
    }
    save(contact_sheet(row, columns=3, cell=CELL), out / "thresholds.jpg")


def draw_explain(
    out: Path, photo: Image.Image, *, weights: Path | None, classes: list[int]
) -> None:
    """Write the sheet that ``getam explain`` makes of the glued photo."""
    with tempfile.TemporaryDirectory() as folder:
        photo.save(Path(folder) / "pair.png")
        command(
            *("explain", "--backbone", BACKBONE, "--images", f"{folder}/pair.png"),
            *("--classes", ",".join(map(str, classes)), "--methods", "getam,grad_cam,generic,cam"),
            *("--out", f"{folder}/why", *(("--weights", str(weights)) if weights else ())),
        )
        with Image.open(Path(folder) / "why" / "pair.png") as sheet:
            save(sheet.convert("RGB"), out / "explain.jpg")


def draw_model(out: Path, photo: Image.Image, *, model: Path, name: str) -> None:
    """Write one photo with the map, the pseudo label and the mask of a trained run."""
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        (folder / "photos" / name).mkdir(parents=True)
        file = folder / "photos" / name / f"{name}.png"
        photo.save(file)
        given = ("--model", str(model))
        command("maps", *given, "--images", str(file), "--classes", name, "--out", f"{folder}/maps")
        command("label", *given, "--data", f"{folder}/photos", "--out", f"{folder}/labels")
        command("predict", *given, "--images", str(file), "--out", f"{folder}/masks")
        with np.load(folder / "maps" / f"{name}.npz") as arrays:
            activation_map = arrays["activation_maps"][0].astype(np.float32)
        label, mask = (
            np.array(Image.open(next((folder / d).rglob(f"{name}.png"))))
            for d in ("labels", "masks")
        )
    row = {
        f"photo, tag: {name}": photo,
        "activation map": overlay(photo, activation_map),
        "pseudo label": blend(photo, label),
        "predicted mask": blend(photo, mask),
    }
    save(contact_sheet(row, columns=4, cell=CELL), out / f"close_{name}.jpg")


def draw_report(out: Path, page: Path) -> None:
    """Photograph the top of a report of ``getam demo``, as a browser shows it."""
    with tempfile.TemporaryDirectory() as folder:
        shot = Path(folder) / "report.png"
        subprocess.run(
            [
                *("chromium", "--headless", "--no-sandbox", "--hide-scrollbars"),
                *("--window-size=1200,1500", f"--screenshot={shot}", page.resolve().as_uri()),
            ],
            check=True,
            capture_output=True,
        )
        with Image.open(shot) as picture:
            save(picture.convert("RGB"), out / "report.jpg")


def command(*words: str) -> None:
    """Run the command ``getam``."""
    if status := getam_main(words):
        raise SystemExit(status)


def save(sheet: Image.Image, path: Path) -> None:
    """Write a picture as JPEG and say where it is."""
    path.parent.mkdir(parents=True, exist_ok=True)
    sheet.save(path, quality=88)
    print(path)


def main() -> None:
    """Read the options and make the pictures."""
    parser = argparse.ArgumentParser(description="make the pictures of the pages")
    parser.add_argument("--weights", type=Path, help=f"weights of a {BACKBONE}, head included")
    parser.add_argument("--cat", type=int, default=281, help="number of the class cat")
    parser.add_argument("--espresso", type=int, default=967, help="number of the class espresso")
    parser.add_argument("--model", type=Path, help="a trained run that knows the class cat")
    parser.add_argument("--report", type=Path, help="the report of a run of getam demo")
    parser.add_argument("--out", type=Path, default=Path(__file__).with_name("pictures"))
    given = parser.parse_args()
    if given.report is not None:
        draw_report(given.out, given.report)
        return
    cat, coffee = (Image.fromarray(read()) for read in (skimage.data.chelsea, skimage.data.coffee))
    if given.model is not None:
        draw_model(given.out, cat, model=given.model, name="cat")
    if given.model is not None and given.weights is None:
        return
    photos = {"cat": cat, "coffee": coffee, "pair": glued(cat, coffee)}
    classes = [given.cat, given.espresso]
    draw_classifier(Eye(given.weights), given.out, photos, classes)
    draw_explain(given.out, photos["pair"], weights=given.weights, classes=classes)


if __name__ == "__main__":
    main()
