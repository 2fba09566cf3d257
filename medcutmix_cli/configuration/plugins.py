"""Build a plugin from the table of a recipe: its keys are the constructor's arguments, checked by name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from functools import cache
from typing import Any

from medcutmix_cli.configuration.registry import load, names
from medcutmix_cli.configuration.resolution import check_type
from medcutmix_cli.errors import MissingExtraError, UsageError, suggest


def options_of(kind: str, name: str) -> dict[str, Any]:
    """Return what a plugin can be given, by name, with the defaults."""
    return {entry.name: entry.default for entry in fields(load(kind, name)) if entry.init}


def build(kind: str, name: str, options: Mapping[str, Any]) -> Any:
    """Load the plugin `name` and construct it.

    Raises:
        UsageError: No such plugin, an unknown option (with the nearest known one), or a value it refuses.
    """
    return construct(f"the {kind} {name!r}", name, load(kind, name), options)


def construct(what: str, name: str, plugin: Any, options: Mapping[str, Any], **given: Any) -> Any:
    """Construct a dataclass from plain options, as `build` does.

    Args:
        what: What it is called in an error.
        name: Of its table.
        plugin: The class.
        options: Its constructor arguments, by name; None means not given.
        **given: Arguments that are no options: what the part is about, as the root of a data set.

    Raises:
        UsageError: An unknown option (with the nearest known one), or a value it refuses.
    """
    known = {entry.name: entry.default for entry in fields(plugin) if entry.init and entry.name not in given}
    if not isinstance(options, Mapping):
        raise UsageError(f"the options of {what} must stand in a table, not {options!r}")
    values: dict[str, Any] = {}
    for key, value in options.items():
        if value is None:
            continue
        if key not in known:
            raise UsageError(f"{what} has no option {key!r}", hint=suggest(key, known))
        plain = isinstance(known[key], str | int | float | tuple)
        values[key] = check_type(f"{name}.{key}", value, known[key]) if plain else value
    try:
        return plugin(**given, **values)
    except (TypeError, ValueError) as error:
        raise UsageError(
            f"{what} refuses its options: {error}",
            hint="`medcutmix config show` prints the options of each part",
        ) from error


@cache
def path_options(kind: str, name: str = "") -> frozenset[str]:
    """Return the options of a part that are places on disk: those whose type is a path.

    Args:
        kind: Of the part.
        name: Registered name; "" for those of every part of this kind that can be loaded.
    """
    found: set[str] = set()
    for each in (name,) if name else names(kind):
        try:
            part = load(kind, each)
        except MissingExtraError:
            continue
        found |= {entry.name for entry in fields(part) if entry.init and _is_path(entry.type)}
    return frozenset(found)


def _is_path(annotation: Any) -> bool:
    words = str(annotation).replace("|", " ").split()
    return any(word.rpartition(".")[2].strip("'>") == "Path" for word in words)
