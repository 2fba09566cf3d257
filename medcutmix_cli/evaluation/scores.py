"""Hits, false alarms and misses per finding, and the ids with the most of them. Knows no report and no file."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Score:
    """One row of the table.

    Attributes:
        hits: Positive in gold and found (true positives).
        extra: Found, not in gold (false positives).
        missed: In gold, not found (false negatives).
    """

    name: str
    hits: int
    extra: int
    missed: int

    @property
    def positives(self) -> int:
        """How many are positive in gold."""
        return self.hits + self.missed

    @property
    def precision(self) -> float:
        """Share of the found that is in gold; NaN where none is found."""
        return _share(self.hits, self.hits + self.extra)

    @property
    def recall(self) -> float:
        """Share of gold that is found; NaN where gold has none."""
        return _share(self.hits, self.positives)

    @property
    def f1(self) -> float:
        """Harmonic mean of both; NaN where gold has none and none is found."""
        return _share(2 * self.hits, 2 * self.hits + self.extra + self.missed)


@dataclass(frozen=True, slots=True)
class Disagreement:
    """One report, by id, on which the reader and gold do not agree.

    Attributes:
        missed: What gold has and the reader did not find.
        extra: What the reader found and gold has not.
    """

    identifier: str
    missed: tuple[str, ...]
    extra: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What came out.

    Attributes:
        task: "findings" or "negation".
        reports: How many reports (or sentences) were compared.
        without_report: How many gold rows have no report.
        uncertain: How many gold values are neither positive nor negative (-1.0), so left out.
        scores: One per finding that occurs in gold, in gold's order.
        macro_f1: Mean of their F1.
        micro: All findings together.
        disagreeing: How many reports disagree on anything.
        worst: Those that disagree on most.
    """

    task: str
    reports: int
    without_report: int
    uncertain: int
    scores: tuple[Score, ...]
    macro_f1: float
    micro: Score
    disagreeing: int
    worst: tuple[Disagreement, ...]


@dataclass(frozen=True, slots=True)
class ReportComparison:
    """One report's findings by gold and by the reader, by name; `left_out` is what gold cannot tell."""

    identifier: str
    truth: Set[str]
    found: Set[str]
    left_out: Set[str] = frozenset()


def evaluation(
    task: str,
    names: Iterable[str],
    compared: Iterable[ReportComparison],
    *,
    without_report: int = 0,
    worst: int = 10,
) -> Evaluation:
    """Sum up; `worst` is how many ids are kept."""
    rows = list(compared)
    scores = tuple(score for score in (_score(name, rows) for name in names) if score.positives)
    kept = {score.name for score in scores}
    wrong = [d for d in (_disagreement(row, kept) for row in rows) if d.missed or d.extra]
    micro = Score("micro", *(sum(getattr(s, part) for s in scores) for part in ("hits", "extra", "missed")))
    return Evaluation(
        task,
        len(rows),
        without_report,
        sum(len(row.left_out) for row in rows),
        scores,
        sum(score.f1 for score in scores) / len(scores) if scores else float("nan"),
        micro,
        len(wrong),
        tuple(sorted(wrong, key=lambda d: -len(d.missed) - len(d.extra))[:worst]),
    )


def _score(name: str, rows: Iterable[ReportComparison]) -> Score:
    pairs = [(name in row.truth, name in row.found) for row in rows if name not in row.left_out]
    return Score(name, pairs.count((True, True)), pairs.count((False, True)), pairs.count((True, False)))


def _disagreement(row: ReportComparison, names: Set[str]) -> Disagreement:
    counted = names - row.left_out
    missed, extra = (row.truth - row.found) & counted, (row.found - row.truth) & counted
    return Disagreement(row.identifier, tuple(sorted(missed)), tuple(sorted(extra)))


def _share(part: int, whole: int) -> float:
    return part / whole if whole else float("nan")


def as_rows(found: Evaluation) -> list[Mapping[str, object]]:
    """Return the table with its derived columns, "micro" last."""
    return [
        {
            "name": s.name, "positives": s.positives, "hits": s.hits, "extra": s.extra, "missed": s.missed,
            "precision": s.precision, "recall": s.recall, "f1": s.f1,
        }
        for s in (*found.scores, found.micro)
    ]  # fmt: skip
