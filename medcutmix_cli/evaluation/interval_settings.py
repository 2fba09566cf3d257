"""How intervals are drawn, declared once. Loads nothing heavy, so that help pages can be made of it."""

from __future__ import annotations

from dataclasses import dataclass

from medcutmix_cli.configuration.declaration import setting
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
        if not self.resamples >= 0:
            raise UsageError("resamples must be at least 0", hint="0 gives no intervals")
        if not 0 < self.interval < 1:
            raise UsageError("interval must be between 0 and 1", hint="0.95 is usual")
