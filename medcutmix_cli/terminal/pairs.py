"""One pair in a terminal: who gave what to whom, the maps as block characters, the weights, the report's diff."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from rich.columns import Columns
from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.panel import Panel
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from medcutmix_cli.inspection.pair_record import PairView, ParentView, Piece
from medcutmix_cli.terminal.words import decimal, plain_table, printable, signed_lines

BLOCKS = " ░▒▓█"
ASCII = " .:*#"
_WIDEST = 16
"""Cells of a drawn map; a finer grid is pooled."""

_STYLES = {"same": "", "removed": "red strike", "inserted": "bold green"}
_MARKERS = {"same": ("", ""), "removed": ("[-", "-]"), "inserted": ("{+", "+}")}
"""As `git diff --word-diff` prints them; used where there is no colour."""


def pair_panel(view: PairView, rows: int) -> RenderableType:
    """Render one pair of `rows`; how it looks is decided by the console that prints it."""
    return _Panel(view, rows)


class _Panel:
    """A rendering that asks its console for colour and encoding."""

    def __init__(self, view: PairView, rows: int) -> None:
        self.view = view
        self.rows = rows

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        colour = console.color_system is not None and not console.no_color
        shades = ASCII if options.ascii_only else BLOCKS
        yield Group(*_blocks(self.view, self.rows, shades, colour=colour))


def _blocks(view: PairView, rows: int, shades: str, *, colour: bool) -> Iterator[RenderableType]:
    yield Rule(
        Text.assemble((f"pair {view.index + 1:,}", "bold"), f" of {rows:,}", ("  " + view.pair_id, "bold")),
        align="left",
        style="dim",
        characters="-" if shades == ASCII else "─",
    )
    told = (view.exchange, f"split {view.split}", view.strategy, view.shard, f"index {view.index}")
    yield Text(printable(", ".join(told)), style="dim")
    for badge in view.badges:
        yield signed_lines(("!", badge, "yellow"))
    yield ""
    yield _parents(view)
    yield ""
    for swap in view.swaps:
        yield Text(f"In {swap.section.replace('_', ' ')}", style="bold")
        exchanged = (("-", swap.removed, "red"), ("+", swap.inserted, "green"))
        yield signed_lines(*(line for line in exchanged if line[1]))
    yield ""
    yield Columns(_pictures(view, shades), padding=(0, 2))
    strength = " ".join(shades[1:])
    yield Text(f"weak {strength} strong   [ ] mask   the patient's left is on the right", style="dim")
    if view.brought:
        yield Text(f"the donor: {', '.join(view.brought)}")
    yield ""
    yield Text("Report", style="bold")
    yield diff_text(view.diff, colour=colour)
    yield ""
    yield _labels(view)


def _parents(view: PairView) -> Table:
    table = plain_table("", "recipient", "donor")
    table.columns[1].justify = table.columns[2].justify = "left"
    for name, attribute in {
        "study": "study_id",
        "patient": "subject_id",
        "picture": "image_id",
        "view": "view",
        "side": "side",
    }.items():
        values = (
            getattr(view.recipient, attribute),
            "" if view.unmixed else getattr(view.donor, attribute),
        )
        table.add_row(name, *(printable(value) or "-" for value in values))
    evidence = (view.recipient.ground_p, view.donor.ground_p)
    table.add_row("ground_p", *("-" if p is None else f"{p:.3f}" for p in evidence))
    return table


def _pictures(view: PairView, shades: str) -> list[RenderableType]:
    recipient, donor = (_map(parent, view.grid, shades) for parent in (view.recipient, view.donor))
    pasted = map_text(view.donor_weights, view.mask, view.grid, shades, limits=(0.0, 1.0))
    framed: list[RenderableType] = [
        Panel.fit(picture, title=title, title_align="left", padding=0, border_style="dim")
        for title, picture in (
            ("recipient's map", recipient),
            ("donor's map", donor),
            ("pasted from donor", pasted),
        )
    ]
    return [*framed, _weights(view)]


def _map(parent: ParentView, grid: tuple[int, int], shades: str) -> Text:
    """Draw a parent's map, or say that it was asked for none."""
    if parent.asked:
        return map_text(parent.map, parent.mask, grid, shades)
    return Text("no sentence asked,\nso there is no map", style="dim")


def _weights(view: PairView) -> Table:
    table = plain_table("weight", "recipient")
    for name, value in view.weights.items():
        table.add_row(name, decimal(value), style="bold" if name == "lam" else "")
    return table


def diff_text(pieces: Sequence[Piece], *, colour: bool) -> Text:
    """Write what leaves in red and what enters in green, or between markers where there is no colour."""
    text = Text(overflow="fold")
    for piece in pieces:
        before, after = ("", "") if colour else _MARKERS[piece.change]
        said = " ".join(piece.text.split()) if piece.change == "removed" else piece.text
        text.append(before + printable(said) + after, style=_STYLES[piece.change])
        text.append(" " if piece.change == "removed" else "")
    text.rstrip()
    return text


def map_text(
    scores: Sequence[float],
    mask: Sequence[int],
    grid: tuple[int, int],
    shades: str = BLOCKS,
    limits: tuple[float, float] | None = None,
) -> Text:
    """Draw a map two characters a cell: shade = strength, brackets = ends of the mask in each row.

    Args:
        scores: grid_h * grid_w values, row by row; NaN is left blank.
        mask: As many, 1 = evidence.
        grid: (grid_h, grid_w).
        shades: Five characters, weak to strong.
        limits: Values of the weakest and the strongest shade; those of the map where None.
    """
    rows = pool_map(scores, mask, grid)
    known = [score for row in rows for score, _ in row if math.isfinite(score)]
    low, high = limits or (min(known, default=0.0), max(known, default=0.0))
    span = (high - low) or 1.0
    picture = Text(no_wrap=True)
    for number, row in enumerate(rows):
        picture.append("\n" if number else "")
        for column, (score, inside) in enumerate(row):
            shade = shades[_level((score - low) / span, len(shades))]
            opens = inside and not (column and row[column - 1][1])
            closes = inside and not (column + 1 < len(row) and row[column + 1][1])
            cell = ("[" if opens else shade) + ("]" if closes else shade)
            picture.append(cell, style="bold yellow" if inside else "dim")
    return picture


def _level(share: float, levels: int) -> int:
    if not math.isfinite(share):
        return 0
    return min(levels - 1, max(0, int(share * levels)))


def pool_map(
    scores: Sequence[float], mask: Sequence[int], grid: tuple[int, int]
) -> list[list[tuple[float, bool]]]:
    """Lay a map out in rows of (score, in the mask); a grid too fine to draw is pooled by its maximum."""
    step = math.ceil(max(grid) / _WIDEST)
    rows = []
    for top in range(0, grid[0], step):
        row = []
        for left in range(0, grid[1], step):
            cells = [
                y * grid[1] + x
                for y in range(top, min(top + step, grid[0]))
                for x in range(left, min(left + step, grid[1]))
            ]
            known = [scores[cell] for cell in cells if math.isfinite(scores[cell])]
            row.append((max(known, default=math.nan), any(mask[cell] for cell in cells)))
        rows.append(row)
    return rows


_SAID = {1.0: "present", 0.0: "absent", -1.0: "uncertain"}


def _labels(view: PairView) -> Table:
    """Show each observation that any of the three reports speaks of, and what a loss may take the mix for."""
    table = plain_table("observation", "recipient", "donor", "mixed", "target", "state")
    table.columns[5].justify = "left"
    for position, name in enumerate(view.label_order):
        said = [_SAID.get(vector[position], "-") for vector in view.label_vectors]
        if set(said) != {"-"}:
            table.add_row(name, *said, decimal(view.label_w[position], 2), view.label_states[position])
    return table
