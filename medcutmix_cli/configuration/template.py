"""A recipe with every key: those that somebody said as they are, the others as comments, each with what it is."""

from __future__ import annotations

import json
import re
import textwrap
from collections.abc import Iterator, Mapping
from typing import Any

from medcutmix_cli.configuration.choices import untold_choices
from medcutmix_cli.configuration.declaration import Setting
from medcutmix_cli.configuration.resolution import ResolvedSettings
from medcutmix_cli.configuration.settings import OF_TABLES, TREE

_WIDTH = 118
_HEAD = """\
# A recipe with every key, as `medcutmix config show [RECIPE] --template` writes it. What stands behind "#" without a
# space is a default: take the "#" away to say something else. Flags win over MEDCUTMIX_<TABLE>_<KEY> variables, those
# over this file."""

_OTHERS = "All other keys of this table are options of the {part}."
_PARTS = {"dataset": "data set's kind", "encoder": "encoder"}


def recipe_template(resolved: ResolvedSettings) -> str:
    """Return the text of the recipe; what it says resolves to the same settings."""
    return "\n".join([_HEAD, *(line for table in TREE for line in _table(table, resolved))]) + "\n"


def recipe_keys(table: str) -> Iterator[Setting]:
    """Yield what a recipe may say in a table; the data set itself is an argument of the commands."""
    for setting in TREE[table]:
        if setting.key != "dataset.root" and not setting.declared.opens:
            yield setting
    yield from (setting for setting in OF_TABLES if setting.table == table)


def toml_value(value: Any) -> str:
    """Write a value as TOML has it, on one line."""
    if isinstance(value, Mapping):
        pairs = ", ".join(f"{_toml_key(key)} = {toml_value(inner)}" for key, inner in value.items())
        return f"{{ {pairs} }}" if pairs else "{}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(toml_value, value))}]"
    return _json(value)  # numbers, texts, true and false are written alike


def _toml_key(key: str) -> str:
    return key if re.fullmatch(r"[A-Za-z0-9_-]+", key) else _json(key)


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")  # which TOML alone forbids


def _table(table: str, resolved: ResolvedSettings) -> Iterator[str]:
    yield ""
    yield f"[{table}]"
    own = getattr(resolved.settings, table)
    opened = next((one.name for one in TREE[table] if one.declared.opens), "")
    others = dict(getattr(own, opened)) if opened else {}
    tables: dict[str, Any] = {}
    for setting in recipe_keys(table):
        declared_here = setting in TREE[table]
        value = getattr(own, setting.name) if declared_here else others.pop(setting.name, setting.default)
        yield from _comment(setting)
        if _of_tables(value):
            tables[setting.name] = value
        else:
            said = resolved.origins.get(setting.key, "default") != "default"
            yield f"{'' if said else '#'}{setting.name} = {toml_value(value)}"
    if opened:
        yield from _wrapped(_OTHERS.format(part=_PARTS[table]))
        yield from (f"{_toml_key(key)} = {toml_value(value)}" for key, value in others.items())
    for name, parts in tables.items():
        for part, options in parts.items():
            yield f"\n[{table}.{name}.{_toml_key(part)}]"
            yield from (f"{_toml_key(key)} = {toml_value(value)}" for key, value in options.items())


def _comment(setting: Setting) -> Iterator[str]:
    text = setting.declared.help.removesuffix(" Repeat it.")
    told = " ".join(filter(None, [text, untold_choices(setting, text)]))
    spoken = setting.declared.spoken_default
    yield from _wrapped(f"{told} Default: {spoken}." if spoken else told)


def _wrapped(text: str) -> list[str]:
    return textwrap.wrap(text, _WIDTH, initial_indent="# ", subsequent_indent="# ", break_on_hyphens=False)


def _of_tables(value: Any) -> bool:
    return isinstance(value, Mapping) and bool(value) and all(isinstance(v, Mapping) for v in value.values())
