"""This package reads data sets from disk and makes batches: labels, saliency, transforms."""

from getam.data.check import readable, without_unreadable
from getam.data.corrected import with_corrected
from getam.data.dataset import Draw, PhotoDataset, TrainDataset
from getam.data.evenly import evenly
from getam.data.folder import list_photos
from getam.data.hold_out import hold_out, split_off
from getam.data.labels import read_labels
from getam.data.loader import (
    BatchLoader,
    TrainLoader,
    photo_loader,
    plain_error,
    shuffled_loader,
    train_loader,
    worker_options,
)
from getam.data.open import open_source
from getam.data.overlap import without_overlap
from getam.data.photo import photo_size, read_photo, upright_rgb
from getam.data.reading import Unread, read_each
from getam.data.repeat_factors import repeat_factors
from getam.data.saliency import read_saliency, with_saliency
from getam.data.sample import NOT_CORRECTED, Batch, Sample, classes_of, collate, fill_padding
from getam.data.sampler import ShuffledBatches
from getam.data.source import Record, Source
from getam.data.tags import Tags
from getam.data.transform import (
    TrainTransform,
    mirror,
    resize_long_side,
    size_for_long_side,
    square,
)
from getam.data.truth import check_truth, with_truth
from getam.data.views import DrawnViews, SomeSquares, SquareViews, Views
from getam.data.voc_classes import VOC_CLASSES

__all__ = [
    "NOT_CORRECTED",
    "VOC_CLASSES",
    "Batch",
    "BatchLoader",
    "Draw",
    "DrawnViews",
    "PhotoDataset",
    "Record",
    "Sample",
    "ShuffledBatches",
    "SomeSquares",
    "Source",
    "SquareViews",
    "Tags",
    "TrainDataset",
    "TrainLoader",
    "TrainTransform",
    "Unread",
    "Views",
    "check_truth",
    "classes_of",
    "collate",
    "evenly",
    "fill_padding",
    "hold_out",
    "list_photos",
    "mirror",
    "open_source",
    "photo_loader",
    "plain_error",
    "photo_size",
    "read_each",
    "read_labels",
    "read_photo",
    "read_saliency",
    "readable",
    "repeat_factors",
    "resize_long_side",
    "shuffled_loader",
    "size_for_long_side",
    "split_off",
    "square",
    "train_loader",
    "upright_rgb",
    "with_corrected",
    "with_saliency",
    "with_truth",
    "worker_options",
    "without_overlap",
    "without_unreadable",
]
