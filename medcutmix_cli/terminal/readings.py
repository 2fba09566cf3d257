"""One report as it was read: sections, sentences with their findings marked, and why a sentence is not diagnostic."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.padding import Padding
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from medcutmix_cli.terminal.words import facts, printable, quantity

if TYPE_CHECKING:
    from medcutmix_cli.records import Mention
    from medcutmix_cli.reports.overview import Overview, SectionView, SentenceView
from medcutmix_cli.sides import side_word

_SPACE = re.compile(r"\s+")
_STYLES = {"present": "bold red", "absent": "green", "uncertain": "yellow", "resolved": "cyan"}
_WHY_NOT = {
    "prior": "speaks by comparison with an earlier study",
    "uncertain": "hedges all that it names",
    "resolved": "what it names is gone or past",
    "negative": "denies all that it names",
    "normal": "says that something is normal",
    "device": "names devices only",
    "notification": "says who was told",
    "other": "names no finding",
}
_VALUES = {1.0: ("present", "bold red"), 0.0: ("absent", "green"), -1.0: ("uncertain", "yellow")}


def reading_view(seen: Overview) -> RenderableType:
    """Render an overview of one report; how it looks is decided by the console that prints it."""
    return _ReadingView(seen)


class _ReadingView:
    """A rendering that asks its console for colour and encoding."""

    def __init__(self, seen: Overview) -> None:
        self.seen = seen

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        colour = console.color_system is not None and not console.no_color
        yield Group(*_blocks(self.seen, colour=colour, ascii_only=options.ascii_only))


def _blocks(seen: Overview, *, colour: bool, ascii_only: bool) -> Iterator[RenderableType]:
    for section in seen.sections:
        yield _heading(section, "-" if ascii_only else "─")
        inside = [s for s in seen.sentences if section.start <= s.start and s.end <= section.end]
        for sentence in inside:
            yield _sentence(sentence, colour=colour)
        yield ""
    if not seen.sentences:
        yield "no sentence"
        return
    diagnostic = sum(sentence.diagnostic for sentence in seen.sentences)
    yield f"{quantity(len(seen.sentences), 'sentence')}, {diagnostic} diagnostic (marked *)"
    if not all(section.counts for section in seen.sections):
        yield Text("What is not counted is not what the study shows, so it is never diagnostic.", style="dim")
    if seen.labels:
        yield ""
        yield Text("CheXpert labels", style="bold")
        yield facts({name: Text(*_VALUES[value]) for name, value in seen.labels.items()})


def _heading(section: SectionView, line: str) -> Rule:
    named = section.name.replace("_", " ")
    printed = printable(section.header) or "no header"
    title = Text.assemble(
        (named, "bold"), (f"  {printed}", "dim"), ("" if section.counts else "  not counted", "dim")
    )
    return Rule(title, align="left", style="dim", characters=line)


def _sentence(sentence: SentenceView, *, colour: bool) -> Table:
    """Return the sentence behind its sign, and under it what was read, all in one indent."""
    grid = Table.grid(padding=(0, 1))
    grid.add_column(width=1, no_wrap=True)
    grid.add_column(overflow="fold")
    grid.add_row(Text("*" if sentence.diagnostic else "", style="bold red"), _marked(sentence, colour=colour))
    lines = [_finding(mention) for mention in sentence.findings]
    notes = _notes(sentence)
    lines += [Text(printable("; ".join(notes)), style="dim")] if notes else []
    for line in lines:
        grid.add_row("", Padding(line, (0, 0, 0, 2), expand=False))
    return grid


def _notes(sentence: SentenceView) -> list[str]:
    notes = [_WHY_NOT[sentence.why_not]] if sentence.why_not in _WHY_NOT else []
    notes += [f"also: {', '.join(sentence.flags)}"] if sentence.flags else []
    if sentence.candidates:
        words = (f"{_words(sentence, c.start, c.end)} ({c.label})" for c in sentence.candidates)
        notes.append(f"candidates: {', '.join(words)}")
    return notes


def _finding(mention: Mention) -> Text:
    state = mention.assertion.value
    details = [
        side_word(mention.side),
        mention.location,
        mention.severity,
        mention.measurement,
        "compared" if mention.prior else "",
    ]
    return Text.assemble(
        (mention.finding.replace("_", " ") + ": ", ""),
        (", ".join(filter(None, [state, *details])), _STYLES[state]),
    )


def _marked(sentence: SentenceView, *, colour: bool) -> Text:
    """Return the sentence with its findings in colour, or in brackets where there is none."""
    text, position = Text(), sentence.start
    for mention in sorted(sentence.findings, key=lambda m: (m.start, m.end)):
        if mention.start < position:
            continue  # two findings in one word: the first marks it
        text.append(_words(sentence, position, mention.start))
        words = _words(sentence, mention.start, mention.end)
        text.append(words if colour else f"[{words}]", style=_STYLES[mention.assertion.value])
        position = mention.end
    return text.append(_words(sentence, position, sentence.end))


def _words(sentence: SentenceView, start: int, end: int) -> str:
    part = sentence.text[start - sentence.start : end - sentence.start]
    return printable(_SPACE.sub(" ", part))
