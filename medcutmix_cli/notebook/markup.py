"""Text made safe to stand in HTML, and a table of facts."""

from __future__ import annotations

import html
from collections.abc import Mapping

_CONTROL: dict[int, str] = dict.fromkeys((*range(0x20), *range(0x7F, 0xA0)), "\ufffd")
_CONTROL |= {ord("\n"): "\n", ord("\t"): "\t", ord("\r"): ""}


def escape(text: object) -> str:
    """Return text that stands for itself in HTML, between tags and in quoted attributes."""
    return html.escape(str(text).translate(_CONTROL), quote=True)


def fact_table(title: str, facts: Mapping[str, str]) -> str:
    """Return a table with a caption.

    Args:
        title: Plain text.
        facts: What is said by name; HTML as it stands.
    """
    cell = 'style="text-align:left;vertical-align:top"'
    rows = "".join(f"<tr><th {cell}>{name}</th><td {cell}>{said}</td></tr>" for name, said in facts.items())
    return f"<table><caption>{escape(title)}</caption><tbody>{rows}</tbody></table>"
