"""Macros of the rule tables: `{name}` in a phrase stands for a longer pattern. Knows no table and no word."""

from __future__ import annotations

import re
from collections.abc import Mapping

_MACRO = re.compile(r"\{([a-z_]+)\}")


def expand(phrase: str, macros: Mapping[str, str]) -> str:
    """Return a phrase with the text of each macro in the place of its `{name}`."""
    for name, text in macros.items():
        phrase = phrase.replace("{" + name + "}", text)
    return phrase


def unknown_macros(phrase: str, macros: Mapping[str, str]) -> list[str]:
    """Return the names in braces that stand for nothing."""
    return [name for name in _MACRO.findall(phrase) if name not in macros]
