"""What must leave a report, sentence by sentence: a finding that goes, and denials of one that comes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise

from medcutmix_cli.pairing.clauses import holds_only_findings, is_denied, move_sentence, without
from medcutmix_cli.pairing.consistency import contradiction
from medcutmix_cli.pairing.cutting import Span
from medcutmix_cli.pairing.drafting import SentenceChange
from medcutmix_cli.pairing.giving import SHADOWS, holds_list_number
from medcutmix_cli.pairing.normals import contradicted_statements, denials, of_the_lung
from medcutmix_cli.pairing.statements import STATED, Refusal
from medcutmix_cli.pairing.tables import table
from medcutmix_cli.records import Assertion, Mention, Reading, Sentence, SentenceKind, Side
from medcutmix_cli.reports.labels import counting_sections
from medcutmix_cli.reports.tables import remember
from medcutmix_cli.sides import common_side, meet


@dataclass(frozen=True, slots=True)
class Removal:
    """A finding as it leaves a report.

    Attributes:
        changes: Of the sentences that state it, in the order of the report.
        query: The sentence whose evidence leaves, cut down to this finding.
        side: The one side they give; NONE where they give none.
    """

    changes: tuple[SentenceChange, ...]
    query: Sentence
    side: Side


def counted_sentences(reading: Reading) -> list[Sentence]:
    """Return the sentences of the counting sections."""
    counting = counting_sections(reading)
    return [s for s in reading.sentences if s.section in counting]


@remember(8)
def departure(reading: Reading, finding: str) -> Removal | Refusal:
    """Take every statement of a finding out of a report, hedged, resolved and prior-referring ones too.

    What else its sentences say stays where it can be cut free. Denials that cannot be leave as well (that is no
    lie); another finding that is there cannot. Kept for the donors that are tried one after the other.
    """
    about = [s for s in counted_sentences(reading) if any(m.assertion in STATED for m in _of(s, finding))]
    changes = [_change_of_statement(s, finding) for s in about]
    if None in changes:
        return Refusal("recipient-sentence-has-other-findings")
    done = tuple(change for change in changes if change is not None)
    if any(holds_list_number(change.sentence.text) for change in done):
        return Refusal("sentence-holds-a-list-number")
    if _pointed_at(reading, done):
        return Refusal("next-sentence-points-back")
    if _named_otherwise(reading, done, finding):
        return Refusal("recipient-names-the-shadow-otherwise")
    side = common_side(m.side for s in about for m in _of(s, finding) if m.assertion is Assertion.PRESENT)
    if side is None:  # sides.py, clause 1
        return Refusal("recipient-names-several-sides")
    query = _query(about, finding)
    if isinstance(query, Refusal):
        return query
    staying = [m for s in counted_sentences(reading) if s not in about for m in s.mentions]
    if contradiction([*staying, *(m for s in about for m in _of(s, finding))]):
        # No donor can mend that; without this the pair would be refused after the work of mixing.
        return Refusal("recipient-contradicts-itself")
    return Removal(done, query, side)


def _named_otherwise(reading: Reading, changes: tuple[SentenceChange, ...], finding: str) -> bool:
    """Say whether what stays may speak of the same shadow by another name: "opacity" here, "pneumonia" there."""
    groups = [names for names in table("normals")["same_shadow"].values() if finding in names]
    others = {name for names in groups for name in names} - {finding}
    gone = {change.sentence for change in changes}
    sides = {m.side for s in gone for m in _of(s, finding)}
    left = [s for change in changes if change.left is not None for s in change.left.sentences]
    return any(
        m.finding in others and not is_denied(m) and any(meet(side, m.side) for side in sides)
        for s in (*left, *(s for s in counted_sentences(reading) if s not in gone))
        for m in s.mentions
    )


def _pointed_at(reading: Reading, changes: tuple[SentenceChange, ...]) -> bool:
    """Say whether a sentence that stays begins with "This ..." behind one that leaves."""
    gone = {change.sentence for change in changes if change.left is None}
    touched = {change.sentence for change in changes}
    return any(
        before in gone and after not in touched and after.section == before.section and _points_back(after)
        for before, after in pairwise(reading.sentences)
    )


def _points_back(sentence: Sentence) -> bool:
    first = sentence.text.lower().split()[:2]
    listed = table("clauses")["pointing_sentence"]["words"]
    return first[0] in listed or (first[0] == "the" and first[-1] in listed)


def _query(about: list[Sentence], finding: str) -> Sentence | Refusal:
    """Return the first sentence that asserts the finding, findings section first, one without others before."""
    asserting = [
        s for s in about if finding in s.findings(Assertion.PRESENT) and s.kind is SentenceKind.DIAGNOSTIC
    ]
    if not asserting:
        return Refusal("recipient-has-no-diagnostic-sentence")
    main = min(asserting, key=lambda s: (_mixed(s, finding), s.section != "findings", s.start))
    if not _mixed(main, finding):
        return main
    others = [(m.start, m.end) for m in main.mentions if m.finding != finding]
    alone = without(main, others)
    if alone is None or len(alone.sentences) != 1:
        return Refusal("recipient-sentence-has-other-findings")
    return move_sentence(alone.sentences[0], main.start, main.section)


def _of(sentence: Sentence, finding: str) -> list[Mention]:
    return [m for m in sentence.mentions if m.finding == finding]


def _mixed(sentence: Sentence, finding: str) -> bool:
    named = {m.finding for m in sentence.mentions if m.assertion in STATED}
    return bool(named - {finding} - SHADOWS)


def _change_of_statement(sentence: Sentence, finding: str) -> SentenceChange | None:
    """Return what is left of a sentence when a finding leaves; None where another one would leave with it."""
    own = {finding} | (SHADOWS if of_the_lung(finding) else frozenset())
    leaving = [m for m in sentence.mentions if m.finding in own and m.assertion in STATED]
    if len(leaving) == len(sentence.mentions):
        return SentenceChange(sentence)
    left = without(sentence, [(m.start, m.end) for m in leaving])
    if left is not None:
        return SentenceChange(sentence, left)
    return None if _mixed(sentence, finding) else SentenceChange(sentence)


@dataclass(frozen=True, slots=True)
class Insertion:
    """What comes into a report: the finding, and the words for its shadow that stand in the same sentences.

    Attributes:
        present: (finding, side) of each.
    """

    present: tuple[tuple[str, Side], ...]

    @classmethod
    def of(cls, sentences: Iterable[Sentence]) -> Insertion:
        """Return what the sentences of a donor assert."""
        said_there = ((m.finding, m.side) for s in sentences for m in s.mentions if not is_denied(m))
        return cls(tuple(dict.fromkeys(said_there)))

    def without(self, findings: Iterable[str]) -> Insertion:
        """Return what comes beside findings that are there already."""
        known = set(findings)
        return Insertion(tuple((f, side) for f, side in self.present if f not in known))

    def conflicts(self, sentence: Sentence) -> set[Span]:
        """Return the spans of a sentence, offsets into its report, that cannot stand beside what comes."""
        named = {(m.start, m.end) for f, side in self.present for m in denials(sentence, f, side)}
        statements = {s for f, _ in self.present for s in contradicted_statements(sentence, f)}
        whole = {(sentence.start + s.start, sentence.start + s.end) for s in statements}
        return named | {w for w in whole if not any(a < w[1] and w[0] < b for a, b in named)}

    def clear(self, reading: Reading, leaving: Iterable[Sentence]) -> tuple[SentenceChange, ...] | Refusal:
        """Take out what cannot stand beside what comes: its denials, and statements of normality.

        Args:
            reading: The recipient's report.
            leaving: Sentences that change for another reason; they are looked after there.
        """
        busy = set(leaving)
        changes: list[SentenceChange] = []
        for sentence in counted_sentences(reading):
            spans = self.conflicts(sentence) if sentence not in busy else set()
            if spans and holds_list_number(sentence.text):
                return Refusal("sentence-holds-a-list-number")
            change = _change_of_denial(sentence, spans) if spans else None
            if spans and change is None:
                return Refusal("denial-cannot-be-cut-out")
            if change is not None:
                changes.append(change)
        return tuple(changes)


def _change_of_denial(sentence: Sentence, spans: set[Span]) -> SentenceChange | None:
    """Return what is left of a sentence without its denials at `spans`.

    Where they cannot be cut out a sentence that does nothing but deny leaves whole: to say less is no lie
    ("The lungs are clear without effusion or pneumothorax." beside a consolidation).
    """
    left = without(sentence, spans)
    if left is not None:
        return SentenceChange(sentence, left)
    staying = [m for m in sentence.mentions if (m.start, m.end) not in spans]
    denies = all(m.assertion is Assertion.ABSENT for m in staying)
    return SentenceChange(sentence) if not staying or (denies and holds_only_findings(sentence)) else None
