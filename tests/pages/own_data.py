"""The roles of columns as the page of own data shows them."""

from __future__ import annotations

from medcutmix_cli.datasets.column_roles import ALIASES, ROLES


def roles() -> str:
    """Return a table of every role with the names that mean it."""
    rows = ["| role | names that mean it |", "|---|---|"]
    rows += [f"| `{role}` | {', '.join(f'`{name}`' for name in ALIASES.get(role, ()))} |" for role in ROLES]
    return "\n".join(rows)
