"""The label source may change once, when what it needs has been learnt."""

from dataclasses import dataclass

from getam.model import LabelSource


@dataclass(frozen=True)
class Changing:
    """One label source is followed by another.

    Attributes
    ----------
    first, then
        The two sources.
    change
        The share of the run at which the second one begins.
    """

    first: LabelSource
    then: LabelSource
    change: float

    def at(self, elapsed: float) -> LabelSource:
        """Return the source for a step, given the share of the run that is over."""
        return self.first if elapsed < self.change else self.then


def source_at(source: LabelSource | Changing, elapsed: float) -> LabelSource:
    """Return what labels a step, given the share of the run that is over."""
    return source.at(elapsed) if isinstance(source, Changing) else source
