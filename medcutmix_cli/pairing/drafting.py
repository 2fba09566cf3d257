"""What becomes of each sentence of a report -> edits on exact spans of it. Knows no finding."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from medcutmix_cli.pairing.clauses import Shortened, moved
from medcutmix_cli.pairing.lists import Item, items_of, next_marker, renumbering
from medcutmix_cli.pairing.statements import Refusal
from medcutmix_cli.records import Edit, Reading, Section, Sentence
from medcutmix_cli.reports.sentences import fold

_ENDS = (".", "!", "?")


@dataclass(frozen=True, slots=True)
class Fate:
    """What becomes of one sentence of the recipient.

    Attributes:
        left: What is left of it; None where all of it leaves.
        coming: The donor's sentence that takes its place, or stands beside what is left.
    """

    sentence: Sentence
    left: Shortened | None = None
    coming: Sentence | None = None


@dataclass(frozen=True, slots=True)
class Draft:
    """A report as it will be.

    Attributes:
        fates: Of the sentences that do not stay as they are.
        additions: Section name -> the donor's sentence that is added at its end.
    """

    fates: tuple[Fate, ...]
    additions: tuple[tuple[str, Sentence], ...] = ()

    def kept(self, reading: Reading) -> tuple[Sentence, ...]:
        """Return the recipient's sentences as they stay."""
        fates = {fate.sentence: fate for fate in self.fates}
        kept: list[Sentence] = []
        for sentence in reading.sentences:
            fate = fates.get(sentence)
            if fate is None:
                kept.append(sentence)
            elif fate.left is not None:
                kept += [moved(s, sentence.start, sentence.section) for s in fate.left.sentences]
        return tuple(kept)

    def inserted(self) -> tuple[Sentence, ...]:
        """Return the donor's sentences as they enter."""
        beside = [(f.sentence.section, f.coming) for f in self.fates]
        return tuple(replace(s, section=name) for name, s in [*beside, *self.additions] if s is not None)


def entering(sentence: Sentence) -> str:
    """Return a donor's sentence as it enters: one line, a capital first, a full stop last."""
    text = fold(sentence.text).rstrip(" ,;:")
    text = text[:1].upper() + text[1:]
    return text if text.endswith(_ENDS) else text + "."


def draft_edits(report: str, reading: Reading, draft: Draft) -> tuple[Edit, ...] | Refusal:
    """Return the edits that turn the report into the draft, sorted, or why that cannot be."""
    edits: list[Edit] = []
    touched = {fate.sentence.section for fate in draft.fates} | {name for name, _ in draft.additions}
    for section in reading.sections:
        if section.name in touched:
            made = _section_edits(report, section, _within(section, reading.sentences), draft)
            if isinstance(made, Refusal):
                return made
            edits += made
    return tuple(sorted(edits, key=lambda edit: (edit.start, edit.end)))


def _within(section: Section, sentences: Iterable[Sentence]) -> tuple[Sentence, ...]:
    return tuple(s for s in sentences if section.start <= s.start and s.end <= section.end)


def _section_edits(
    report: str, section: Section, sentences: tuple[Sentence, ...], draft: Draft
) -> list[Edit] | Refusal:
    fates = {fate.sentence: fate for fate in draft.fates if fate.sentence in sentences}
    vanishing = {s for s, fate in fates.items() if fate.left is None and fate.coming is None}
    added = next((s for name, s in draft.additions if name == section.name), None)
    if vanishing == set(sentences) and added is None:
        return Refusal("section-would-be-empty")
    items = items_of(report, sentences)
    gone = [item for item in items if vanishing.issuperset(item.sentences)]
    if gone and len(gone) == len(items):
        return Refusal("list-would-be-empty")
    renumbered = renumbering(items, gone)
    if renumbered is None:
        return Refusal("list-numbers-are-in-no-order")
    edits = [*renumbered, *_deletions(report, section, sentences, vanishing, gone)]
    for fate in fates.values():
        edits += _changes(fate)
    if added is not None:
        edits.append(_addition(report, section, sentences, items, added))
    return edits


def _changes(fate: Fate) -> list[Edit]:
    """Return the edits inside one sentence, with what comes beside it."""
    s, given = fate.sentence, fate.coming
    if fate.left is None:
        if given is None:
            return []
        return [Edit(s.start, s.end, entering(given), s.section, fold(s.text), given.start, given.end)]
    edits = [
        Edit(
            s.start + cut.start,
            s.start + cut.end,
            cut.literal,
            s.section,
            fold(s.text[cut.start : cut.end]),
        )
        for cut in fate.left.cuts
    ]
    if given is not None and fate.left.first:
        edits.insert(0, Edit(s.start, s.start, entering(given) + " ", s.section, "", given.start, given.end))
    elif given is not None:
        stop = "" if fate.left.text.rstrip().endswith(_ENDS) else "."
        edits.append(Edit(s.end, s.end, f"{stop} {entering(given)}", s.section, "", given.start, given.end))
    return edits


def _deletions(
    report: str,
    section: Section,
    sentences: Sequence[Sentence],
    vanishing: set[Sentence],
    gone: Sequence[Item],
) -> list[Edit]:
    """Delete each run of sentences that vanish, list markers of emptied items with them."""
    markers = {item.sentences[0]: item.start for item in gone}
    runs: list[list[Sentence]] = []
    for before, sentence in zip([None, *sentences], sentences, strict=False):
        if sentence in vanishing:
            joined = bool(runs) and before is not None and runs[-1][-1] == before
            alone = report[before.end : sentence.start].isspace() if before else False
            if joined and (alone or sentence in markers):
                runs[-1].append(sentence)
            else:
                runs.append([sentence])
    return [_deletion(report, section, run, markers.get(run[0])) for run in runs]


def _deletion(report: str, section: Section, run: Sequence[Sentence], marker: int | None) -> Edit:
    """Delete a run of sentences and the blanks on one side of it: those that break fewer lines."""
    start, end = run[0].start if marker is None else marker, run[-1].end
    before = section.start + len(report[section.start : start].rstrip())
    after = section.end - len(report[end : section.end].lstrip())
    opens_item = marker is None and "list-marker" in run[0].flags
    lines_before, lines_after = report.count("\n", before, start), report.count("\n", end, after)
    removed = fold(report[start:end])
    if after < section.end and (start == section.start or opens_item or lines_before > lines_after):
        return Edit(start, after, "", run[0].section, removed)
    return Edit(before, end, "", run[0].section, removed)


def _addition(
    report: str, section: Section, sentences: Sequence[Sentence], items: Sequence[Item], given: Sentence
) -> Edit:
    """Add a sentence at the end of a section: to a list as its next item."""
    end = section.end
    stop = "" if report[:end].endswith((*_ENDS, ":")) else "."
    listed = bool(items) and bool(sentences) and items[-1].sentences[-1] == sentences[-1]
    gap = next_marker(report, items, end) if listed else " "
    return Edit(end, end, f"{stop}{gap}{entering(given)}", section.name, "", given.start, given.end)
