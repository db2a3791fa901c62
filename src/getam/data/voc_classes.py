"""This module lists the 20 classes of PASCAL VOC in their official order.

The value of a class in the masks is its position in the list, counted from 1.
"""

VOC_CLASSES = (
    "aeroplane",
    "bicycle",
    "bird",
    "boat",
    "bottle",
    "bus",
    "car",
    "cat",
    "chair",
    "cow",
    "diningtable",
    "dog",
    "horse",
    "motorbike",
    "person",
    "pottedplant",
    "sheep",
    "sofa",
    "train",
    "tvmonitor",
)
"""Names of the PASCAL VOC classes, without background."""
