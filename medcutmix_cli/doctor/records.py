"""What a check is asked about, and what it says. Knows no check."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Literal

from medcutmix_cli.assembly.parts import open_source
from medcutmix_cli.configuration.settings import Settings
from medcutmix_cli.datasets.base import Dataset
from medcutmix_cli.errors import MedcutmixError

Grade = Literal["pass", "warn", "fail"]
"""fail: a run would stop, or be wrong; warn: it would go on, and somebody should know."""


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """One thing that a check found.

    Attributes:
        grade: How bad it is.
        what: One sentence.
        fix: What to type or do, "" where nothing is to be done.
        check: Name of the check that says so.
    """

    grade: Grade
    what: str
    fix: str = ""
    check: str = ""


@dataclass(frozen=True, slots=True)
class Checkup:
    """All that was found, in the order of the checks."""

    diagnoses: tuple[Diagnosis, ...]

    @property
    def ok(self) -> bool:
        """Whether nothing failed."""
        return not self.count("fail")

    def count(self, grade: Grade) -> int:
        """Return how many diagnoses have a grade."""
        return sum(diagnosis.grade == grade for diagnosis in self.diagnoses)


@dataclass(frozen=True)
class Surroundings:
    """What a run would meet.

    Attributes:
        settings: As the run would have them; their data set is "" where none was named.
        out: Run folder, None where none was named.
    """

    settings: Settings
    out: Path | None = None

    @cached_property
    def source(self) -> Dataset | None:
        """The data set; None where none was named, or none can be opened, which the check "dataset" tells."""
        if not self.settings.dataset.root:
            return None
        with suppress(MedcutmixError):
            return open_source(self.settings)
        return None


@dataclass(frozen=True, slots=True)
class HealthCheck:
    """One check, declared once: the page, the tests and the command list what is declared.

    Attributes:
        name: As it is printed.
        looks_at: What it looks at, for the page.
        examine: Yields what it finds; nothing where there is nothing to look at. An error of ours that it raises is a
            failure by its own words.
    """

    name: str
    looks_at: str
    examine: Callable[[Surroundings], Iterable[Diagnosis]]
