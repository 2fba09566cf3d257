"""Originals against mixes: shares of labels, devices, views and sides side by side, and what has shifted by name."""

from __future__ import annotations

from collections.abc import Iterator
from math import isinf
from typing import TYPE_CHECKING

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.text import Text

from medcutmix_cli.terminal.words import facts, plain_table, printable, quantity, warning

if TYPE_CHECKING:
    from medcutmix_cli.run.shape import SetShape

_NAMED = 6
"""Shifted traits that a warning names; the table has all."""


def shape_view(shape: SetShape, *, targeted: bool = False) -> RenderableType:
    """Render both shares of every trait, what gives and receives, and a warning where a bound is broken.

    A target asks for shares that differ: of a targeted plan they are told without a warning.
    """
    table = plain_table(f"originals against {shape.rows_are} rows", "originals", shape.rows_are, "change")
    shifted = shape.shifts()
    for trait, own, now in shape.shares():
        style = "bold yellow" if trait in shifted else ""
        table.add_row(
            printable(trait), f"{own:.1%}", f"{now:.1%}", change_text(shape.change(trait)), style=style
        )
    blocks: list[RenderableType] = [table, "", facts(_facts(shape))]
    if targeted and shifted:
        blocks += [
            "",
            f"As a target asks, the {shape.rows_are} rows say other things than the set: {_shifted(shape)}",
        ]
    blocks += [Padding(warning(text), (1, 0, 0, 0)) for text in shape_warnings(shape, targeted=targeted)]
    return Group(*blocks)


def _facts(shape: SetShape) -> dict[str, Text | str]:
    donors = ", ".join(
        f"{printable(finding)} {count.effective:,.1f} of {count.donors:,}"
        for finding, count in shape.donors.items()
    )
    kept = f", {shape.kept:,} of them studies as they are" if shape.kept else ""
    return {
        shape.rows_are.capitalize(): f"{quantity(shape.rows, 'row')} of {quantity(shape.originals, 'original')}{kept}",
        "Donors": f"effective: {donors or '-'}",
        "Recipients": f"effective: {shape.recipients:,.1f}",
        "Sentences": f"{shape.row_sentences:,} different ones in planned rows{shape.sentences_note}, "
        f"{shape.sentences:,} in originals",
    }


def change_text(change: float) -> str:
    """Write a relative change: "+12%", "new" where no original has it."""
    return "new" if isinf(change) else f"{change:+.0%}"


def _shifted(shape: SetShape) -> str:
    shifted = shape.shifts()
    named = [f"{trait} {change_text(change)}" for trait, change in list(shifted.items())[:_NAMED]]
    more = f" and {len(shifted) - _NAMED} more" if len(shifted) > _NAMED else ""
    return f"{', '.join(named)}{more}"


def shape_warnings(shape: SetShape, *, targeted: bool = False) -> Iterator[str]:
    """Say by name which bounds are broken; that of the shares is none of a targeted plan."""
    if shape.shifts() and not targeted:
        yield (
            f"The {shape.rows_are} rows say other things than the set, by more than {shape.tolerance:.0%}: "
            f"{_shifted(shape)}; {_advice(shape)}"
        )
    for finding, count in shape.uneven().items():
        yield (
            f"Few donors give most of {printable(finding)} in {shape.rows_are} rows: "
            f"{count.effective:,.1f} effective ones of {count.donors:,}"
        )


def _advice(shape: SetShape) -> str:
    """Say what holds rows to the set: pairs that rendering rejects change it even where the plan keeps to it."""
    if not shape.keeps:
        return "--unmixed keep holds them to it"
    return "more studies, a larger --reserve or a larger --shape-tolerance may help"
