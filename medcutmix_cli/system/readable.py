"""Records that say in a few words what they hold, and show it as a table in a notebook."""

from __future__ import annotations

from medcutmix_cli.system.fact_table import fact_table
from medcutmix_cli.system.plain_text import escape_html, printable


class Readable:
    """A base of records: what `facts` returns is their `repr`, and what a notebook shows."""

    __slots__ = ()

    def facts(self) -> dict[str, str]:
        """Return what it holds by name, in plain words; never text of a report."""
        raise NotImplementedError

    def __repr__(self) -> str:
        """Return one line."""
        said = "; ".join(f"{name}: {words}" for name, words in self.facts().items() if words)
        return f"{type(self).__name__}({printable(said)})"

    def _repr_html_(self) -> str:
        """Return what a notebook shows."""
        said = {escape_html(name): escape_html(words) for name, words in self.facts().items() if words}
        return fact_table(type(self).__name__, said)


def count_line(counts: dict[str, int]) -> str:
    """Return counts by name in a line: "mass 3, edema 1"; "" where there is none."""
    return ", ".join(f"{name} {count:,}" for name, count in counts.items() if count)
