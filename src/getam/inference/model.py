"""A model folder read whole: network, class names, input size and how its labels were made."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import torch

from getam.network import Network, load_network, save_network
from getam.pseudo_label import Labeller


@dataclass(frozen=True)
class Model:
    """What ``getam train`` and ``getam convert`` leave in a folder.

    Attributes
    ----------
    network
        In evaluation mode.
    classes
        Class name to its value in mask files, in the order of the network's channels.
    long_side
        Long side, in pixels, at which the network sees a photo.
    labeller
        Makes maps and pseudo labels as in training.
    tag_weight
        How much the class logits count in masks, see :func:`getam.inference.weigh_by_tags`.
    scales, resize, crf
        The test it was made for, see :class:`getam.Predictor`.
    """

    network: Network
    classes: dict[str, int]
    long_side: int
    labeller: Labeller
    tag_weight: float = 0.0
    scales: Sequence[float] = (1.0,)
    resize: str = "aspect"
    crf: bool = False


def save_model(model: Model, folder: str | Path) -> None:
    """Write a model folder that :func:`load_model` reads."""
    extra = {
        "long_side": model.long_side,
        "labeller": asdict(model.labeller),
        "tag_weight": model.tag_weight,
        "test": {"scales": list(model.scales), "resize": model.resize, "crf": model.crf},
    }
    save_network(model.network, folder, classes=model.classes, extra=extra)


def choose_device(device: str | torch.device | None) -> torch.device:
    """The device asked for; of None or "auto" the accelerator if there is one.

    Raises
    ------
    ValueError
        If there is no such device here.
    """
    has_cuda = torch.cuda.is_available()
    if device is None or device == "auto":
        return torch.device("cuda" if has_cuda else "cpu")
    try:
        chosen = torch.device(device)
    except RuntimeError:
        raise ValueError(f"device must be cpu or cuda, got {device!r}") from None
    if chosen.type == "cuda" and not has_cuda:
        raise ValueError(f"device is {device}, but torch sees no CUDA here: use cpu")
    return chosen


def load_model(folder: str | Path, *, device: str | torch.device | None = None) -> Model:
    """Read a model folder onto a device, by default the accelerator if there is one.

    Raises
    ------
    FileNotFoundError, ValueError
        If the folder is missing, or holds no whole model.
    """
    device = choose_device(device)
    network, info = load_network(folder)
    try:
        labeller = Labeller(**info.extra["labeller"])
        long_side = int(info.extra["long_side"])
        tag_weight = float(info.extra["tag_weight"])
        test = info.extra.get("test", {})
        return Model(network.to(device), info.classes, long_side, labeller, tag_weight, **test)
    except (KeyError, TypeError) as error:
        raise ValueError(
            f"model: {folder}/model.json lacks {error}: write it with getam train or getam convert"
        ) from None
