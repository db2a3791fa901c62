"""Pseudo labels of getam train another network: DPT of segmentation_models_pytorch on ViT-Tiny.

    getam train --config configs/voc_animals_vit_tiny_nosal.yaml --out runs/animals
    getam label runs/animals --data DATA --split train_aug --out runs/labels
    pip install "getam[examples]"
    python examples/two_stage.py DATA runs/labels WEIGHTS runs/second

``DATA`` is a folder like PASCAL VOC (``voc2012_animals``). ``WEIGHTS`` is a safetensors file for
timm's ``vit_tiny_patch16_224``. The masks of ``val`` are read once, at the end, to score.
"""

import sys
from pathlib import Path

import segmentation_models_pytorch as smp
import torch
from PIL import Image
from rich.progress import track
from safetensors.torch import load_file
from torch.nn.functional import cross_entropy, interpolate
from torchvision.transforms import v2
from torchvision.tv_tensors import Mask

from getam import score_folders
from getam.data import open_source, read_photo
from getam.evaluation import read_class_names, read_mask

EPOCHS, BATCH, CROP, LONG_SIDE, UNIT, UNDECIDED = 3, 8, 224, 320, 32, 255
ANIMALS = ["cat", "cow", "dog", "horse", "sheep", "person"]
SIZES = {"decoder_intermediate_channels": (48, 96, 192, 192), "decoder_fusion_channels": 32}
OF_TIMM = {"dynamic_img_size": True, "num_classes": 0}  # photos of any size, no classifier
AT_RANDOM = v2.Compose([v2.RandomResizedCrop(CROP, (0.5, 1.0)), v2.RandomHorizontalFlip()])
TO_FLOAT = [v2.ToDtype(torch.float32, scale=True), v2.Normalize([0.5] * 3, [0.5] * 3)]
TO_INPUT = v2.Compose([v2.ToImage(), *TO_FLOAT])


def train(network: smp.DPT, pairs: list[tuple[Path, Path]]) -> None:
    """Train on photos and their pseudo labels; undecided pixels have no part in the loss."""
    decoder = [*network.decoder.parameters(), *network.segmentation_head.parameters()]
    rates = [{"params": network.encoder.parameters(), "lr": 1e-4}, {"params": decoder, "lr": 1e-3}]
    optimiser = torch.optim.AdamW(rates)
    batches = [batch for _ in range(EPOCHS) for batch in torch.randperm(len(pairs)).split(BATCH)]
    schedule = torch.optim.lr_scheduler.PolynomialLR(optimiser, len(batches), power=0.9)
    for batch in track(batches, "training"):
        files = [pairs[index] for index in batch]
        drawn = [AT_RANDOM(read_photo(photo), Mask(read_mask(label))) for photo, label in files]
        logits = network(torch.stack([TO_INPUT(photo) for photo, _ in drawn]))
        labels = torch.stack([label for _, label in drawn]).long()
        optimiser.zero_grad()
        cross_entropy(logits, labels, ignore_index=UNDECIDED).backward()
        optimiser.step()
        schedule.step()


@torch.inference_mode()
def predict(network: smp.DPT, photo: Image.Image) -> Image.Image:
    """Return the mask of a photo at its own size."""
    sides = [max(1, round(side * LONG_SIDE / max(photo.size) / UNIT)) * UNIT for side in photo.size]
    logits = network(TO_INPUT(photo.resize(sides))[None])
    mask = interpolate(logits, photo.size[::-1], mode="bilinear")[0].argmax(0)
    return Image.fromarray(mask.byte().numpy())


torch.manual_seed(0)
data, labels, weights, out = map(Path, sys.argv[1:])
out.mkdir(parents=True)  # a folder that is there already stops the program before the training
classes = read_class_names(data / "classes.txt")
network = smp.DPT(
    "tu-vit_tiny_patch16_224", encoder_weights=None, classes=len(classes), **SIZES, **OF_TIMM
)
state = {name: value for name, value in load_file(weights).items() if not name.startswith("head.")}
network.encoder.model.load_state_dict(state)
photos = open_source(data, split="train_aug").records
train(network.train(), [(photo.image, labels / f"{photo.id}.png") for photo in photos])
network.eval()
for photo in open_source(data, split="val").records:
    predict(network, read_photo(photo.image)).save(out / f"{photo.id}.png")
truth, ids = data / "SegmentationClassAug", data / "ImageSets/Segmentation/val.txt"
print(score_folders(out, truth, classes=classes, only=ANIMALS, ids=ids).table())
