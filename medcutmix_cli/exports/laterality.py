"""Which sides a text names: what must not be said of a picture that is flipped. Knows words, no finding."""

from __future__ import annotations

import re
from dataclasses import dataclass

from medcutmix_cli.records import Side
from medcutmix_cli.reports.tables import remember, table
from medcutmix_cli.reports.words import canonical, compile_phrases


@dataclass(frozen=True, slots=True)
class Laterality:
    """The sides that a text names, of whatever is there or not there.

    Attributes:
        side: BILATERAL where it names both.
        no_hflip: Whether it names left or right by itself: a flipped picture would contradict it. Of "bilateral"
            alone it would not.
    """

    side: Side
    no_hflip: bool


def find_laterality(text: str) -> Laterality:
    """Return the sides that a text names, "right", "lingula" and "RML" alike; denials count too."""
    words = canonical(text).text
    named = {side for side, pattern in _patterns().items() if pattern.search(words)}
    single = named - {Side.BILATERAL}
    if Side.BILATERAL in named or len(single) > 1:
        return Laterality(Side.BILATERAL, bool(single))
    return Laterality(single.pop(), True) if single else Laterality(Side.NONE, False)


@remember()
def _patterns() -> dict[Side, re.Pattern[str]]:
    words = table("attributes")["side"]
    return {side: compile_phrases(words[side.value]) for side in (Side.LEFT, Side.RIGHT, Side.BILATERAL)}
