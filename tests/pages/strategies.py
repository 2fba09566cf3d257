"""The generated parts of docs/strategies.md: every registered strategy with what it does and what it can be given.

Read from the entry points of pyproject.toml, so that the page says what this tree has, whatever is installed.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from dataclasses import MISSING, Field, fields, is_dataclass
from functools import cache
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any

from medcutmix_cli.configuration.registry import GROUPS
from medcutmix_cli.configuration.settings import MixingSettings, PlanSettings
from medcutmix_cli.exports.reader_line import example_line
from medcutmix_cli.inspection.pair_record import IMAGE_WORDS
from medcutmix_cli.pairing.policy import IMAGES, FindingPolicy, packaged_policy
from medcutmix_cli.run.columns import COLUMNS
from tests.pages.docstrings import first_sentence, option_meanings, paragraphs
from tests.pages.markdown import code, table

PYPROJECT = Path(__file__).resolve().parents[2] / "pyproject.toml"
KINDS = ("pairing", "mask", "gate", "alignment", "region", "blend")
_MEANINGS = {column.name: column.meaning for column in COLUMNS}


@cache
def registered(kind: str) -> dict[str, Any]:
    """Return the plugins of one kind by name, imported."""
    tables = tomllib.loads(PYPROJECT.read_text(encoding="utf-8"))["project"]["entry-points"]
    group = GROUPS[kind]
    return {name: EntryPoint(name, place, group).load() for name, place in sorted(tables[group].items())}


def _default(kind: str) -> str:
    if kind == "pairing":
        return PlanSettings().pairing
    return str(getattr(MixingSettings(), "align" if kind == "alignment" else kind))


def strategies(kind: str) -> str:
    """Return what each strategy of one kind does, and what it can be given."""
    told = table(("name", "what it does"), _rows(kind))
    options = options_of_kind(kind)
    if not options:
        return f"{told}\n\nNone of them has options."
    rows = ((_names(kind, takers), *option) for option, takers in options.items())
    return f"{told}\n\n{table(('of', 'option', 'default', 'meaning'), rows)}"


def exports() -> str:
    """Return what each export profile writes, who reads it, and what it can be given."""
    rows = (
        (code(name), f"{first_sentence(plugin)} {paragraphs(plugin)}".strip(), example_line(plugin.reader))
        for name, plugin in registered("export").items()
    )
    options = ((_names("export", takers), *option) for option, takers in options_of_kind("export").items())
    told = table(("`--to`", "what is written", "read by"), rows)
    return f"{told}\n\n{table(('of', '`--option`', 'default', 'meaning'), options)}"


def _names(kind: str, takers: list[str]) -> str:
    several = len(takers) > 1 and len(takers) == len(registered(kind))
    return "all" if several else ", ".join(map(code, takers))


def _rows(kind: str) -> Iterator[tuple[str, str]]:
    for name, plugin in registered(kind).items():
        usual = " (default)" if name == _default(kind) else ""
        yield f"{code(name)}{usual}", " ".join((first_sentence(plugin), paragraphs(plugin))).strip()


def options_of_kind(kind: str) -> dict[tuple[str, str, str], list[str]]:
    """Return every option (name, default, meaning) of one kind with the strategies that take it."""
    takers: dict[tuple[str, str, str], list[str]] = {}
    for name, plugin in registered(kind).items():
        if not is_dataclass(plugin):
            continue
        meanings = option_meanings(plugin)
        for entry in fields(plugin):
            if entry.init:
                option = (code(entry.name), _value(entry), meanings.get(entry.name, ""))
                takers.setdefault(option, []).append(name)
    return takers


def _value(entry: Field[Any]) -> str:
    default = entry.default
    if default is MISSING and entry.default_factory is not MISSING:
        default = entry.default_factory()
    if default is MISSING:
        return "none: must be given"
    if isinstance(default, tuple | list):
        return ", ".join(map(code, default)) or "none"
    return code(default) if default not in ("", {}) else "none"


def weights() -> str:
    """Return the weights that can be the sample's lambda, with their columns."""
    rows = (
        (f"{code(name)}{' (default)' if name == _default('weight') else ''}", code(column), _MEANINGS[column])
        for name, column in ((name, "lam_" + name.replace("-", "_")) for name in registered("weight"))
    )
    return table(("name", "column", "meaning"), rows)


def image_modes() -> str:
    """Return the ways in which pictures follow the text."""
    return table(("`image_mode`", "in short"), ((code(name), said) for name, said in IMAGE_WORDS.items()))


def policy() -> str:
    """Return what may be done with each finding."""
    names = [entry.name for entry in fields(FindingPolicy)]
    rows = (
        (code(finding), *(_said(getattr(rule, name)) for name in names))
        for finding, rule in packaged_policy().items()
    )
    return table(("finding", *map(code, names)), rows)


def _said(value: bool | str) -> str:
    if isinstance(value, str):
        return value
    return "yes" if value else ""


def policy_keys() -> str:
    """Return what the columns of the policy mean."""
    ways = ", ".join(map(code, IMAGES))
    meanings = option_meanings(FindingPolicy).items()
    return table(
        ("key", "meaning"), ((code(name), said.replace("`IMAGES`", ways)) for name, said in meanings)
    )
