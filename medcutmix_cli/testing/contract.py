"""The contract of each kind of part: named checks, run one after the other. Knows no test framework."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from dataclasses import is_dataclass
from importlib import import_module
from typing import Any

from medcutmix_cli.errors import UsageError, suggest
from medcutmix_cli.testing.expectation import BrokenContractError, expect

Check = Callable[[Any], None]
"""Given a part; raises `BrokenContractError` where it does not keep what the check is named after."""

_HOME = {
    "alignment": "alignments",
    "blend": "blends",
    "dataset": "datasets",
    "encoder": "encoders",
    "export": "exports",
    "gate": "gates",
    "mask": "masks",
    "pairing": "pairings",
    "region": "regions",
    "weight": "weights",
}

_FUNCTIONS = frozenset({"weight"})
"""Kinds whose parts may be plain functions."""


def checks_of(kind: str) -> dict[str, Check]:
    """Return the checks of one kind of part by name, those of all parts first.

    Args:
        kind: "alignment", "blend", "dataset", "encoder", "export", "gate", "mask", "pairing", "region" or "weight".

    Raises:
        UsageError: There is no contract of that kind.
    """
    if kind not in _HOME:
        raise UsageError(f"there is no contract of the kind {kind!r}", hint=suggest(kind, _HOME))
    own: tuple[Check, ...] = import_module(f"medcutmix_cli.testing.{_HOME[kind]}").CHECKS
    common = () if kind in _FUNCTIONS else (is_a_frozen_record, survives_pickling)
    return {check.__name__: check for check in (*common, *own)}


def check(kind: str, part: Any) -> None:
    """Run every check of a kind over a part.

    Args:
        kind: See `checks_of`.
        part: Built: an instance with its options.

    Raises:
        BrokenContractError: With the name of the first check that the part does not keep.
        UsageError: There is no contract of that kind.
    """
    for name, run in checks_of(kind).items():
        try:
            run(part)
        except BrokenContractError as error:
            raise BrokenContractError(f"{kind} {type(part).__name__}: {name}: {error}") from error


def is_a_frozen_record(part: Any) -> None:
    """Its options are the fields of a frozen dataclass, and it says what it is."""
    expect(is_dataclass(part) and not isinstance(part, type), "a part is an instance of a dataclass")
    expect(type(part).__dataclass_params__.frozen, "the dataclass must be frozen: processes share it")
    expect(bool((type(part).__doc__ or "").strip()), "the class has no docstring: pages and help show it")


def survives_pickling(part: Any) -> None:
    """It is sent to other processes, and is the same there."""
    try:
        sent = pickle.loads(pickle.dumps(part))  # noqa: S301 - what we have just written
    except Exception as error:
        raise BrokenContractError(f"it cannot be pickled ({type(error).__name__})") from error
    expect(sent == part, "after pickling it is no longer equal to itself")
