"""How a command talks: how much it says, in which form, and where. One per call of `medcutmix`."""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass, is_dataclass
from pathlib import Path
from typing import Any, Self

import typer

from medcutmix_cli.system.plain_text import harmless_json


@dataclass(slots=True)
class Session:
    """What was asked for before and after the command's name.

    Attributes:
        quiet: Nothing but errors (and JSON, where it is asked for).
        verbose: Settings with their origin, warnings of libraries.
        debug: Where in the code an unexpected error arose.
    """

    quiet: bool = False
    verbose: bool = False
    debug: bool = False

    @classmethod
    def of(cls, context: typer.Context, *, quiet: bool = False, verbose: bool = False) -> Self:
        """Return the session of this call, with what was said after the command's name added."""
        session = context.ensure_object(cls)
        session.quiet |= quiet
        session.verbose |= verbose
        return session


def print_json(kind: str, record: Any, **more: Any) -> None:
    """Print one JSON document on stdout: the fields of a record, `more`, and "document": kind.

    NaN becomes null: JSON has no NaN. What could steer a terminal is escaped.
    """
    document = {"document": kind, **_plain(record), **_plain(more)}
    ascii_only = (sys.stdout.encoding or "").lower().replace("-", "") != "utf8"
    print(harmless_json(json.dumps(document, indent=2, ensure_ascii=ascii_only, allow_nan=False)))


def _plain(value: Any) -> Any:
    """Turn a record into what JSON holds."""
    if is_dataclass(value) and not isinstance(value, type):
        return _plain(asdict(value))
    if isinstance(value, Path):
        return str(value)
    if isinstance(value, Mapping):
        return {str(key): _plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
