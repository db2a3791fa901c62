"""The first label of a photo is what a person accepts, rejects or corrects."""

from dataclasses import replace

import numpy as np
import torch

from getam.data import Record, Source, read_photo
from getam.inference import Predictor, label_photos
from getam.model import Model
from getam.vocabulary import IGNORE


def first_label(model: Model, source: Source, record: Record) -> np.ndarray:
    """Return the pseudo label of a photo, in which the network's own mask decides the rest.

    The pseudo label leaves pixels undecided (255). They take their value from the mask of the
    network that was told the tags. Without tags, that mask alone is the label.

    Parameters
    ----------
    model
        The trained model.
    source
        The data set of the photo; its classes are the model's.
    record
        The photo.

    Returns
    -------
    numpy.ndarray
        uint8 [H, W] of the photo's size: 0 background, class + 1.
    """
    mask = Predictor(model)(read_photo(record.image), tags=record.labels).mask
    if record.labels is None:
        return mask.numpy()
    (photo,) = label_photos(model, replace(source, records=(record,)), workers=0)
    label = photo.label_at_photo_size().cpu()
    return torch.where(label == IGNORE, mask, label).numpy()
