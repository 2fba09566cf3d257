"""What becomes of each sentence of a report -> edits on exact spans of it. Knows no finding."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from itertools import pairwise

from medcutmix_cli.pairing.clauses import ShortenedSentence, move_sentence
from medcutmix_cli.pairing.cutting import TextCut
from medcutmix_cli.pairing.form_labels import end_of_organ, fits, labels_over, repeats
from medcutmix_cli.pairing.lists import ListItem, items_of, next_marker, renumbering
from medcutmix_cli.pairing.statements import Refusal
from medcutmix_cli.pairing.tables import table
from medcutmix_cli.records import Edit, Reading, Section, Sentence
from medcutmix_cli.reports.form_parts import label_length
from medcutmix_cli.reports.sentences import fold
from medcutmix_cli.reports.words import PhrasePattern, canonical

_ENDS = (".", "!", "?")
_STOPS = re.compile(r"\s*\.[\s.]*$")


@dataclass(frozen=True, slots=True)
class SentenceChange:
    """What becomes of one sentence of the recipient.

    Attributes:
        left: What is left of it; None where all of it leaves.
        coming: The donor's sentence that takes its place, or stands beside what is left.
    """

    sentence: Sentence
    left: ShortenedSentence | None = None
    coming: Sentence | None = None


@dataclass(frozen=True, slots=True)
class Draft:
    """A report as it will be.

    Attributes:
        changes: Of the sentences that do not stay as they are.
        additions: Section name -> the donor's sentence that is added at its end.
    """

    changes: tuple[SentenceChange, ...]
    additions: tuple[tuple[str, Sentence], ...] = ()

    def kept_sentences(self, reading: Reading) -> tuple[Sentence, ...]:
        """Return the recipient's sentences as they stay."""
        changes = {change.sentence: change for change in self.changes}
        kept: list[Sentence] = []
        for sentence in reading.sentences:
            change = changes.get(sentence)
            if change is None:
                kept.append(sentence)
            elif change.left is not None:
                kept += [move_sentence(s, sentence.start, sentence.section) for s in change.left.sentences]
        return tuple(kept)

    def inserted_sentences(self) -> tuple[Sentence, ...]:
        """Return the donor's sentences as they enter."""
        beside = [(f.sentence.section, f.coming) for f in self.changes]
        return tuple(replace(s, section=name) for name, s in [*beside, *self.additions] if s is not None)


def format_entering(sentence: Sentence) -> str:
    """Return a donor's sentence as it enters: one line, a capital first, a full stop last."""
    text = _STOPS.sub(".", fold(sentence.text).rstrip(" ,;:"))
    text = text[:1].upper() + text[1:]
    return text if text.endswith(_ENDS) else text + "."


def draft_edits(report: str, reading: Reading, draft: Draft) -> tuple[Edit, ...] | Refusal:
    """Return the edits that turn the report into the draft, sorted, or why that cannot be."""
    edits: list[Edit] = []
    touched = {change.sentence.section for change in draft.changes} | {name for name, _ in draft.additions}
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
    changes = {change.sentence: change for change in draft.changes if change.sentence in sentences}
    vanishing = {s for s, change in changes.items() if change.left is None and change.coming is None}
    added = next((s for name, s in draft.additions if name == section.name), None)
    if vanishing == set(sentences) and added is None:
        return Refusal("section-would-be-empty")
    items = items_of(report, sentences)
    gone = [item for item in items if vanishing.issuperset(item.sentences)]
    if gone and len(gone) == len(items):
        return Refusal("list-would-be-empty")
    if len(items) > 1 and len(items) - len(gone) == 1 and added is None:
        return Refusal("list-would-be-of-one")
    renumbered = renumbering(items, gone)
    if renumbered is None:
        return Refusal("list-numbers-are-in-no-order")
    edits = [*renumbered, *_deletions(report, section, sentences, vanishing, gone)]
    labels = labels_over(sentences)
    for change in changes.values():
        edits += _changes(change, labels[change.sentence])
    if added is not None:
        edits.append(_addition(report, section, labels, items, added))
    return edits


def _changes(change: SentenceChange, label: str) -> list[Edit]:
    """Return the edits inside one sentence, with what comes beside it: behind a form's label that it fits."""
    s, given = change.sentence, change.coming
    own = label_length(s.text)
    stays = given is not None and fits(label, given) and not repeats(label, given)
    start = s.start + own if stays else s.start
    if change.left is None:
        if given is None:
            return []
        said = fold(s.text[start - s.start :])
        return [Edit(start, s.end, format_entering(given), s.section, said, given.start, given.end)]
    edits = [
        Edit(
            s.start + cut.start,
            s.start + cut.end,
            cut.literal,
            s.section,
            fold(s.text[cut.start : cut.end]),
        )
        for cut in (_behind_label(cut, own) for cut in _cuts(change))
    ]
    if given is not None and change.left.first:
        edits.insert(
            0, Edit(start, start, format_entering(given) + " ", s.section, "", given.start, given.end)
        )
    elif given is not None:
        stop = "" if change.left.text.rstrip().endswith(_ENDS) else "."
        edits.append(
            Edit(s.end, s.end, f"{stop} {format_entering(given)}", s.section, "", given.start, given.end)
        )
    return edits


def _cuts(change: SentenceChange) -> tuple[TextCut, ...]:
    """Return what is cut out of a sentence; what is left begins with a capital behind another that comes."""
    cuts = change.left.cuts if change.left else ()
    if change.coming is None or not cuts or cuts[0].start or cuts[0].literal:
        return cuts
    end, text = cuts[0].end, change.sentence.text
    free = len(cuts) < 2 or cuts[1].start > end
    if not free or not text[end : end + 1].islower():
        return cuts
    return (replace(cuts[0], end=end + 1, literal=text[end].upper()), *cuts[1:])


def _behind_label(cut: TextCut, label: int) -> TextCut:
    """Return a cut without the label that its sentence begins with."""
    return replace(cut, start=max(cut.start, label)) if cut.end >= label else cut


def _deletions(
    report: str,
    section: Section,
    sentences: Sequence[Sentence],
    vanishing: set[Sentence],
    gone: Sequence[ListItem],
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
    parts = (part for run in runs for part in _by_label(sentences, run))
    return [_deletion(report, section, run, markers.get(run[0]), keeps) for run, keeps in parts]


def _by_label(
    sentences: Sequence[Sentence], run: Sequence[Sentence]
) -> Iterator[tuple[Sequence[Sentence], int]]:
    """Yield a run of sentences that vanish, in two where its last label stays for what follows; its length."""
    behind = sentences.index(run[-1]) + 1
    goes_on = behind < len(sentences) and not label_length(sentences[behind].text)
    last = max((k for k, s in enumerate(run) if label_length(s.text)), default=None)
    if last is None or not goes_on:
        yield run, 0
        return
    if last:
        yield run[:last], 0
    yield run[last:], label_length(run[last].text)


def _deletion(
    report: str, section: Section, run: Sequence[Sentence], marker: int | None, keeps: int = 0
) -> Edit:
    """Delete a run of sentences and the blanks on one side of it: those that break fewer lines; a label may stay."""
    if keeps:
        start, end = run[0].start + keeps, run[-1].end
        after = end + len(report[end : section.end]) - len(report[end : section.end].lstrip())
        return Edit(start, after, "", run[0].section, fold(report[start:end]))
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
    report: str, section: Section, labels: Mapping[Sentence, str], items: Sequence[ListItem], given: Sentence
) -> Edit:
    """Add a sentence at the end of a section, or of what it says of the chest: to a list as its next item."""
    sentences = list(labels)
    organ = None if items else end_of_organ(labels, given)
    if organ is None and not items and sentences and label_length(sentences[0].text):
        # A form without a line for it: before its first label, so that it stands behind none.
        text = f"{format_entering(given)} "
        return Edit(section.start, section.start, text, section.name, "", given.start, given.end)
    end = organ or (section.end if items else _end_of_chest(section, sentences))
    stop = "" if report[:end].endswith((*_ENDS, ":")) else "."
    listed = bool(items) and bool(sentences) and items[-1].sentences[-1] == sentences[-1]
    gap = next_marker(report, items, end) if listed else " "
    return Edit(end, end, f"{stop}{gap}{format_entering(given)}", section.name, "", given.start, given.end)


def _end_of_chest(section: Section, sentences: Sequence[Sentence]) -> int:
    """Return where a section turns to another part of the body ("Ribs."), else its end."""
    for before, sentence in pairwise(sentences):
        if _other_part().fullmatch(canonical(sentence.text).text.rstrip(" .")):
            return before.end
    return section.end


@cache
def _other_part() -> PhrasePattern:
    return PhrasePattern.of(table("clauses")["heading"]["other"])
