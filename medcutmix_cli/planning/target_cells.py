"""From targets to cells of one split: who lies in each, how many there are, and how many are wanted.

Counts studies by what is known of them by name; opens none.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from medcutmix_cli.errors import UsageError
from medcutmix_cli.pairing.attributes import (
    DEVICE,
    DEVICES,
    PRESENT,
    STATES,
    UNCERTAIN,
    StatedFinding,
    StudyAttributes,
)
from medcutmix_cli.planning.targets import AS_MANY, EVEN, Balance, KnownValues, PlanTarget
from medcutmix_cli.reports.lexicon import finding_ids

Counts = Mapping[StudyAttributes, int]
"""How many studies of a split are known by the same attributes."""


@dataclass(frozen=True, slots=True)
class TargetCell:
    """One cell that is to be filled.

    Attributes:
        target: What was asked for.
        split: Whose studies are counted.
        have: Studies of the cell among the originals.
        wanted: How many there are to be, originals and mixes together; never below `have`.
    """

    target: PlanTarget
    split: str
    have: int
    wanted: int

    @property
    def name(self) -> str:
        """Return its name, as pairs and outcomes have it."""
        return f"{self.split}/{self.target.text}"

    def holds(self, attributes: StudyAttributes) -> bool:
        """Say whether a study lies in the cell as it is."""
        return _in_place(self.target, attributes) and _has(self.target, attributes)

    def admits(self, attributes: StudyAttributes) -> bool:
        """Say whether a study has all that the cell asks for besides the finding."""
        return _in_place(self.target, attributes)

    def accepts(self, stated: StatedFinding) -> bool:
        """Say whether a finding, as somebody's report states it, is the one that the cell asks for."""
        return _is_wanted(self.target, stated)

    def includes(self, other: TargetCell) -> bool:
        """Say whether whatever is given for another cell is what this one asks for too."""
        own, its = self.target, other.target
        same = own.finding == its.finding and self.split == other.split
        return same and own.side in ("", its.side) and own.severity in ("", its.severity)


def expand(
    targets: Iterable[PlanTarget | Balance], findings: Sequence[str], values: KnownValues
) -> list[PlanTarget]:
    """Return every target alone, each once: a balance is one for each finding and each value of its attributes.

    Args:
        targets: What was asked for.
        findings: What a balance of all findings is about.
        values: Attribute -> its values.
    """
    found: dict[str, PlanTarget] = {}
    for target in targets:
        parts = [target] if isinstance(target, PlanTarget) else _parts(target, findings, values)
        found |= {part.text: part for part in parts if part.text not in found}
    return list(found.values())


def _parts(balance: Balance, findings: Sequence[str], values: KnownValues) -> list[PlanTarget]:
    names = balance.names or tuple(values)
    end = "" if balance.amount == AS_MANY else f":{balance.amount}"
    return [
        PlanTarget(
            f"{finding}@{name}={value}{end}",
            finding,
            where=((name, value),),
            amount=balance.amount,
            balanced=True,
        )
        for finding in ([balance.finding] if balance.finding else findings)
        for name in names
        if not _says_itself(finding, name)
        for value in values.get(name, STATES)
    ]


def _says_itself(finding: str, name: str) -> bool:
    return name == finding or (finding == DEVICES and name == DEVICE)


def make_cells(targets: Iterable[PlanTarget], split: str, counts: Counts) -> list[TargetCell]:
    """Count the cells of one split.

    Raises:
        UsageError: A cell is to be as full as others, and there is no other.
    """
    return [_make_cell(target, split, counts) for target in targets]


def _make_cell(target: PlanTarget, split: str, counts: Counts) -> TargetCell:
    have = _count(counts, lambda known: _in_place(target, known) and _has(target, known))
    if target.amount not in (AS_MANY, EVEN):
        wanted = int(target.amount) + (have if target.more else 0)
        return TargetCell(target, split, have, max(have, wanted))
    others = _others(target, counts)
    if target.balanced and not (others and any(_in_place(target, known) for known in counts)):
        return TargetCell(target, split, have, have)
    if not others:
        raise UsageError(
            f"--target {target.text!r}: no other study of {split!r} differs in {_names(target)}",
            hint=f"a number: {target.text.partition(':')[0]}:200",
        )
    return TargetCell(target, split, have, max(have, _as_full(target, counts, others)))


def _as_full(target: PlanTarget, counts: Counts, others: Sequence[tuple[int, int]]) -> int:
    """Return how many a cell must have to be as full as the fullest of others, or as frequent as the most frequent."""
    if target.amount == AS_MANY:
        return max(having for having, _lacking in others)
    lacking = _count(counts, lambda known: _in_place(target, known) and _lacks(target, known))
    return max(as_frequent(having, others_lacking, lacking) for having, others_lacking in others)


def as_frequent(having: int, others_lacking: int, lacking: int) -> int:
    """Return how many of a cell must have a finding for it to be as frequent there as in another one.

    Where all of the other cell have it no number would do: as many as there are wanted then.
    """
    return having if not others_lacking else math.ceil(having * lacking / others_lacking)


def _others(target: PlanTarget, counts: Counts) -> list[tuple[int, int]]:
    """Return (having, lacking the finding) of each cell that differs in one attribute or more."""
    names = [name for name, _ in target.where]
    own = tuple(value for _, value in target.where)
    having: Counter[tuple[str, ...]] = Counter()
    lacking: Counter[tuple[str, ...]] = Counter()
    for known, count in counts.items():
        key = tuple(value_of(known, name) for name in names)
        if key != own and all(key):
            having[key] += count * _has(target, known)
            lacking[key] += count * _lacks(target, known)
    return [(having[key], lacking[key]) for key in sorted(having)]


def value_of(known: StudyAttributes, name: str) -> str:
    """Return the value of an attribute, or the state of a finding; "" where it is not known."""
    return known.value(name) or (known.state(name) if name in finding_ids() else "")


def _count(counts: Counts, holds: Callable[[StudyAttributes], bool]) -> int:
    return sum(count for known, count in counts.items() if holds(known))


def _names(target: PlanTarget) -> str:
    return " and ".join(name for name, _ in target.where)


def _in_place(target: PlanTarget, known: StudyAttributes) -> bool:
    return all(value_of(known, name) == value for name, value in target.where)


def _has(target: PlanTarget, known: StudyAttributes) -> bool:
    """Say whether a study has what a target wants: the finding, or that it is not there."""
    if target.without:
        return known.state(target.finding) not in (PRESENT, UNCERTAIN)
    stated = known.finding(target.finding)
    return stated is not None and _is_wanted(target, stated)


def _lacks(target: PlanTarget, known: StudyAttributes) -> bool:
    if target.without:
        return known.state(target.finding) == PRESENT
    return known.state(target.finding) not in (PRESENT, UNCERTAIN)


def _is_wanted(target: PlanTarget, stated: StatedFinding) -> bool:
    same = stated.finding == target.finding and stated.state == PRESENT
    return same and target.side in ("", stated.side) and target.severity in ("", stated.severity)
