"""This module takes a model to the Hugging Face hub, or to a folder as the hub wants it."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from huggingface_hub import ModelCard, ModelHubMixin, snapshot_download

from getam.files import whole_file
from getam.inference import Predictor
from getam.model import Model, View, load_model, save_model
from getam.network import DESCRIPTION, HUB_DESCRIPTION, WEIGHTS

CARD = "README.md"
HUB_FILES = (WEIGHTS, HUB_DESCRIPTION, CARD)
"""The files of a folder for the hub."""


class HubPredictor(Predictor, ModelHubMixin, library_name="getam"):
    """A hub predictor is a predictor that the hub can store: weights, description, model card.

    Parameters
    ----------
    model, view
        As for :class:`getam.Predictor`.
    card
        The text of the model card, in Markdown.

    Examples
    --------
    ``getam export RUN --format hub --out FOLDER`` writes such a folder. Then::

        predictor = HubPredictor.from_pretrained("FOLDER")  # or a name on the hub
        predictor("photo.jpg").mask
    """

    def __new__(cls, *_arguments: Any, **_options: Any) -> "HubPredictor":
        """Make the object without the mixin, which would copy the network as a setting."""
        return object.__new__(cls)

    def __init__(self, model: Model, view: View | None = None, *, card: str = "") -> None:
        super().__init__(model, view)
        self.model = replace(model, view=self.view)
        self.card = card

    def generate_model_card(self, *_arguments: Any, **_options: Any) -> ModelCard:
        """Return the model card."""
        return ModelCard(self.card)

    def _save_pretrained(self, save_directory: Path) -> None:
        save_model(self.model, save_directory, description=HUB_DESCRIPTION)

    @classmethod
    def _from_pretrained(
        cls,
        *,
        model_id: str,
        device: str | torch.device | None = None,
        **download: Any,
    ) -> "HubPredictor":
        """Load a local folder, or that which the hub has under a name."""
        folder = Path(model_id)
        if not folder.is_dir():
            folder = Path(snapshot_download(model_id, allow_patterns=[*HUB_FILES], **download))
        card = folder / CARD
        text = card.read_text(encoding="utf-8") if card.is_file() else ""
        return cls(load_model(folder, device=device), card=text)


def write_hub(model: Model, out: str | Path, *, card: str) -> HubPredictor:
    """Write a folder as the hub wants it, and return what can be pushed there. No request is sent.

    Parameters
    ----------
    model
        The model.
    out
        The folder. It receives ``model.safetensors``, ``config.json`` and ``README.md``.
    card
        The text of the model card, from :func:`getam.run_report.model_card`.

    Raises
    ------
    FileExistsError
        If the folder holds a model of getam, whose description would be taken for this one's.
    """
    if (Path(out) / DESCRIPTION).exists():
        raise FileExistsError(f"out: {out} holds a model with {DESCRIPTION}: choose another folder")
    with whole_file(Path(out) / CARD) as temporary:  # first: the mixin keeps a card that is there
        temporary.write_text(card, encoding="utf-8")
    predictor = HubPredictor(model, card=card)
    try:
        predictor.save_pretrained(out)
    except BaseException:
        (Path(out) / CARD).unlink()  # the same command can then be given again
        raise
    return predictor


def push_hub(predictor: HubPredictor, name: str, *, token: str) -> str:
    """Push to a private repository of the hub, and return its address.

    Parameters
    ----------
    predictor
        The network that :func:`write_hub` has returned.
    name
        The repository, such as ``me/animals``. It is made if it is missing.
    token
        A token of the hub that may write.

    Raises
    ------
    OSError
        If the hub cannot be reached or refuses.
    """
    try:
        return str(predictor.push_to_hub(name, token=token, private=True))
    except Exception as error:  # the client raises errors of its own and of its libraries
        reason = (str(error) or type(error).__name__).strip().splitlines()[0]
        raise OSError(f"push: {name} was not written ({reason}); the folder is whole") from error
