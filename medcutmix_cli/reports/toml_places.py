"""Where in a TOML text a table, a key or a phrase stands: the line that an error or an explanation names.

`tomllib` keeps no lines. Knows the layout of the rule tables (a header a line, a key a line), not their meaning.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

_HEADER = re.compile(r"\s*\[\[?\s*([\w.-]+)\s*\]\]?\s*(?:#.*)?$")


@dataclass(frozen=True, slots=True)
class TomlBlock:
    """A table of a TOML text: its name, and its lines (from 0, end exclusive), that of its header first."""

    name: str
    begin: int
    end: int


@dataclass(frozen=True, slots=True)
class TomlPlaces:
    """The lines and tables of one TOML text."""

    lines: tuple[str, ...]
    blocks: tuple[TomlBlock, ...]

    def line_of(self, table: str, number: int = 0, key: str = "", phrase: str = "") -> int:
        """Return the line, from 1, of a phrase, else of its key, else of its table's header; 1 where there is none.

        Args:
            table: Name of the table, without brackets.
            number: Which of the tables of that name, from 0.
            key: As it is written: "add.terms".
            phrase: A text of that key's list.
        """
        own = [block for block in self.blocks if block.name == table]
        if number >= len(own):
            return 1
        begin, end = own[number].begin, own[number].end
        line = self._first(rf"\s*(?:\[{re.escape(table)}\.)?{_spelt(key)}\b", begin, end) if key else begin
        if phrase:
            quoted = "|".join(re.escape(f"{mark}{phrase}{mark}") for mark in "'\"")
            line = self._first(rf".*(?:{quoted})", line, end)
        return line + 1

    def _first(self, pattern: str, begin: int, end: int) -> int:
        fits = re.compile(pattern)
        return next((k for k in range(begin, end) if fits.match(self.lines[k])), begin)


def _spelt(key: str) -> str:
    """Return a pattern of a key; of "add.terms" also the inline table, `add = { terms = ...`."""
    first, _, rest = key.partition(".")
    return (
        rf"{re.escape(first)}\s*(?:\.\s*{re.escape(rest)}|=.*\b{re.escape(rest)})"
        if rest
        else re.escape(first)
    )


@lru_cache(maxsize=16)
def toml_places(text: str) -> TomlPlaces:
    """Find the tables of a TOML text; `[a.b]` belongs to the `[a]` or `[[a]]` before it."""
    lines = tuple(text.splitlines())
    found: list[TomlBlock] = []
    for number, line in enumerate(lines):
        header = _HEADER.match(line)
        if header is None or (found and header[1].startswith(f"{found[-1].name}.")):
            continue
        if found:
            found[-1] = TomlBlock(found[-1].name, found[-1].begin, number)
        found.append(TomlBlock(header[1], number, len(lines)))
    return TomlPlaces(lines, tuple(found))
