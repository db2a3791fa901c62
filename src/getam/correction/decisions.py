"""This module keeps what a person decided about each photo, in a small file beside the masks."""

import json
from collections.abc import Iterable
from pathlib import Path

from getam.files import write_text
from getam.json_object import json_object

DECISIONS = "decisions.json"
"""The file in the folder of the corrected masks."""

OPEN, ACCEPTED, CORRECTED, REJECTED = "open", "accepted", "corrected", "rejected"

WITH_MASK = (ACCEPTED, CORRECTED)
"""The decisions after which a mask lies in the folder, so that training learns from it."""


class Decisions:
    """The decisions of a review, which are written whole whenever one changes.

    Parameters
    ----------
    path
        The JSON file. It need not exist yet.

    Attributes
    ----------
    shown
        The id of the photo that was last on the screen; empty at the beginning.

    Raises
    ------
    ValueError
        If the file is damaged, or if it holds something that is no decision.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.shown = ""
        self._photos: dict[str, str] = {}
        if path.is_file():
            content = json_object(path.read_text(encoding="utf-8", errors="replace"), origin=path)
            self._read(content.get("photos"), content.get("shown"))

    def __getitem__(self, photo: str) -> str:
        """Return the decision about a photo by its id; ``open`` if there is none."""
        return self._photos.get(photo, OPEN)

    def __setitem__(self, photo: str, decision: str) -> None:
        """Keep the decision about a photo, and write the file."""
        self._photos[photo] = decision
        if decision == OPEN:
            del self._photos[photo]
        self._write()

    def take_over(self, photos: Iterable[str]) -> None:
        """Count photos as corrected, because masks of them are there, and write the file once."""
        self._photos |= dict.fromkeys(photos, CORRECTED)
        self._write()

    def show(self, photo: str) -> None:
        """Keep which photo is on the screen, and write the file."""
        if photo != self.shown:
            self.shown = photo
            self._write()

    def _read(self, photos: object, shown: object) -> None:
        known = {ACCEPTED, CORRECTED, REJECTED}
        if not isinstance(photos, dict) or not known.issuperset(map(str, photos.values())):
            raise ValueError(
                f"{self.path} must hold one of {', '.join(sorted(known))} for each photo: "
                "restore it, or choose another folder"
            )
        self._photos = {str(photo): str(decision) for photo, decision in photos.items()}
        self.shown = str(shown or "")

    def _write(self) -> None:
        content = {"shown": self.shown, "photos": self._photos}
        write_text(self.path, json.dumps(content, indent=1, ensure_ascii=False) + "\n")
