"""A review leads a person through photos, and keeps every mask that the person agrees with."""

import logging
import zlib
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np
import torch

from getam.correction.brush import paint
from getam.correction.clicks import Click, ClickSpreader, spread_for
from getam.correction.decisions import (
    ACCEPTED,
    CORRECTED,
    DECISIONS,
    OPEN,
    REJECTED,
    WITH_MASK,
    Decisions,
)
from getam.correction.first_label import first_label
from getam.correction.order import worst_first
from getam.data import Record, Source, photo_size
from getam.evaluation import read_mask
from getam.inference import file_values, training_numbers
from getam.model import Model
from getam.outputs import OutputFolder
from getam.report import save_mask
from getam.vocabulary import BACKGROUND, IGNORE

MOST_UNDONE = 200
"""The number of changes that can be undone."""

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class UndoEntry:
    """An undo entry is what a photo was before something was done to it.

    Attributes
    ----------
    photo
        The id of the photo.
    decision
        The decision that stood.
    label
        The label, compressed, since large photos would fill the memory.
    clicks
        The clicks that the label came from.
    """

    photo: str
    decision: str
    label: bytes
    clicks: tuple[Click, ...]


class Review:
    """A review holds the photo on the screen, its label, and what was decided about all photos.

    Every change is written at once: the mask as a palette PNG under the id of the photo, and the
    decision in ``decisions.json`` beside it. The folder holds the masks of accepted and corrected
    photos alone, so ``getam train --corrected`` takes it at any time. A mask that somebody else has
    put there counts as a corrected one. A review that is opened again goes on where it stopped.

    Parameters
    ----------
    source
        The photos in the order of the review, the worst first. Its classes are the model's.
    out
        The folder of the masks, from `getam.inference.output_folder`.
    first
        Returns the label, uint8 [H, W], that a person sees first of a photo.
    spread
        Returns what spreads clicks over a photo.

    Attributes
    ----------
    record
        The photo on the screen.
    label
        Its label, uint8 [H, W]: 0 background, class + 1, 255 undecided.
    clicks
        The clicks on it so far.

    Raises
    ------
    ValueError
        If ``decisions.json`` is damaged, or if the mask of the first photo cannot be used.
    """

    record: Record
    label: np.ndarray
    clicks: tuple[Click, ...]
    _spread: ClickSpreader | None

    def __init__(
        self,
        source: Source,
        out: OutputFolder,
        *,
        first: Callable[[Record], np.ndarray],
        spread: Callable[[Record], ClickSpreader],
    ) -> None:
        self.source = source
        self.out = out
        self._first, self._make_spread = first, spread
        self._decisions = Decisions(out.path / DECISIONS)
        self._history: deque[UndoEntry] = deque(maxlen=MOST_UNDONE)
        self._places = {record.id: place for place, record in enumerate(source.records)}
        self._take_over_masks()
        self._show_from(self._places.get(self._decisions.shown, 0), steps=1)

    @property
    def place(self) -> int:
        """Return the place of the photo on the screen in the order of the review, from 0."""
        return self._places[self.record.id]

    @property
    def decision(self) -> str:
        """Return what is decided about the photo on the screen; a lost mask opens it again."""
        return self._decision_about(self.record)

    @property
    def counts(self) -> dict[str, int]:
        """Return the number of photos by what is decided about them."""
        decided = [self._decision_about(record) for record in self.source.records]
        return {name: decided.count(name) for name in (OPEN, ACCEPTED, CORRECTED, REJECTED)}

    def click(self, x: int, y: int, value: int) -> None:
        """Spread a click from column x and row y, and save the label.

        Raises
        ------
        ValueError
            If the click lies outside the photo, or if its value is no class.
        """
        self._check_value(value)
        click = Click(x, y, value)
        label = self._spread_of_photo()(self.label, [click], before=self.clicks)
        self._change(label, (*self.clicks, click))

    def paint(self, points: Sequence[tuple[float, float]], *, radius: float, value: int) -> None:
        """Paint a stroke, and save the label; see `getam.correction.paint`.

        A click that lies under the stroke no longer counts.

        Raises
        ------
        ValueError
            If there is no point, or if the value is neither a class nor 255.
        """
        if value != IGNORE:
            self._check_value(value)
        label = paint(self.label, points, radius=radius, value=value)
        kept = (click for click in self.clicks if label[click.y, click.x] == click.value)
        self._change(label, tuple(kept))

    def accept(self) -> None:
        """Keep the label as it is; if it was changed, it stays a corrected one."""
        if self.decision not in WITH_MASK:
            self._remember()
            self._save(ACCEPTED)

    def reject(self) -> None:
        """Keep no mask of the photo, so that training learns from its tags alone."""
        if self.decision != REJECTED:
            self._remember()
            self._decide(REJECTED)

    def undo(self) -> bool:
        """Take back the last change or decision, and show its photo; False if there is none."""
        if not self._history:
            return False
        entry = self._history.pop()
        if entry.photo != self.record.id:
            self._show(self._places[entry.photo])
        packed = np.frombuffer(zlib.decompress(entry.label), dtype=np.uint8)
        self.label, self.clicks = packed.reshape(self.label.shape).copy(), entry.clicks
        if entry.decision in WITH_MASK:
            self._save(entry.decision)
        else:
            self._decide(entry.decision)
        return True

    def go(self, steps: int) -> None:
        """Show the photo some steps further, or back; the review ends at either end.

        A photo with a mask that cannot be used is passed over, and a line says so.

        Raises
        ------
        ValueError
            If no photo further on can be shown.
        """
        self._show_from(min(max(self.place + steps, 0), len(self.source) - 1), steps=steps)

    def go_to_open(self) -> bool:
        """Show the next photo about which nothing is decided; False if there is none."""
        records = self.source.records
        after = [*range(self.place + 1, len(records)), *range(self.place + 1)]
        for place in after:
            if self._decision_about(records[place]) == OPEN:
                self._show(place)
                return True
        return False

    def _take_over_masks(self) -> None:
        """Count masks without a decision as corrected ones: somebody has put them there."""
        records = self.source.records
        open_ones = (r for r in records if self._decisions[r.id] not in WITH_MASK)
        if found := [r.id for r in open_ones if self._file(r).is_file()]:
            self._decisions.take_over(found)

    def _show_from(self, place: int, *, steps: int) -> None:
        """Show the first photo from a place on, or back from it, whose mask can be used."""
        direction = -1 if steps < 0 else 1
        end = -1 if steps < 0 else len(self.source)
        for each in range(place, end, direction):
            try:
                self._show(each)
                return
            except ValueError as error:
                logger.warning("%s", error)
                last = error
        raise last

    def _show(self, place: int) -> None:
        record = self.source.records[place]
        kept = self._decision_about(record) in WITH_MASK
        label = self._read(record) if kept else self._first(record)
        self.record, self.label, self.clicks = record, label, ()
        self._spread = None
        self._decisions.show(record.id)

    def _spread_of_photo(self) -> ClickSpreader:
        self._spread = self._spread or self._make_spread(self.record)
        return self._spread

    def _change(self, label: np.ndarray, clicks: tuple[Click, ...]) -> None:
        self._remember()
        self.label, self.clicks = label, clicks
        self._save(CORRECTED)

    def _remember(self) -> None:
        packed = zlib.compress(self.label.tobytes(), 1)
        self._history.append(UndoEntry(self.record.id, self.decision, packed, self.clicks))

    def _save(self, decision: str) -> None:
        table = file_values(self.source.classes)
        save_mask(self._file(self.record), table[torch.from_numpy(self.label).long()])
        self._decisions[self.record.id] = decision

    def _decide(self, decision: str) -> None:
        self._file(self.record).unlink(missing_ok=True)
        self._decisions[self.record.id] = decision

    def _decision_about(self, record: Record) -> str:
        decision = self._decisions[record.id]
        lost = decision in WITH_MASK and not self._file(record).is_file()
        return OPEN if lost else decision

    def _file(self, record: Record) -> Path:
        return self.out.file(record.id, ".png")

    def _read(self, record: Record) -> np.ndarray:
        file, size = self._file(record), photo_size(record.image)
        mask = read_mask(file)
        count = len(self.source.classes) + 1
        numbers = training_numbers(file_values(self.source.classes), count=count)
        label = numbers[mask.long()]
        if tuple(mask.shape) != size or ((label == IGNORE) & (mask != IGNORE)).any():
            raise ValueError(
                f"the mask {file} must have the size of its photo {size} and the values of the "
                "model's classes: remove it, or choose another folder"
            )
        return label.numpy()

    def _check_value(self, value: int) -> None:
        if not BACKGROUND <= value <= len(self.source.classes):
            raise ValueError(f"value must lie in 0..{len(self.source.classes)}, got {value}")


def open_review(
    model: Model, source: Source, out: OutputFolder, qualities: Mapping[str, float]
) -> Review:
    """Return the review of the masks that a model makes, the worst first.

    Parameters
    ----------
    model
        The trained model.
    source
        The photos; the classes must be those of the model, in the same order.
    out
        The folder of the masks. What was decided there before stays decided.
    qualities
        The quality of the masks by the ids of the photos, from `qualities_for`.

    Raises
    ------
    ValueError
        If `Review` refuses the folder or the photos.
    """
    records = tuple(worst_first(source.records, qualities))
    ordered = replace(source, records=records, classes=model.classes)
    first, spread = partial(first_label, model, ordered), partial(spread_for, model)
    return Review(ordered, out, first=first, spread=spread)
