"""One pair that was not written, in a terminal: the rule in words, and where it was broken."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from rich.columns import Columns
from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.panel import Panel
from rich.rule import Rule
from rich.text import Text

from medcutmix_cli.inspection.refused_view import Cells, RefusedParentView, RefusedView
from medcutmix_cli.terminal.pairs import ASCII, BLOCKS, diff_text, map_text
from medcutmix_cli.terminal.words import facts, plain_table, printable, signed_lines


def refused_panel(view: RefusedView) -> RenderableType:
    """Render one pair; how it looks is decided by the console that prints it."""
    return _RefusedPanel(view)


class _RefusedPanel:
    """A rendering that asks its console for colour and encoding."""

    def __init__(self, view: RefusedView) -> None:
        self.view = view

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        colour = console.color_system is not None and not console.no_color
        yield Group(*_blocks(self.view, ASCII if options.ascii_only else BLOCKS, colour=colour))


def _blocks(view: RefusedView, shades: str, *, colour: bool) -> Iterator[RenderableType]:
    heading = Text.assemble((f"pair {view.pair_id}", "bold"), f"  {view.outcome}: not written")
    yield Rule(heading, align="left", style="dim", characters="-" if shades == ASCII else "─")
    yield Text(printable(", ".join((view.exchange, f"split {view.split}", view.strategy))), style="dim")
    yield ""
    yield signed_lines(("!", view.rule, "bold yellow"))
    yield facts(_rule(view))
    yield ""
    yield _parents(view)
    drawn = list(_grids(view, shades))
    if drawn:
        yield ""
        yield Columns(drawn, padding=(0, 2))
        yield Text("[ ] mask, or what broke the rule   the patient's left is on the right", style="dim")
    yield ""
    yield Text("Report, as it was planned", style="bold")
    yield diff_text(view.diff, colour=colour)


def _rule(view: RefusedView) -> dict[str, Text | str]:
    told: dict[str, Text | str] = {}
    if view.reason:
        told = {"What": Text(view.reason.what), "Why": Text(view.reason.why)}
    if view.details:
        told["Measured"] = Text(printable("; ".join(view.details)))
    if view.now:
        told["Today"] = Text(printable(view.now), style="yellow")
    if view.reason:
        told["To do"] = Text(view.reason.advice)
    return told


def _parents(view: RefusedView) -> RenderableType:
    table = plain_table("", "recipient", "donor")
    table.columns[1].justify = table.columns[2].justify = "left"
    for name, attribute in {"study": "study_id", "patient": "subject_id", "picture": "image_id", "view": "view",
                            "side": "side", "not read": "missing"}.items():  # fmt: skip
        values = (getattr(view.recipient, attribute), getattr(view.donor, attribute))
        if any(values):
            table.add_row(name, *(printable(value) or "-" for value in values))
    evidence = (view.recipient.ground_p, view.donor.ground_p)
    table.add_row("ground_p", *("-" if p is None else f"{p:.3f}" for p in evidence))
    return table


def _grids(view: RefusedView, shades: str) -> Iterator[RenderableType]:
    for name, parent in (("recipient", view.recipient), ("donor", view.donor)):
        if parent.map is not None:
            mask = np.zeros_like(parent.map, bool) if parent.mask is None else parent.mask
            yield _framed(f"{name}'s map", _drawn(parent.map, mask, shades))
    if view.region is not None or view.recipient.broken is not None or view.donor.broken is not None:
        yield from _broken(view, shades)


def _broken(view: RefusedView, shades: str) -> Iterator[RenderableType]:
    for name, parent in (("recipient", view.recipient), ("donor", view.donor)):
        under = _under(view, parent)
        if parent.broken is not None and under is not None:
            layer = under.astype(np.float32) * 0.45 + parent.broken * 0.55
            drawn = map_text(
                layer.ravel().tolist(), _flat(parent.broken), _grid(layer), shades, limits=(0.0, 1.0)
            )
            yield _framed(f"what broke it, {name}", drawn)


def _under(view: RefusedView, parent: RefusedParentView) -> Cells | None:
    """Return what the broken cells are part of."""
    if parent is view.recipient and view.region is not None:
        return view.region | (parent.broken if parent.broken is not None else view.region)
    return parent.mask if parent.mask is not None else parent.broken


def _drawn(scores: np.ndarray, mask: Cells, shades: str) -> Text:  # type: ignore[type-arg]
    return map_text([float(score) for score in scores.ravel()], _flat(mask), _grid(scores), shades)


def _flat(mask: Cells) -> list[int]:
    return [int(cell) for cell in mask.ravel()]


def _grid(values: np.ndarray) -> tuple[int, int]:  # type: ignore[type-arg]
    return values.shape[0], values.shape[1]


def _framed(title: str, drawn: Text) -> Panel:
    return Panel.fit(drawn, title=title, title_align="left", padding=0, border_style="dim")
