"""This package corrects masks by a person's clicks and brush, and keeps what was decided."""

from getam.correction.brush import paint
from getam.correction.clicks import Click, ClickSpreader, spread_for
from getam.correction.decisions import ACCEPTED, CORRECTED, OPEN, REJECTED
from getam.correction.first_label import first_label
from getam.correction.order import qualities_for, worst_first
from getam.correction.review import Review, open_review

__all__ = [
    "ACCEPTED",
    "CORRECTED",
    "OPEN",
    "REJECTED",
    "Click",
    "Review",
    "ClickSpreader",
    "first_label",
    "open_review",
    "paint",
    "qualities_for",
    "spread_for",
    "worst_first",
]
