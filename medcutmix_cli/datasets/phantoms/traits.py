"""Draws what a phantom of look 2 has, by the table of what goes with what; knows no body and no place of a lesion."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from medcutmix_cli.datasets.phantoms.correlations import DEVICES, DRAWN, Correlations
from medcutmix_cli.datasets.phantoms.records import Patient

_STREAM = 20_250_103
YOUNG, OLD, LARGE = 45, 70, 0.13
_PEOPLE = 4096
"""On so many imagined studies the odds are set so that every prevalence holds."""

Had = dict[str, NDArray[np.bool_]]
"""What there is -> (n,) whether each of n studies has it."""

LevelOf = Callable[[str, NDArray[np.float64]], float]
"""Given a name and what its company adds to its logit in each study: its logit where it has none."""


@dataclass(frozen=True, slots=True)
class Traits:
    """What one study has: its view, exposure, findings and kinds of devices."""

    ap: bool
    poor: bool
    findings: tuple[str, ...]
    devices: tuple[str, ...]


def draw_traits(rng: np.random.Generator, body: Patient, table: Correlations) -> Traits:
    """Draw what a study of one patient has.

    Args:
        rng: Every draw is taken whatever the table says, so that a table changes what it speaks of and little else.
        body: Who it is; sex, age and girth decide nothing but odds.
        table: What goes with what.
    """
    person = _of_a_body(np.array([body.sex == "F"]), np.array([body.age]), np.array([body.girth]))
    levels = _fitted(table)
    had = _draw(rng, person, table, lambda name, _shift: levels[name])
    there = [name for name in DRAWN if had[name][0]]
    devices = tuple(name.partition(":")[2] for name in there if name in DEVICES)
    findings = tuple(name for name in there if name not in DEVICES)
    more = ("support_devices",) if devices else ()
    return Traits(bool(had["view:AP"][0]), bool(had["exposure:poor"][0]), findings + more, devices)


def _of_a_body(female: NDArray[np.bool_], age: NDArray[np.float64], girth: NDArray[np.float64]) -> Had:
    return {
        "sex:F": female,
        "sex:M": ~female,
        "age:young": age < YOUNG,
        "age:old": age >= OLD,
        "body:large": girth > LARGE,
    }


def _draw(rng: np.random.Generator, people: Had, table: Correlations, level_of: LevelOf) -> Had:
    """Draw everything of n studies, one thing after the other; confounders come last."""
    had, count = dict(people), len(people["sex:F"])
    had["view:AP"] = rng.random(count) < table.site.ap
    had["view:PA"] = ~had["view:AP"]
    had["exposure:poor"] = rng.random(count) < table.site.poor
    for name in DRAWN:
        shift = _shift(had, name, table)
        had[name] = rng.random(count) < _chance(level_of(name, shift) + shift)
    for row in table.confounders:
        had[row.given] = rng.random(count) < np.where(had[row.finding], row.share, row.otherwise)
        if row.given.startswith("view:"):
            other = "view:PA" if row.given == "view:AP" else "view:AP"
            had[other] = ~had[row.given]
    return had


def _shift(had: Had, name: str, table: Correlations) -> NDArray[np.float64]:
    """Add up the logarithms of the odds that what is there brings, (n,)."""
    shift = np.zeros(len(had["sex:F"]))
    for row in table.together:
        if row.finding == name:
            shift += np.log(row.odds) * had[row.given]
    return shift


def _chance(logit: NDArray[np.float64]) -> NDArray[np.float64]:
    chance: NDArray[np.float64] = 1 / (1 + np.exp(-logit))
    return chance


def _level(shift: NDArray[np.float64], prevalence: float) -> float:
    """Find the logit at which the chances have the prevalence as their mean, by halving."""
    low, high = -25.0, 25.0
    for _ in range(50):
        middle = (low + high) / 2
        low, high = (middle, high) if _chance(middle + shift).mean() < prevalence else (low, middle)
    return (low + high) / 2


@lru_cache(maxsize=8)
def _fitted(table: Correlations) -> Mapping[str, float]:
    """Find the logit of everything where nothing goes with it, so that the prevalences hold."""
    rng = np.random.default_rng(_STREAM)
    people = _of_a_body(
        rng.random(_PEOPLE) < 0.48,
        np.clip(rng.normal(61, 17, _PEOPLE), 19, 94),
        np.clip(rng.gamma(2.2, 0.05, _PEOPLE), 0.02, 0.38),
    )
    wanted, found = dict(table.prevalence), dict[str, float]()

    def level_of(name: str, shift: NDArray[np.float64]) -> float:
        found[name] = _level(shift, wanted[name])
        return found[name]

    _draw(rng, people, table, level_of)
    return found
