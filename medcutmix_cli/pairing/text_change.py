"""The change of a report that a draft makes, and what stands against it: the mixed report must read as it is meant.

Knows no pixel.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence, Set
from dataclasses import dataclass, replace

from medcutmix_cli.pairing.clauses import mention_content, reread
from medcutmix_cli.pairing.drafting import Draft, SentenceChange, draft_edits, format_entering
from medcutmix_cli.pairing.editing import splice
from medcutmix_cli.pairing.grammar import has_sentence_shape
from medcutmix_cli.pairing.insertions import Insertion
from medcutmix_cli.pairing.likeness import denied_filling, denied_nodules, misfits, still_normal
from medcutmix_cli.pairing.normals import normal_beside_finding, of_the_lung
from medcutmix_cli.pairing.references import POINTS_BACK
from medcutmix_cli.pairing.removals import Removal
from medcutmix_cli.pairing.statements import Refusal, Statement
from medcutmix_cli.records import Assertion, Edit, ReadStudy, Section, Sentence, Side
from medcutmix_cli.reports.corrections import CORRECTED
from medcutmix_cli.reports.labels import counted_sentences


@dataclass(frozen=True, slots=True)
class TextChange:
    """How a recipient's report changes.

    Attributes:
        edits: Sorted by start, without overlap; offsets into the recipient's original report.
        kept: The recipient's sentences as they stay: one that was cut down has its remaining mentions.
        inserted: The donor's sentences as they enter, with the recipient's section.
        leaving: The sentence whose evidence leaves, None where nothing does: a map's query.
        coming: The donor's sentence whose evidence comes, None where nothing does: a map's query.
    """

    edits: tuple[Edit, ...]
    kept: tuple[Sentence, ...]
    inserted: tuple[Sentence, ...]
    leaving: Sentence | None = None
    coming: Sentence | None = None
    recipient_side: Side = Side.NONE
    donor_side: Side = Side.NONE


def change_by(
    recipient: ReadStudy, draft: Draft, gone: Removal | None, given: Statement, arriving: Insertion
) -> TextChange | Refusal:
    """Return the change of a draft, or what stands against it by name.

    Args:
        recipient: Whose report it is.
        draft: What becomes of its sentences, and what comes.
        gone: What leaves; None where nothing does.
        given: The donor's statement.
        arriving: What that says of the recipient's other sentences.
    """
    report, reading = recipient.study.report, recipient.reading
    if any(_breaks(change) for change in draft.changes):
        return Refusal("recipient-sentence-would-break")
    if any(CORRECTED in change.sentence.flags for change in draft.changes):
        return POINTS_BACK  # it explains, answers or puts right what would be gone
    edits = draft_edits(report, reading, draft)
    if isinstance(edits, Refusal):
        return edits
    kept, inserted = draft.kept_sentences(reading), draft.inserted_sentences()
    counting = _counting(recipient)
    new = given.finding not in recipient.findings
    untrue = _untruth(recipient, kept, inserted, arriving)
    if untrue:
        return Refusal(untrue)
    if any(arriving.conflicts(s) for s in kept if s.section in counting):
        return Refusal("contradiction-would-be-left")
    if new and denied_filling(inserted, given.finding, kept):
        return Refusal("recipient-denies-filled-lung")
    plain = (s for s in kept if s.section in counting and not arriving.leaves_the_rest(s))
    if new and still_normal(given.main, given.finding, given.side, plain):
        return Refusal("recipient-stays-normal")
    if normal_beside_finding(s for s in (*kept, *inserted) if s.section in counting):
        # The mixed report would be refused for it; not reading it first saves most of the time of pairing.
        return Refusal("normal-beside-acute-finding")
    if not _reads_as_meant(recipient, edits, (*kept, *inserted)):
        return Refusal("mixed-text-reads-differently")
    return TextChange(
        edits,
        kept,
        inserted,
        leaving=gone.query if gone else None,
        coming=given.main,
        recipient_side=gone.side if gone else Side.NONE,
        donor_side=given.side,
    )


def _untruth(
    recipient: ReadStudy, kept: Sequence[Sentence], inserted: Sequence[Sentence], arriving: Insertion
) -> str:
    """Name what the mixed report would say wrongly, though no two of its sentences deny each other; "" for nothing."""
    if denied_nodules(inserted, kept):
        return "recipient-denies-nodules"
    if _says_twice(kept, inserted):
        return "statement-would-stand-twice"
    if _denial_lost(recipient, kept, arriving.findings):
        return "denial-of-another-would-be-lost"
    return "other-finding-lost-in-a-section" if _lost_in_a_section(recipient, kept, inserted) else ""


def _says_twice(kept: Iterable[Sentence], inserted: Iterable[Sentence]) -> bool:
    """Say whether a section that has a sentence is given it once more."""
    said = {(s.section, format_entering(s).lower()) for s in kept}
    coming = [(s.section, format_entering(s).lower()) for s in inserted]
    return len(set(coming)) < len(coming) or not said.isdisjoint(coming)


def _lost_in_a_section(recipient: ReadStudy, kept: Sequence[Sentence], inserted: Sequence[Sentence]) -> bool:
    """Say whether a finding that stays in one section of a report is gone from another that told it as well."""
    counting = _counting(recipient)
    coming = {m.finding for s in inserted for m in s.mentions}
    before, after = _told_in(recipient.reading.sentences), _told_in(kept)
    stays = {finding for section, finding in after if section in counting}
    lost = {finding for section, finding in before - after if section in counting}
    return bool((lost & stays) - coming)


def _denial_lost(recipient: ReadStudy, kept: Sequence[Sentence], coming: Set[str]) -> bool:
    """Say whether a report no longer denies a finding that what comes, told or not, does not touch."""
    counting = _counting(recipient)
    before, after = (
        _denied_in(s for s in of if s.section in counting) for of in (recipient.reading.sentences, kept)
    )
    lung = any(of_the_lung(finding) for finding in coming)
    return any(not (lung and of_the_lung(finding)) for finding in before - after - coming)


def _denied_in(sentences: Iterable[Sentence]) -> set[str]:
    return {m.finding for s in sentences for m in s.mentions if m.assertion is Assertion.ABSENT}


def _told_in(sentences: Iterable[Sentence]) -> set[tuple[str, str]]:
    return {(s.section, m.finding) for s in sentences for m in s.mentions if m.assertion is Assertion.PRESENT}


def _breaks(change: SentenceChange) -> bool:
    """Say whether a sentence loses its shape with what is cut out of it."""
    left = change.left
    if left is not None and misfits(left.text) and not misfits(change.sentence.text):
        return True
    return left is not None and has_sentence_shape(change.sentence.text) and not has_sentence_shape(left.text)


def _counting(study: ReadStudy) -> frozenset[str]:
    return frozenset(s.section for s in counted_sentences(study.reading))


def _reads_as_meant(recipient: ReadStudy, edits: Sequence[Edit], expected: Iterable[Sentence]) -> bool:
    """Read the edited sections again; say whether they hold exactly the mentions that they should."""
    touched = {edit.section for edit in edits}
    meant = Counter(
        (s.section, mention_content(m)) for s in expected if s.section in touched for m in s.mentions
    )
    found: Counter[tuple[str, tuple[object, ...]]] = Counter()
    for section in recipient.reading.sections:
        if section.name in touched:
            body = mixed_body(recipient.study.report, section, edits)
            found.update((section.name, mention_content(m)) for s in reread(body) for m in s.mentions)
    return meant == found


def mixed_body(report: str, section: Section, edits: Sequence[Edit]) -> str:
    """Return the body of one section after the edits."""
    inside = [e for e in edits if section.start <= e.start and e.end <= section.end]
    by = section.start
    shifted = [replace(edit, start=edit.start - by, end=edit.end - by) for edit in inside]
    return splice(report[section.start : section.end], shifted)
