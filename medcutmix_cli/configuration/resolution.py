"""One frozen settings tree: flags > MEDCUTMIX_* > TOML > defaults, each value with its origin.

Knows the names of settings, not what they do. Unknown keys are refused with the nearest known name.
"""

from __future__ import annotations

import hashlib
import json
import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from medcutmix_cli.configuration.settings import (
    DICOM_MODES,
    ENERGIES,
    IMAGE_FORMATS,
    LABEL_SOURCES,
    PRECISIONS,
    SECTION_CHOICES,
    SPLITS,
    UNPAIRED_ROLES,
    DatasetSettings,
    EncoderSettings,
    ImageSettings,
    MixingSettings,
    PlanSettings,
    ReportSettings,
    RunSettings,
    Settings,
)
from medcutmix_cli.errors import UsageError, suggest

_TABLES: dict[str, Any] = {
    "dataset": DatasetSettings,
    "reports": ReportSettings,
    "encoder": EncoderSettings,
    "plan": PlanSettings,
    "mixing": MixingSettings,
    "image": ImageSettings,
    "run": RunSettings,
}
_OPEN_TABLES = frozenset({"dataset", "encoder"})


@dataclass(frozen=True, slots=True)
class ResolvedSettings:
    """Settings with where each came from.

    Attributes:
        origins: "plan.seed" -> "flag", "environment", "file" or "default".
    """

    settings: Settings
    origins: Mapping[str, str]

    def explicit_value(self, key: str) -> Any:
        """Return the value of "table.name" if somebody said it, None where it is the default."""
        table, _, name = key.partition(".")
        return None if self.origins[key] == "default" else getattr(getattr(self.settings, table), name)


def from_plain(tree: Mapping[str, Any]) -> Settings:
    """Build settings back from `plain`.

    Raises:
        UsageError: A table, key or value that does not fit.
    """
    return _build({table: dict(values) for table, values in tree.items()})


def resolve(
    flags: Mapping[str, Any],
    config: Path | None = None,
    environ: Mapping[str, str] | None = None,
) -> ResolvedSettings:
    """Merge the four sources.

    Args:
        flags: Dotted names ("plan.seed") with their values; None means not given.
        config: A TOML recipe.
        environ: Environment, `os.environ` by default; `MEDCUTMIX_PLAN_SEED=3` sets `plan.seed`.

    Raises:
        UsageError: An unknown table, key or variable, or a value of the wrong type.
    """
    tree: dict[str, dict[str, Any]] = {}
    origins = dict.fromkeys(_all_keys(), "default")
    named = {key: value for key, value in flags.items() if value is not None}
    sources = (
        ("file", _from_toml(config)),
        ("environment", _from_environment(os.environ if environ is None else environ)),
        ("flag", named),
    )
    for origin, values in sources:
        for key, value in values.items():
            table, _, name = key.partition(".")
            tree.setdefault(table, {})[name] = value
            origins[key] = origin
    return ResolvedSettings(_build(tree), origins)


def _all_keys() -> list[str]:
    return [f"{table}.{entry.name}" for table, make in _TABLES.items() for entry in fields(make())]


def _from_toml(path: Path | None) -> dict[str, Any]:
    if path is None:
        return {}
    try:
        tables = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise UsageError("the recipe does not exist", where=str(path)) from error
    except OSError as error:
        raise UsageError(f"the recipe cannot be read ({type(error).__name__})", where=str(path)) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UsageError(f"the recipe is no valid TOML: {error}", where=str(path)) from error
    for table, values in tables.items():
        if not isinstance(values, dict):
            raise UsageError(
                f"{table!r} must stand in a table", where=str(path), hint=suggest(table, sorted(_TABLES))
            )
    return {f"{table}.{key}": value for table, values in tables.items() for key, value in values.items()}


def _from_environment(environ: Mapping[str, str]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for variable in sorted(environ):
        if variable.startswith("MEDCUTMIX_"):
            table, _, key = variable.removeprefix("MEDCUTMIX_").lower().partition("_")
            if table not in _TABLES:
                raise UsageError(f"there is no setting {variable}", hint=suggest(table, sorted(_TABLES)))
            values[f"{table}.{key}"] = parse_value(environ[variable])
    return values


def parse_value(text: str) -> Any:
    """Read one value as TOML would ("3", "true", "[...]"), else as the text it is."""
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text


def _build(tree: Mapping[str, dict[str, Any]]) -> Settings:
    for table in tree:
        if table not in _TABLES:
            raise UsageError(f"unknown table [{table}]", hint=suggest(table, sorted(_TABLES)))
    tables = {name: _table(name, make, tree.get(name, {})) for name, make in _TABLES.items()}
    return Settings(**tables)


def _table(name: str, make: Any, given: dict[str, Any]) -> Any:
    defaults = make()
    known = {entry.name: getattr(defaults, entry.name) for entry in fields(defaults)}
    values: dict[str, Any] = {}
    for key, value in given.items():
        if key in known:
            values[key] = check_type(f"{name}.{key}", value, known[key])
        elif name in _OPEN_TABLES:
            values.setdefault("options", {})[key] = value
        else:
            raise UsageError(f"unknown setting {name}.{key}", hint=suggest(key, sorted(known)))
    return _checked(name, make(**values) if values else defaults)


def check_type(key: str, value: Any, default: Any) -> Any:
    """Check one value against the type of its default; whole numbers may stand for floats."""
    if isinstance(default, tuple):
        if isinstance(value, str):
            return (value,)
        if isinstance(value, list | tuple):
            return tuple(str(entry) for entry in value)
    if isinstance(default, float) and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if isinstance(default, str) and isinstance(value, Path):
        return str(value)
    wanted = Mapping if isinstance(default, Mapping) else type(default)
    if not isinstance(value, wanted) or (isinstance(value, bool) and not isinstance(default, bool)):
        raise UsageError(f"{key} must be {_kind(default)}, not {value!r}")
    return value


def _kind(default: Any) -> str:
    names = {
        bool: "true or false",
        int: "a whole number",
        float: "a number",
        str: "a text",
        tuple: "a list of texts",
    }
    return names.get(type(default), "a table")


_MINIMA = {
    "plan.pairs_per_study": 1,
    "plan.max_uses_per_donor": 1,
    "run.shard_size": 1,
    "run.workers": 0,
    "plan.seed": 0,
    "encoder.batch_size": 0,
    "image.canvas": 112,
}


def check_max_fail_frac(share: float | None) -> None:
    """Check the share of pairs that may fail; None, which says nothing, passes.

    Raises:
        UsageError: It is no share.
    """
    if share is not None and not 0 <= share <= 1:
        raise UsageError(f"run.max_fail_frac must be between 0 and 1, not {share}")


def _checked(name: str, table: Any) -> Any:
    for key, least in _MINIMA.items():
        owner, _, attribute = key.partition(".")
        if owner == name and getattr(table, attribute) < least:
            raise UsageError(f"{key} must be at least {least}, not {getattr(table, attribute)}")
    for key, known in _KNOWN.items():
        owner, _, attribute = key.partition(".")
        if owner == name:
            _check_known(key, getattr(table, attribute), known)
    if name == "run":
        check_max_fail_frac(table.max_fail_frac)
    if name == "image" and table.canvas % 112:
        raise UsageError(
            f"image.canvas must be a multiple of 112, not {table.canvas}", hint="448, 672 or 1008"
        )
    return table


_KNOWN = {
    "mixing.energy": ENERGIES,
    "encoder.precision": PRECISIONS,
    "plan.labels": LABEL_SOURCES,
    "plan.splits": SPLITS,
    "plan.sections": SECTION_CHOICES,
    "plan.unpaired": UNPAIRED_ROLES,
    "image.dicom_mode": DICOM_MODES,
    "image.format": IMAGE_FORMATS,
}


def _check_known(key: str, value: Any, known: tuple[str, ...]) -> None:
    for entry in value if isinstance(value, tuple) else (value,):
        if entry not in known:
            raise UsageError(f"{key}: there is no {entry!r}", hint=suggest(entry, sorted(known)))


def fingerprint(*parts: Any) -> str:
    """Hash plain values (dicts, lists, numbers, texts) to 64 hex digits, whatever the order of keys."""
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def difference(before: Mapping[str, Any], after: Mapping[str, Any], prefix: str = "") -> list[str]:
    """List what differs between two trees of plain values, one line a value: "plan.seed: 0 -> 1"."""
    lines: list[str] = []
    for key in sorted({*before, *after}):
        old, new = before.get(key), after.get(key)
        if isinstance(old, Mapping) and isinstance(new, Mapping):
            lines += difference(old, new, f"{prefix}{key}.")
        elif old != new:
            lines.append(f"{prefix}{key}: {old!r} -> {new!r}")
    return lines
