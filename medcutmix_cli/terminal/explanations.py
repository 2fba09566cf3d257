"""Why a report was read as it was: a block a finding, phrase and cue with the file and line of each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from medcutmix_cli.terminal.words import printable

if TYPE_CHECKING:
    from medcutmix_cli.reports.explanation import DecidingCue, Explanation, RulePlace

_STYLES = {"present": "bold red", "absent": "green", "uncertain": "yellow", "resolved": "cyan"}
_WHY = {
    "normal": "it is called normal",
    "asked": "its section tells what was asked",
    "alternatives": "it is one of several that may be there",
    "context": "another finding or sentence had a say",
}


def explanation_view(explained: Sequence[Explanation]) -> RenderableType:
    """Render why each finding was read as it was."""
    return Group(*_blocks(explained))


def _blocks(explained: Sequence[Explanation]) -> Iterator[RenderableType]:
    yield Text("Why", style="bold")
    if not explained:
        yield "no finding"
    for one in explained:
        state = one.assertion.value
        section = one.section.replace("_", " ") + ("" if one.counts else ", not counted")
        yield Text.assemble(
            (one.finding.replace("_", " "), "bold"), " ", (state, _STYLES[state]), (f"  {section}", "dim")
        )
        yield _reasons(one)


def _reasons(one: Explanation) -> Table:
    grid = Table.grid(padding=(0, 2))
    grid.add_column(no_wrap=True, min_width=6)
    grid.add_column(overflow="fold")
    grid.add_row("  named", _said(one.words, one.rules))
    for cue in one.cues:
        grid.add_row(
            "  cue", _said(cue.words, [cue.rule] if cue.rule else [], f" ({cue.category}, {cue.direction})")
        )
        grid.add_row("  scope", _scope(cue))
    if one.why:
        grid.add_row("  but" if one.by_words is not one.assertion else "  since", _WHY[one.why])
    elif not one.cues:
        grid.add_row("  cue", "none")
    return grid


def _scope(cue: DecidingCue) -> Text:
    return Text(printable(cue.scope) or "nothing else")


def _said(words: str, rules: Sequence[RulePlace], more: str = "") -> Text:
    places = ", ".join(f"{rule.file}:{rule.line}" for rule in rules)
    return Text.assemble(printable(" ".join(words.split())), more, (f"  {printable(places)}", "dim"))
