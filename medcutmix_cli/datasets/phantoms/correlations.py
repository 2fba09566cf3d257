"""What goes with what in phantoms of look 2: a table that a user can set. Draws nothing."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import cache
from pathlib import Path
from typing import Any, Self, TypeVar

from medcutmix_cli.datasets.phantoms.phrases import read_table
from medcutmix_cli.datasets.phantoms.records import DEVICE_KINDS
from medcutmix_cli.errors import UsageError

DEVICES = tuple(f"device:{kind}" for kind in DEVICE_KINDS)
DRAWN = (
    "cardiomegaly", "edema", "pleural_effusion", "consolidation", "atelectasis", "pneumothorax", "mass", "nodule",
    "device:endotracheal_tube", "device:nasogastric_tube", "device:central_line", "device:pacemaker",
    "device:sternal_wires",
)  # fmt: skip
"""Findings and devices in the order in which they are drawn: each may depend on those before it."""

TRAITS = ("sex:F", "sex:M", "age:young", "age:old", "body:large", "view:AP", "view:PA", "exposure:poor")
"""What is drawn before them. Young is below 45, old from 70 on; a large body has 13 % of the thorax around it."""

SET_BY_CONFOUNDERS = ("view:AP", "view:PA", "exposure:poor", *DEVICES)
"""What may follow a finding: what is of the study, not of the patient."""


@dataclass(frozen=True, slots=True)
class Together:
    """The odds of a finding are multiplied where something else is there.

    Attributes:
        finding: One of `DRAWN`.
        given: One of `TRAITS`, or of what is drawn before the finding.
        odds: > 0; 1 changes nothing.
    """

    finding: str
    given: str
    odds: float


@dataclass(frozen=True, slots=True)
class Confounder:
    """Something follows a finding, whatever else is there: a shortcut for who learns from these pictures.

    Attributes:
        finding: One of `DRAWN`.
        given: One of `SET_BY_CONFOUNDERS`.
        share: Of studies with the finding, how many have it, in [0, 1].
        otherwise: Of those without the finding.
    """

    finding: str
    given: str
    share: float
    otherwise: float


@dataclass(frozen=True, slots=True)
class Site:
    """How pictures are taken.

    Attributes:
        ap: Share of AP views.
        poor: Share of poorly exposed pictures.
        noise: Multiplies what is drawn for each picture; likewise scatter, gamma and zoom.
    """

    ap: float
    poor: float
    noise: float
    scatter: float
    gamma: float
    zoom: float


@dataclass(frozen=True, slots=True)
class Correlations:
    """The whole table.

    Attributes:
        prevalence: Share of studies of each of `DRAWN`, before confounders.
        prose: Shares of reports that are other than those of prose 3.
    """

    prevalence: tuple[tuple[str, float], ...]
    site: Site
    prose: tuple[tuple[str, float], ...]
    together: tuple[Together, ...]
    confounders: tuple[Confounder, ...] = ()

    @classmethod
    def from_plain(cls, plain: Mapping[str, Any]) -> Self:
        """Return the table that `dataclasses.asdict` and JSON made plain."""
        return cls(
            prevalence=tuple((name, share) for name, share in plain["prevalence"]),
            site=Site(**plain["site"]),
            prose=tuple((name, share) for name, share in plain["prose"]),
            together=tuple(Together(**row) for row in plain["together"]),
            confounders=tuple(Confounder(**row) for row in plain["confounders"]),
        )


@cache
def built_in() -> Correlations:
    """Return the table that holds where a user says nothing."""
    return _table({}, "correlations.toml")


def read_correlations(path: Path | str) -> Correlations:
    """Read a user's table; it says what is other than in the built-in one.

    Raises:
        UsageError: It cannot be read, names what there is not, or a number is out of its bounds.
    """
    try:
        said = tomllib.loads(Path(path).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise UsageError(
            "the table of correlations cannot be read",
            where=str(path),
            hint="is it a TOML file that you may read? `medcutmix sample --help` says what is in it",
        ) from error
    return _table(said, str(path))


def _table(said: Mapping[str, Any], where: str) -> Correlations:
    base = read_table("correlations.toml")
    unknown = set(said) - {"prevalence", "site", "prose", "together", "confounder"}
    _need(not unknown, f"the table has no part {sorted(unknown)}", where)
    site = {**base["site"], **said.get("site", {})}
    _need(set(site) == set(base["site"]), f"[site] knows {sorted(base['site'])}", where)
    table = Correlations(
        _pairs(base["prevalence"], said.get("prevalence", {})),
        Site(**site),
        _pairs(base["prose"], said.get("prose", {})),
        _rows(Together, said.get("together", base["together"]), where),
        _rows(Confounder, said.get("confounder", ()), where),
    )
    _check(table, where)
    return table


def _pairs(base: Mapping[str, float], said: Mapping[str, float]) -> tuple[tuple[str, float], ...]:
    return tuple(sorted({**base, **said}.items()))


_Row = TypeVar("_Row", Together, Confounder)


def _rows(kind: type[_Row], rows: Any, where: str) -> tuple[_Row, ...]:
    keys = {entry.name for entry in fields(kind)}
    _need(
        all(set(row) == keys for row in rows), f"each [[{kind.__name__.lower()}]] needs {sorted(keys)}", where
    )
    return tuple(kind(**row) for row in rows)


def _check(table: Correlations, where: str) -> None:
    prevalence, prose = dict(table.prevalence), dict(table.prose)
    unknown = set(prevalence) - set(DRAWN)
    _need(not unknown, f"no prevalence can be said of {sorted(unknown)}; known are {list(DRAWN)}", where)
    shares = [*prevalence.values(), table.site.ap, table.site.poor, *prose.values()]
    shares += [value for row in table.confounders for value in (row.share, row.otherwise)]
    _need(all(0 <= share <= 1 for share in shares), "every share must lie in [0, 1]", where)
    factors = (table.site.noise, table.site.scatter, table.site.gamma, table.site.zoom)
    odds = [row.odds for row in table.together]
    _need(all(0 < factor <= 1000 for factor in (*factors, *odds)), "factors and odds must be above 0", where)
    unknown = set(prose) - set(read_table("prose.toml")["shares"])
    _need(not unknown, f"[prose] has no share {sorted(unknown)}", where)
    for name in [row.finding for row in table.together] + [row.finding for row in table.confounders]:
        _need(name in DRAWN, f"nothing goes together with {name!r}: it is not drawn", where)
    for row in table.together:
        before = (*TRAITS, *DRAWN[: DRAWN.index(row.finding)])
        _need(row.given in before, f"{row.finding} can follow {list(before)}, not {row.given!r}", where)
    for each in table.confounders:
        known = each.given in SET_BY_CONFOUNDERS and each.given != each.finding
        _need(known, f"a confounder is one of {list(SET_BY_CONFOUNDERS)}, not {each.given!r}", where)


def _need(holds: bool, what: str, where: str) -> None:
    if not holds:
        raise UsageError(what, where=where, hint="see docs/phantoms.md")
