"""An explorer looks at one photo by the choice of a person: photo and choice in, a sight out."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from inspect import signature
from typing import Protocol

from PIL import Image

from getam.activation import lookup_method
from getam.activation.lookup import method_names
from getam.explain import Classifier, explain
from getam.explain.class_names import short_names
from getam.inference import Predictor, label_photo
from getam.inference.folders import file_values, in_file_values
from getam.model import Model
from getam.pseudo_label.complete import thresholds
from getam.report import as_picture
from getam.web.sight import MASK, PSEUDO_LABEL, Sight

UNKNOWN_DEPTH = 24
"""Blocks that may be chosen of a model that does not say how many it has."""

TOP = 3
"""Classes of a classifier that are explained when none are chosen, as in ``getam explain``."""


@dataclass(frozen=True)
class Choice:
    """A choice is everything that a person sets for one photo.

    Attributes
    ----------
    method, first_block
        As :func:`getam.activation_maps`.
    low, high
        Thresholds of the pseudo label: background below, class above, undecided between them. A
        classifier makes no pseudo label and does not read them.
    classes
        Indices of the classes that the photo shows; empty lets the network choose.
    """

    method: str
    first_block: int
    low: float = 0.25
    high: float = 0.55
    classes: Sequence[int] = ()


class Explorer(Protocol):
    """An explorer is a network that somebody asks about photos."""

    @property
    def names(self) -> Sequence[str]:
        """Return the names of the classes, each of which is there once."""

    @property
    def methods(self) -> Sequence[str]:
        """Return the attribution methods that may be chosen."""

    @property
    def depth(self) -> int:
        """Return the number of blocks that may count."""

    @property
    def start(self) -> Choice:
        """Return the choice to begin with."""

    @property
    def segments(self) -> bool:
        """Return whether there are pseudo labels and masks beside the maps."""

    def __call__(self, photo: Image.Image, choice: Choice) -> Sight:
        """Look at a photo.

        Parameters
        ----------
        photo
            A picture of any size.
        choice
            The choice, which says what to look for, and how.

        Raises
        ------
        ValueError
            If a class, the method or the block does not exist or does not fit the network.
        """


@dataclass(frozen=True)
class RunExplorer:
    """This explorer asks a trained run: maps, pseudo label and mask.

    The maps are refined, since the thresholds of the pseudo label apply to refined maps.

    Attributes
    ----------
    model
        From :func:`getam.model.load_model`.
    """

    model: Model
    segments = True

    @cached_property
    def predictor(self) -> Predictor:
        """Return what makes the mask."""
        return Predictor(self.model)

    @property
    def names(self) -> Sequence[str]:
        """Return the classes of the run."""
        return list(self.model.classes)

    @property
    def methods(self) -> Sequence[str]:
        """Return the methods that read no windows, which networks do not have."""
        return [name for name in method_names() if lookup_method(name).reads != "windows"]

    @property
    def depth(self) -> int:
        """Return the number of blocks of the backbone."""
        return len(self.model.network.backbone.blocks)

    @property
    def start(self) -> Choice:
        """Return the settings of the run; thresholds come from their rule if the run had another.

        A photo that is dropped has no saliency map, which other rules need.
        """
        labeller = self.model.labeller
        known = signature(thresholds).parameters
        default = {name: known[name].default for name in ("low", "high")}
        given = labeller.settings if labeller.rule == "thresholds" else {}
        return Choice(labeller.method, labeller.first_block, **{**default, **given})

    def __call__(self, photo: Image.Image, choice: Choice) -> Sight:
        """Look at a photo; see :class:`Explorer`. The mask holds no class that is not chosen."""
        names = self.names
        tags = [names[index] for index in choice.classes]
        prediction = self.predictor(photo, tags=tags or None)
        likely = prediction.class_probabilities.tolist()
        shown = sorted(set(choice.classes or prediction.seen()), key=lambda c: -likely[c])
        labelled = label_photo(self.with_settings(choice), photo, shown)
        maps = dict(zip(labelled.classes, labelled.refined_maps.cpu(), strict=True))
        table = file_values(self.model.classes)
        return Sight(
            photo=photo,
            probabilities=dict(zip(names, likely, strict=True)),
            maps={names[c]: maps[c] for c in shown},
            masks={
                PSEUDO_LABEL: in_file_values(labelled.label_at_photo_size().cpu(), table),
                MASK: in_file_values(prediction.mask, table),
            },
            values=self.model.classes,
        )

    def with_settings(self, choice: Choice) -> Model:
        """Return the model with a labeller that follows a choice."""
        labeller = replace(
            self.model.labeller,
            method=choice.method,
            first_block=choice.first_block,
            rule="thresholds",
            settings={"low": choice.low, "high": choice.high},
        )
        return replace(self.model, labeller=labeller)


@dataclass(frozen=True)
class ClassifierExplorer:
    """This explorer asks any classifier for maps; there is no run and no mask.

    Attributes
    ----------
    classifier
        From :func:`getam.explain.timm_classifier`.
    """

    classifier: Classifier
    segments = False

    @cached_property
    def names(self) -> Sequence[str]:
        """Return the first synonym of every class."""
        return short_names(self.classifier.names)

    @property
    def methods(self) -> Sequence[str]:
        """Return every method; one that does not fit the classifier says so."""
        return method_names()

    @property
    def depth(self) -> int:
        """Return the number of blocks, or 24 if the model does not say."""
        return len(getattr(self.classifier.model, "blocks", ())) or UNKNOWN_DEPTH

    @property
    def start(self) -> Choice:
        """Return the published method on the second half of the blocks."""
        return Choice("getam", self.depth // 2)

    def __call__(self, photo: Image.Image, choice: Choice) -> Sight:
        """Look at a photo; see :class:`Explorer`. The sight holds what the classifier saw.

        That is a part of the photo if the classifier crops.
        """
        explanation = explain(
            self.classifier,
            photo,
            methods=[choice.method],
            classes=choice.classes or None,
            top=TOP,
            first_block=choice.first_block,
        )
        shown = [self.names[index] for index in explanation.classes]
        shares = explanation.probabilities.tolist()
        return Sight(
            photo=as_picture(explanation.picture),
            probabilities=dict(zip(shown, shares, strict=True)),
            maps=dict(zip(shown, explanation.maps[choice.method], strict=True)),
            masks={},
            values={},
        )
