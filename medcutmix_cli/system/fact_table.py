"""A table of facts as HTML."""

from __future__ import annotations

from collections.abc import Mapping

from medcutmix_cli.system.plain_text import escape_html as escape


def fact_table(title: str, facts: Mapping[str, str]) -> str:
    """Return a table with a caption.

    Args:
        title: Plain text.
        facts: What is said by name; HTML as it stands.
    """
    cell = 'style="text-align:left;vertical-align:top"'
    rows = "".join(f"<tr><th {cell}>{name}</th><td {cell}>{said}</td></tr>" for name, said in facts.items())
    return f"<table><caption>{escape(title)}</caption><tbody>{rows}</tbody></table>"
