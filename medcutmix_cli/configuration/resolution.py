"""One frozen settings tree: flags > MEDCUTMIX_* > TOML > defaults, each value with its origin.

Knows the names of settings, not what they do. Unknown keys are refused with the nearest known name.
"""

from __future__ import annotations

import hashlib
import json
import os
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from medcutmix_cli.configuration.declaration import Setting, variable_of
from medcutmix_cli.configuration.settings import DEFAULTS, SETTINGS, TREE, Settings
from medcutmix_cli.errors import MEND_TOML, UsageError, suggest, unreadable
from medcutmix_cli.system.text_encodings import not_utf8_hint


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
    origins = dict.fromkeys(SETTINGS, "default")
    named = {key: value for key, value in flags.items() if value is not None}
    sources = (
        ("file", _from_toml(config), lambda _: str(config)),
        ("environment", _from_environment(os.environ if environ is None else environ), variable_of),
        ("flag", named, lambda _: ""),
    )
    for origin, values, where in sources:
        _check_each(values, where)
        for key, value in values.items():
            table, _, name = key.partition(".")
            tree.setdefault(table, {})[name] = value
            origins[key] = origin
    return ResolvedSettings(_build(tree), origins)


def _check_each(values: Mapping[str, Any], where: Callable[[str], str]) -> None:
    """Check each value of a source by itself, so that an error names the source.

    Raises:
        UsageError: An unknown table or key, or a value that does not fit.
    """
    for key, value in values.items():
        table, _, name = key.partition(".")
        try:
            _build({table: {name: value}})
        except UsageError as error:
            raise UsageError(error.what, where=error.where or where(key), hint=error.hint) from error


def _from_toml(path: Path | None) -> dict[str, Any]:
    tables = {} if path is None else _read_tables(path)
    for table, values in tables.items():
        if not isinstance(values, dict):
            raise UsageError(
                f"{table!r} must stand in a table", where=str(path), hint=_where_it_belongs(table)
            )
    return {f"{table}.{key}": value for table, values in tables.items() for key, value in values.items()}


def _where_it_belongs(name: str) -> str:
    """Return what to try with what stands above all tables of a recipe."""
    if name in TREE:
        return f"write [{name}] on a line of its own, and its settings below"
    owners = [table for table, known in TREE.items() if name in {one.name for one in known}]
    return f"write the line [{owners[0]}] above it" if owners else suggest(name, sorted(TREE))


def _read_tables(path: Path) -> dict[str, Any]:
    content = b""
    try:
        content = path.read_bytes()
        return tomllib.loads(content.decode("utf-8-sig"))
    except FileNotFoundError as error:
        raise UsageError(
            "the recipe does not exist",
            where=str(path),
            hint="name a recipe that is there: `medcutmix config show` prints one",
        ) from error
    except OSError as error:
        raise UsageError(
            unreadable("the recipe", error),
            where=str(path),
            hint="is it a file of UTF-8 text that you may read?",
        ) from error
    except UnicodeDecodeError as error:
        raise UsageError(
            "the recipe is not UTF-8 text", where=str(path), hint=not_utf8_hint(content)
        ) from error
    except tomllib.TOMLDecodeError as error:
        raise UsageError(
            f"the recipe is no valid TOML: {error}",
            where=str(path),
            hint=MEND_TOML,
        ) from error


def _from_environment(environ: Mapping[str, str]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for variable in sorted(environ):
        if variable.startswith("MEDCUTMIX_"):
            table, _, key = variable.removeprefix("MEDCUTMIX_").lower().partition("_")
            if table not in TREE:
                raise UsageError(f"there is no setting {variable}", hint=suggest(table, sorted(TREE)))
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
        if table not in TREE:
            raise UsageError(f"unknown table [{table}]", hint=suggest(table, sorted(TREE)))
    return Settings(**{table: _table(table, tree.get(table, {})) for table in TREE})


def _table(table: str, given: dict[str, Any]) -> Any:
    """Build one table; keys that are no settings are a part's own options where the table is open."""
    known = {one.name: one for one in TREE[table]}
    open_name = next((one.name for one in TREE[table] if one.declared.opens), "")
    values = {key: check_value(known[key], value) for key, value in given.items() if key in known}
    others = {key: value for key, value in given.items() if key not in known}
    if others and not open_name:
        unknown = next(iter(others))
        raise UsageError(f"unknown setting {table}.{unknown}", hint=suggest(unknown, sorted(known)))
    if others:
        values[open_name] = {**values.get(open_name, {}), **others}
    defaults = getattr(DEFAULTS, table)
    return type(defaults)(**values) if values else defaults


def check_value(setting: Setting, value: Any) -> Any:
    """Return a value as its setting has it.

    Raises:
        UsageError: It has another type, is not among the choices, or lies outside the bounds.
    """
    checked, declared = check_type(setting.key, value, setting.default), setting.declared
    for entry in checked if isinstance(checked, tuple) else (checked,):
        if declared.choices and entry not in declared.choices:
            raise UsageError(
                f"{setting.key}: there is no {entry!r}", hint=suggest(entry, sorted(declared.choices))
            )
    if declared.least is not None and declared.most is not None:
        if not declared.least <= checked <= declared.most:
            bounds = f"between {declared.least} and {declared.most}"
            raise UsageError(f"{setting.key} must be {bounds}, not {checked}")
    elif declared.least is not None and checked < declared.least:
        raise UsageError(f"{setting.key} must be at least {declared.least}, not {checked}")
    if declared.multiple > 1 and checked % declared.multiple:
        raise UsageError(
            f"{setting.key} must be a multiple of {declared.multiple}, not {checked}", hint=declared.example
        )
    return checked


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


def named_values(settings: Sequence[Setting], keywords: Mapping[str, Any]) -> dict[str, Any]:
    """Turn keyword arguments of the API into checked values by dotted name; None means not given.

    Args:
        settings: Those that may be given (`settings_of` a command).
        keywords: By keyword.

    Raises:
        UsageError: There is no such keyword, or a value that does not fit.
    """
    known = {one.declared.keyword: one for one in settings}
    unknown = sorted(set(keywords) - set(known))
    if unknown:
        raise UsageError(f"unknown option {unknown[0]!r}", hint=suggest(unknown[0], sorted(known)))
    given = [(known[name], value) for name, value in keywords.items() if value is not None]
    for setting, value in given:
        if value == "" and not setting.declared.optional:
            raise UsageError(f"{setting.flag} names no place", hint="leave it out, or say where it is")
    return {setting.key: check_value(setting, value) for setting, value in given}


def resolve_keywords(
    settings: Sequence[Setting], keywords: Mapping[str, Any], config: Path | None = None
) -> ResolvedSettings:
    """Merge keyword arguments of the API with environment, recipe and defaults.

    Args:
        settings: Those that may be given (`settings_of` a command).
        keywords: By keyword; None means not given.
        config: A TOML recipe.

    Raises:
        UsageError: An option, key or value that does not fit.
    """
    return resolve(spread_options(named_values(settings, keywords)), config)


def spread_options(values: Mapping[str, Any]) -> dict[str, Any]:
    """Put the options of a part beside the settings of its table, where a recipe has them: each wins by itself.

    Raises:
        UsageError: An option has the name of a setting of that table.
    """
    spread: dict[str, Any] = {}
    for key, value in values.items():
        if key in SETTINGS and SETTINGS[key].declared.opens:
            spread.update(_options_of(SETTINGS[key], value))
        else:
            spread[key] = value
    return spread


def _options_of(setting: Setting, options: Mapping[str, Any]) -> dict[str, Any]:
    for name in options:
        owner = SETTINGS.get(f"{setting.table}.{name}")
        if owner is not None:
            raise UsageError(
                f"{name!r} is no option of a part: it is the setting {owner.key}",
                where=setting.flag,
                hint=f"say it with {owner.flag}" if owner.declared.keyword else "",
            )
    return {f"{setting.table}.{name}": value for name, value in options.items()}


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
