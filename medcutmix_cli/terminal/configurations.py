"""Settings as a run would have them, with where each comes from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from medcutmix_cli.configuration.declaration import variable_of
from medcutmix_cli.terminal.words import printable

if TYPE_CHECKING:
    from medcutmix_cli.configuration.resolution import ResolvedSettings


def config_view(resolved: ResolvedSettings, recipe: Path | None) -> RenderableType:
    """Render every setting by table; what somebody said stands out."""
    from medcutmix_cli.configuration.settings import TREE

    return Group(*(block for table in TREE for block in _table(table, resolved, recipe)))


def _table(table: str, resolved: ResolvedSettings, recipe: Path | None) -> Iterator[RenderableType]:
    yield Text(f"[{table}]", "bold")
    grid = Table.grid(padding=(0, 2))
    grid.add_column(no_wrap=True)
    grid.add_column(overflow="fold")
    grid.add_column()
    for key, value in _values(table, resolved):
        origin = resolved.origins.get(f"{table}.{key}", "default")
        style = "dim" if origin == "default" else ""
        told = Text(_told(origin, f"{table}.{key}", recipe), style or "dim")
        grid.add_row(Text(key, style), Text(printable(_written(value)), style, overflow="fold"), told)
    yield Padding(grid, (0, 0, 1, 2))


def _values(table: str, resolved: ResolvedSettings) -> Iterator[tuple[str, Any]]:
    """Yield every key of a table with its value, the options of a part like keys of their own, as a recipe has them."""
    from medcutmix_cli.configuration.settings import TREE

    own = getattr(resolved.settings, table)
    for setting in TREE[table]:
        value = getattr(own, setting.name)
        if setting.declared.opens:
            yield from dict(value).items()
        elif setting.key != "dataset.root":  # an argument of the commands: no recipe says it
            yield setting.name, value


def _written(value: Any) -> str:
    from medcutmix_cli.configuration.template import toml_value

    return "" if value in ("", ()) or (isinstance(value, Mapping) and not value) else toml_value(value)


def _told(origin: str, key: str, recipe: Path | None) -> str:
    if origin == "file":
        return str(recipe) if recipe else "recipe"
    return variable_of(key) if origin == "environment" else origin
