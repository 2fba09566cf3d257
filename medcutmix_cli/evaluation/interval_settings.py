"""How intervals are drawn, declared once. Loads nothing heavy, so that help pages can be made of it."""

from __future__ import annotations

from dataclasses import dataclass

from medcutmix_cli.configuration.declaration import name_below_least, setting
from medcutmix_cli.errors import UsageError

INTERVALS = "Intervals"


@dataclass(frozen=True, slots=True)
class IntervalSettings:
    """How bootstrap intervals are drawn."""

    interval: float = setting(
        0.95, "Level of the bootstrap intervals.", keyword="interval", panel=INTERVALS, metavar="X"
    )
    resamples: int = setting(
        1000,
        "How often patients are drawn again; 0 gives no intervals.",
        keyword="resamples",
        panel=INTERVALS,
        metavar="N",
        least=0,
    )
    seed: int = setting(0, "Of all that is drawn.", keyword="seed", panel=INTERVALS, metavar="N")

    def __post_init__(self) -> None:
        """Refuse what has no meaning."""
        below = name_below_least(self)
        if below:
            raise UsageError(below, hint="0 gives no intervals")
        check_level(self.interval)


def check_level(interval: float) -> None:
    """Refuse what is no level of an interval.

    Raises:
        UsageError: It is not between 0 and 1.
    """
    if not 0 < interval < 1:
        raise UsageError("interval must be between 0 and 1", hint="0.95 is usual")
