"""Maps of any timm vision transformer for one photo: maps_of_any_vit.py PHOTO [NAME]."""

import sys

import timm
import torch

import getam
from getam.data import read_photo
from getam.report import overlay

name = sys.argv[2] if len(sys.argv) > 2 else "deit_small_patch16_224"
model = timm.create_model(name, pretrained=True).eval()
transform = timm.data.create_transform(**timm.data.resolve_model_data_config(model))
photo = read_photo(sys.argv[1])
image = transform(photo)[None]
with torch.no_grad():
    top = model(image)[0].topk(3).indices.tolist()
for index, activation_map in zip(
    top, getam.activation_maps(model, image, classes=[top], normalise=True)[0], strict=True
):
    overlay(photo, activation_map).save(f"class{index}.png")
    print(f"class{index}.png")
