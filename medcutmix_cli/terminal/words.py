"""What all renderings share: numbers as people write them, text made safe to print, tables without lines."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Iterable, Iterator, Mapping
from io import StringIO

from rich import box
from rich.console import Console, ConsoleOptions, RenderableType, RenderResult
from rich.measure import Measurement
from rich.padding import Padding
from rich.segment import Segment
from rich.table import Table
from rich.text import Text

from medcutmix_cli.system.plain_text import printable as printable


class SafeConsole(Console):
    """A console on which no text steers: brackets are brackets, control characters are shown as U+FFFD.

    Ids and paths may hold either, whatever view they come in by; what rich itself sends (colour, cursor) is its own.
    """

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterable[Segment]:
        """Render as any console does, then make what is said harmless."""
        for text, style, control in super().render(renderable, options):
            yield Segment(text if control else printable(text), style, control)


def output() -> Console:
    """Return the console of stdout; it obeys NO_COLOR, FORCE_COLOR, TERM and COLUMNS."""
    return SafeConsole(file=sys.stdout, highlight=False, emoji=False, markup=False)


def size(count: int) -> str:
    """Write a number of bytes: "940 B", "83.2 MB"."""
    value = float(count)
    for unit in ("B", "kB", "MB", "GB"):
        if value < 1000:
            return f"{value:.0f} {unit}" if unit == "B" else f"{value:.1f} {unit}"
        value /= 1000
    return f"{value:.1f} TB"


def quantity(count: int, noun: str, plural: str = "") -> str:
    """Write a number with its noun: "1 shard", "1,024 shards"."""
    return f"{count:,} {noun if count == 1 else plural or noun + 's'}"


def decimal(value: float, digits: int = 3) -> str:
    """Write a number, and a dash where there is none."""
    return "-" if value != value else f"{value:.{digits}f}"


class WordTable(Table):
    """A table that breaks no word: where its longest ones do not fit beside each other, its rows stand as lines."""

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Share the width out between the columns, none below its longest word, or give up columns."""
        if self.width is None:
            widths = self._widths(console, options)
            if not widths:
                yield from self._lines()
                return
            for column, width in zip(self.columns, widths, strict=True):
                column.width = width
        yield from super().__rich_console__(console, options)

    def _widths(self, console: Console, options: ConsoleOptions) -> list[int]:
        """Return the width of each column; nothing where they do not fit: rich itself would break words."""
        wide = options.update(width=_WIDEST)
        for column in self.columns:
            column.width = None
        parts = [
            [Measurement.get(console, wide, part) for part in (column.header, *column.cells)]
            for column in self.columns
        ]
        least = [max(part.minimum for part in column) for column in parts]
        widths = [max(part.maximum for part in column) for column in parts]
        between = Measurement.get(console, wide, self).maximum - sum(widths)
        while sum(widths) + between > options.max_width:
            over = [place for place, width in enumerate(widths) if width > least[place]]
            if not over:
                return []
            widths[max(over, key=lambda place: widths[place])] -= 1
        return widths

    def _lines(self) -> Iterator[Text | Padding]:
        """Yield each row as its name, and below it the other columns with their headers."""
        headers = [str(column.header) for column in self.columns[1:]]
        for name, *cells in zip(*(column.cells for column in self.columns), strict=True):
            yield Text(str(name), style="bold")
            told = ", ".join(f"{header} {cell}" for header, cell in zip(headers, cells, strict=True))
            yield Padding(told, (0, 0, 0, 2))


def plain_table(*headers: str) -> Table:
    """Return a table with a line under its headers only; columns after the first are numbers."""
    table = WordTable(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False, header_style="bold")
    for position, header in enumerate(headers):
        table.add_column(header, justify="left" if position == 0 else "right", overflow="fold")
    return table


def unbroken(table: Table) -> Table:
    """Make a table as wide as what is in it: on a narrow terminal its lines go on, and no word is broken by us."""
    console = Console(width=_WIDEST, file=StringIO())
    table.width = Measurement.get(console, console.options, table).maximum
    return table


_WIDEST = 1000  # columns


def reasons_hint(*counts: Mapping[str, int]) -> str:
    """Say how to see what the names of a table mean, by its most frequent one; "" where the table is empty."""
    names = {name: count for table in counts for name, count in table.items() if count}
    if not names:
        return ""
    most = min(names, key=lambda name: (-names[name], name))
    return f"what a name means, and what to do: medcutmix reasons {shlex.quote(most)}"


def facts(rows: Mapping[str, Text | str | Table]) -> Table:
    """Return a grid of names and what is to be said of them."""
    grid = Table.grid(padding=(0, 2))
    grid.add_column(style="bold", no_wrap=True)
    grid.add_column(overflow="fold")
    for name, value in rows.items():
        grid.add_row(name, printable(value) if isinstance(value, str) else value)
    return grid


def bar(share: float, width: int = 24) -> str:
    """Draw a share of [0, 1] as a bar of up to `width` characters."""
    return "#" * max(1, round(share * width)) if share > 0 else ""


def warning(text: str) -> Table:
    """Return a sentence that must not be overlooked, marked without colour too."""
    return signed_lines(("!", text, "yellow"))


def signed_lines(*lines: tuple[str, str, str]) -> Table:
    """Return lines of (sign, text, style) with their texts under each other."""
    grid = Table.grid(padding=(0, 1))
    for sign, text, style in lines:
        grid.add_row(Text(sign, style=f"bold {style}"), Text(printable(text), style=style, overflow="fold"))
    return grid
