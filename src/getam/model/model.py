"""A model is a trained network with its classes, its view of photos and its way to label them."""

from dataclasses import asdict, dataclass
from pathlib import Path

import torch

from getam.device import choose_device
from getam.model.view import View
from getam.network import DESCRIPTION, Network, description_in, load_network, save_network
from getam.pseudo_label import Labeller


@dataclass(frozen=True)
class Model:
    """A model is what ``getam train`` and ``getam convert`` leave in a folder.

    Attributes
    ----------
    network
        The network, in evaluation mode.
    classes
        Class name to its value in mask files, in the order of the network's channels.
    view
        How the network looks at a photo when it predicts.
    labeller
        What makes maps and pseudo labels of the tags. A label source that reads parts of the loss
        (``--label-source``) is not kept: its parts are gone after training.
    tag_weight
        How much the class logits count in masks, see :func:`getam.network.weigh_by_tags`.
    """

    network: Network
    classes: dict[str, int]
    view: View
    labeller: Labeller
    tag_weight: float = 0.0

    @property
    def device(self) -> torch.device:
        """Return the device that the network lies on."""
        return self.network.mean.device


def save_model(model: Model, folder: str | Path, *, description: str = DESCRIPTION) -> None:
    """Write a model folder that :func:`load_model` reads, as :func:`getam.network.save_network`."""
    extra = {
        "view": {**asdict(model.view), "scales": list(model.view.scales)},
        "labeller": asdict(model.labeller),
        "tag_weight": model.tag_weight,
    }
    save_network(model.network, folder, classes=model.classes, extra=extra, description=description)


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
        view = info.extra["view"]
        return Model(
            network.to(device),
            info.classes,
            View(**{**view, "scales": tuple(view["scales"])}),
            Labeller(**info.extra["labeller"]),
            float(info.extra["tag_weight"]),
        )
    except KeyError as error:
        raise ValueError(
            f"model: {description_in(Path(folder))} lacks {error}: write it with getam train or "
            "getam convert"
        ) from None
    except (ValueError, TypeError, AttributeError, OverflowError) as error:
        raise ValueError(f"model: {description_in(Path(folder))} cannot be used: {error}") from None
