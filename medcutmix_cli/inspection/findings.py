"""How much of a run folder is looked at, and what is found on the way."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from medcutmix_cli.run.problem import Problem


class Level(StrEnum):
    """How much was looked at."""

    SHALLOW = "shallow"
    THOROUGH = "thorough"
    DEEP = "deep"


@dataclass(slots=True)
class Findings:
    """What is found on the way."""

    problems: list[Problem] = field(default_factory=list)
    rows: int = 0
    unsealed: list[str] = field(default_factory=list)

    def add_once(self, problem: Problem) -> None:
        """Tell of a file, unless something was said of it already: that is then the reason."""
        if problem.where not in {told.where for told in self.problems}:
            self.problems.append(problem)

    def is_whole(self, name: str) -> bool:
        """Say whether nothing is wrong with a file, and with those whose names begin like it ("plan")."""
        return not any(problem.where.startswith(name) for problem in self.problems)
