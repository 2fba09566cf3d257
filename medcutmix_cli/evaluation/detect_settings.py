"""How mixed pictures are told from original ones. Loads nothing heavy, so that help pages can be made of it."""

from __future__ import annotations

from dataclasses import dataclass

from medcutmix_cli.configuration.declaration import name_below_least, setting
from medcutmix_cli.errors import UsageError

TRAINED = "How it is trained"


@dataclass(frozen=True, slots=True)
class DetectSettings:
    """How the network is trained, and on how much."""

    folds: int = setting(
        5,
        "How often it is trained; each time other pairs are held back, with all their patients.",
        keyword="folds",
        panel=TRAINED,
        metavar="N",
        least=2,
    )
    epochs: int = setting(
        20,
        "How often each training sees all its pairs.",
        keyword="epochs",
        panel=TRAINED,
        metavar="N",
        least=1,
    )
    max_pairs: int = setting(
        300,
        "How many pairs are looked at, chosen by the seed; 0 means all.",
        keyword="max_pairs",
        panel=TRAINED,
        metavar="N",
        least=0,
    )

    def __post_init__(self) -> None:
        """Refuse what has no meaning."""
        below = name_below_least(self)
        if below:
            raise UsageError(below)
