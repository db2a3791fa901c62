"""A schedule has two phases, and a learning rate that warms up, decays and drops between them."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Schedule:
    """A schedule says what happens at which step.

    Attributes
    ----------
    steps
        Steps (batches) in all, both phases together.
    joint_from
        First step of the second phase.
    warmup
        Steps over which the learning rate rises from 0.
    power
        The exponent of the polynomial decay over all steps.
    joint_factor
        The factor of the learning rate in the second phase.
    """

    steps: int
    joint_from: int
    warmup: int = 0
    power: float = 0.9
    joint_factor: float = 1.0

    def is_joint(self, step: int) -> bool:
        """Say whether a step (0 is the first) belongs to the second phase."""
        return step >= self.joint_from

    def factor(self, step: int) -> float:
        """Return what the base learning rate is multiplied by at a step.

        Examples
        --------
        >>> schedule = Schedule(steps=10, joint_from=5, power=1.0, joint_factor=0.1)
        >>> schedule.factor(0), round(schedule.factor(5), 3)
        (1.0, 0.05)
        """
        rise = min(1.0, (step + 1) / (self.warmup + 1))
        decay = (1 - step / self.steps) ** self.power
        return rise * decay * (self.joint_factor if self.is_joint(step) else 1.0)
