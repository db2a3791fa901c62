"""This package shows in a browser of the same machine what a network sees in a photo.

Everything that the page does is a function that needs no browser: :func:`open_dropped` reads a
photo, a :class:`RunExplorer` or :class:`ClassifierExplorer` looks at it, :func:`draw` makes the
pictures.
"""

from getam.web.dropped import open_dropped
from getam.web.explorer import Choice, ClassifierExplorer, Explorer, RunExplorer
from getam.web.serve import serve, served
from getam.web.sight import Key, Sight, draw

__all__ = [
    "Choice",
    "ClassifierExplorer",
    "Explorer",
    "Sight",
    "Key",
    "RunExplorer",
    "draw",
    "open_dropped",
    "serve",
    "served",
]
