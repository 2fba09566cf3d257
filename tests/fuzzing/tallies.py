"""What all fuzzers count, and how they print it."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Protocol


@dataclass
class CaseTally:
    """What became of the cases of one kind."""

    cases: int = 0
    wrong: Counter[str] = field(default_factory=Counter)
    slowest: float = 0.0

    @property
    def wrongs(self) -> str:
        """What was wrong, by name, as the table has it."""
        return ", ".join(f"{name} {count}" for name, count in sorted(self.wrong.items())) or "none"


class Lined(Protocol):
    """Says itself as a line of the table."""

    def line(self, kind: str, seed: int, minutes: float) -> str: ...


def print_lines(kinds: Iterable[str], seed: int, fuzz: Callable[[str], Lined]) -> None:
    """Fuzz each kind, and print its line of `FUZZING.md` when it is done."""
    for kind in kinds:
        started = time.monotonic()
        tally = fuzz(kind)
        print(tally.line(kind, seed, (time.monotonic() - started) / 60), flush=True)
