"""Build a plugin from the table of a recipe: its keys are the constructor's arguments, checked by name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from medcutmix_cli.configuration.registry import load
from medcutmix_cli.configuration.resolution import check_type
from medcutmix_cli.errors import UsageError, suggest


def options_of(kind: str, name: str) -> dict[str, Any]:
    """Return what a plugin can be given, by name, with the defaults."""
    return {entry.name: entry.default for entry in fields(load(kind, name)) if entry.init}


def build(kind: str, name: str, options: Mapping[str, Any]) -> Any:
    """Load the plugin `name` and construct it.

    Raises:
        UsageError: No such plugin, an unknown option (with the nearest known one), or a value it refuses.
    """
    return construct(f"the {kind} {name!r}", name, load(kind, name), options)


def construct(what: str, name: str, plugin: Any, options: Mapping[str, Any]) -> Any:
    """Construct a dataclass from plain options, as `build` does.

    Args:
        what: What it is called in an error.
        name: Of its table.
        plugin: The class.
        options: Its constructor arguments, by name.

    Raises:
        UsageError: An unknown option (with the nearest known one), or a value it refuses.
    """
    known = {entry.name: entry.default for entry in fields(plugin) if entry.init}
    if not isinstance(options, Mapping):
        raise UsageError(f"the options of {what} must stand in a table, not {options!r}")
    values: dict[str, Any] = {}
    for key, value in options.items():
        if key not in known:
            raise UsageError(f"{what} has no option {key!r}", hint=suggest(key, known))
        plain = isinstance(known[key], str | int | float | tuple)
        values[key] = check_type(f"{name}.{key}", value, known[key]) if plain else value
    try:
        return plugin(**values)
    except (TypeError, ValueError) as error:
        raise UsageError(f"{what} refuses its options: {error}") from error
