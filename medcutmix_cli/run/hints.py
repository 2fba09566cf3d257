"""Why a run has no pair, and what to try: the largest reasons, each with its hint from `hints.toml`."""

from __future__ import annotations

import re
import tomllib
from collections import Counter
from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase
from functools import cache
from importlib.resources import files
from itertools import chain
from pathlib import Path
from typing import Any

from medcutmix_cli.errors import NoPairsError
from medcutmix_cli.run.status import RunStatus
from medcutmix_cli.system.counts import most_frequent

_NAMED = 2
"""How many reasons are named: the others are in the sums that stand above."""

_OF_COLUMNS, _OF_VALUES = re.compile(r"\{([^}]*)\}"), re.compile(r"<([^>]*)>")
"""What is in braces in `hints.toml` holds only where columns can be named, in angles where values can be mapped."""

_OPTION = re.compile(r"(--[a-z][a-z-]*) ([a-z][a-z0-9-]*)")
_STAGES = ("image", "encode", "mask", "mix")
_PLURALS = {"study": "studies", "pair": "pairs"}


def no_pairs(status: RunStatus, out: str | Path) -> NoPairsError:
    """Return the error that says why a run has no pair: none could be planned, or none of its plan was written."""
    if not status.planned:
        return no_pairs_planned(status.dropped, out, status.chosen)
    what = "no pair was written"
    if status.has_no_mix:
        what = f"nothing is mixed: every pair was rejected, and all {status.written:,} rows are studies as they are"
    elsewhere = "with other settings name another folder: this one keeps its plan"
    counts = {**status.rejected, **status.failed}
    return _error(what, counts, "pair", out, elsewhere, chosen=status.chosen)


def no_pairs_planned(
    dropped: Mapping[str, int], out: str | Path, chosen: Mapping[str, Sequence[str]] | None = None
) -> NoPairsError:
    """Return the error that says why no pair could be planned, from the studies left out by reason.

    Args:
        dropped: Reason -> studies.
        out: The run.
        chosen: See `mark_chosen`.
    """
    return _error("no pair could be planned", dropped, "study", out, chosen=chosen)


def no_mixes_probed(rejected: Mapping[str, int], out: str | Path) -> NoPairsError:
    """Return the error that says why a run would mix nothing, from the mixes that a probe tried."""
    return _error(
        "nothing would be mixed: the probe tried every mix, and each was rejected", rejected, "pair", out
    )


FEW_MIXED = 0.2
"""Share of mixed rows below which a run says what stood against more: the sample has a third."""


def few_mixed(status: RunStatus) -> str:
    """Say what stood against more mixes in a run that is done and has but a few among studies as they are; else ""."""
    few = 0 < status.mixed < FEW_MIXED * status.written
    if status.missing or status.refill_due or not status.unmixed or not few:
        return ""
    said = f"Only {status.mixed:,} of {status.written:,} rows are mixed, the others are studies as they are"
    for reason, count in most_frequent(Counter(status.rejected) + Counter(status.refused), 1).items():
        hint = mark_chosen(hint_for(reason), status.chosen)
        said += f"; {reason} stood against most ({count:,} candidates): {hint}"
    return said


def mark_chosen(hint: str, chosen: Mapping[str, Sequence[str]]) -> str:
    """Return a hint that says of each option it advises whether the run has it already.

    Args:
        hint: One or several.
        chosen: Option -> values, as `RunStatus.chosen` has them.
    """
    return _OPTION.sub(lambda m: f"{m[0]} (as it is now)" if m[2] in chosen.get(m[1], ()) else m[0], hint)


def hint_for(reason: str, *, columns: bool = True, values: bool = True) -> str:
    """Return what to try against a reason why studies or pairs were left out; failures are "stage:reason".

    Args:
        reason: Its name.
        columns: Whether columns can be named: those of a published data set are known.
        values: Whether values can be mapped: those of MIMIC-CXR and ChestX-ray14 are known.
    """
    hint = _OF_COLUMNS.sub(r"\1" if columns else "", _hint_of(reason))
    return _OF_VALUES.sub(r"\1" if values else "", hint)


def _hint_of(reason: str) -> str:
    head, _, tail = reason.partition(":")
    name = tail if head in _STAGES else head
    names = (name, name.removeprefix("recipient-").removeprefix("donor-"))
    hints = _table()["hints"]
    whole = (known["try"] for known in hints if ":" in reason and reason in known["reasons"])
    found = (known["try"] for name in names for known in hints if _holds(known["reasons"], name))
    return str(next(chain(whole, found), _table()["otherwise"]))


def _holds(patterns: list[str], name: str) -> bool:
    return any(fnmatchcase(name, pattern) for pattern in patterns)


@cache
def _table() -> dict[str, Any]:
    return tomllib.loads(files("medcutmix_cli.run").joinpath("hints.toml").read_text("utf-8"))


def _error(
    what: str,
    counts: Mapping[str, int],
    noun: str,
    out: str | Path,
    *more: str,
    chosen: Mapping[str, Sequence[str]] | None = None,
) -> NoPairsError:
    """Return an error with the largest reasons and their hints, and what `more` there is to try."""
    largest = most_frequent(counts, _NAMED)
    named = ", ".join(
        f"{reason} ({count:,} {_PLURALS[noun] if count > 1 else noun})" for reason, count in largest.items()
    )
    hints = dict.fromkeys([*(mark_chosen(hint_for(one), chosen or {}) for one in largest), *more])
    return NoPairsError(f"{what}: {named or 'there is no study'}", where=str(out), hint="\n".join(hints))
