"""What must leave a report with a finding that goes, sentence by sentence."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from medcutmix_cli.pairing.clauses import (
    clause_alone,
    move_sentence,
    rereader,
    without,
)
from medcutmix_cli.pairing.consistency import comparable, contradiction
from medcutmix_cli.pairing.cutting import Span
from medcutmix_cli.pairing.drafting import SentenceChange
from medcutmix_cli.pairing.giving import holds_list_number, without_open_names
from medcutmix_cli.pairing.losses import Departure, loss
from medcutmix_cli.pairing.observations import observations, signs
from medcutmix_cli.pairing.references import pointing_sentences
from medcutmix_cli.pairing.shadows import names_of_shadow
from medcutmix_cli.pairing.statements import STATED, Refusal
from medcutmix_cli.records import Assertion, Mention, Reading, Sentence, SentenceKind, Side
from medcutmix_cli.reports.labels import counted_sentences
from medcutmix_cli.reports.reader import ReportReader
from medcutmix_cli.reports.tables import remember
from medcutmix_cli.sides import joint_side, side_word


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


def departure(reading: Reading, finding: str) -> Removal | Refusal:
    """Take every statement of a finding out of a report, hedged, resolved and prior-referring ones too.

    Other names of the same shadow leave with it, and the sentences that point at one that leaves. What else its
    sentences say stays where it can be cut free. Denials that cannot be leave as well (that is no lie); another
    finding that is there cannot. Kept for the donors that are tried one after the other.
    """
    return _departure(reading, finding, rereader())


@remember(8)
def _departure(reading: Reading, finding: str, _reader: ReportReader) -> Removal | Refusal:
    sentences = counted_sentences(reading)
    named = names_of_shadow(sentences, finding)
    if isinstance(named, Refusal):
        return named
    taken: dict[Sentence, list[Mention]] = {}
    for naming in named:
        taken.setdefault(naming.sentence, []).append(naming.mention)
    changes = _changes(sentences, taken)
    if isinstance(changes, Refusal):
        return changes
    refused = loss(Departure(finding, sentences, named, {c.sentence: c for c in changes}))
    if refused is not None:
        return refused
    query = _query(taken, finding)
    if isinstance(query, Refusal):
        return query
    staying = [replace(s, mentions=_staying(s, taken.get(s, ()), finding)) for s in sentences]
    if contradiction(comparable(staying)):
        # No donor can mend that; without this the pair would be refused after the work of mixing.
        return Refusal("recipient-contradicts-itself")
    return Removal(changes, query, _side(_all(taken), finding))


def _changes(
    sentences: list[Sentence], taken: dict[Sentence, list[Mention]]
) -> tuple[SentenceChange, ...] | Refusal:
    """Return what becomes of the sentences that name what leaves, and of those that point at them."""
    names = {m.finding for m in _all(taken)}
    cut = [_change_of_statement(s, leaving) for s, leaving in taken.items()]
    others = [s for s in sentences if s not in taken and any(m.assertion in STATED for m in s.mentions)]
    present = frozenset(m.finding for s in others for m in s.mentions if m.assertion is Assertion.PRESENT)
    shown = {s: _beside(signs(s.text, names, present), s) for s in others}
    cut += [_change_of_signs(s, spans) for s, spans in shown.items() if spans]
    if None in cut:
        return Refusal("recipient-sentence-has-other-findings")
    changes = {change.sentence: change for change in cut if change is not None}
    pointing = pointing_sentences(sentences, changes, names, present)
    if isinstance(pointing, Refusal):
        return pointing
    changes |= {s: SentenceChange(s) for s in pointing}
    if any(holds_list_number(s.text) for s in changes):
        return Refusal("sentence-holds-a-list-number")
    return tuple(changes[s] for s in sentences if s in changes)


def _staying(sentence: Sentence, leaving: Sequence[Mention], finding: str) -> tuple[Mention, ...]:
    """Return the mentions of a sentence without the other names of what leaves."""
    return tuple(m for m in sentence.mentions if m not in leaving or m.finding == finding)


def _all(taken: dict[Sentence, list[Mention]]) -> list[Mention]:
    return [mention for mentions in taken.values() for mention in mentions]


def _side(leaving: Sequence[Mention], finding: str) -> Side:
    """Return the side of what leaves: the finding's own, else that of the other names of its shadow."""
    present = [m for m in leaving if m.assertion is Assertion.PRESENT]
    own = joint_side(m.side for m in present if m.finding == finding)
    return own if side_word(own) else joint_side(m.side for m in present)


def _query(taken: dict[Sentence, list[Mention]], finding: str) -> Sentence | Refusal:
    """Return the first sentence that asserts the finding: one without others before, one that tells no course."""
    asserting = [
        s for s in taken if finding in s.findings(Assertion.PRESENT) and s.kind is not SentenceKind.OTHER
    ]
    if not asserting:  # what the diagnostic filter turned down is of the kind OTHER
        return Refusal("recipient-has-no-diagnostic-sentence")

    def rank(s: Sentence) -> tuple[bool, bool, bool, int]:
        tells_course = s.kind is not SentenceKind.DIAGNOSTIC
        return tells_course, _mixed(s, taken[s]), s.section != "findings", s.start

    main = min(asserting, key=rank)
    if not _mixed(main, taken[main]):
        return main
    others = [(m.start, m.end) for m in main.mentions if m not in taken[main]]
    alone = without(main, others)
    if alone is not None and len(alone.sentences) == 1:
        return move_sentence(alone.sentences[0], main.start, main.section)
    own = clause_alone(main, [(m.start, m.end) for m in taken[main]])
    if own is None or {m.finding for m in own.mentions} != {m.finding for m in taken[main]}:
        return Refusal("recipient-sentence-has-other-findings")
    return move_sentence(own, main.start, main.section)


def _mixed(sentence: Sentence, leaving: Sequence[Mention]) -> bool:
    return any(m.assertion in STATED and m not in leaving for m in sentence.mentions)


def _change_of_statement(sentence: Sentence, leaving: Sequence[Mention]) -> SentenceChange | None:
    """Return what is left of a sentence when mentions leave; None where what is shown would leave with them."""
    names = {m.finding for m in leaving}
    shown = observations(without_open_names(sentence, leaving), names)
    if len(leaving) == len(sentence.mentions) and not shown:
        return SentenceChange(sentence)
    named = [(m.start, m.end) for m in leaving]
    left = without(sentence, [*named, *_beside(signs(sentence.text, names), sentence)])
    if left is not None and observations(left.text) == shown:
        return SentenceChange(sentence, left)
    return None if shown or _mixed(sentence, leaving) else SentenceChange(sentence)


def _change_of_signs(sentence: Sentence, spans: list[Span]) -> SentenceChange | None:
    """Return what is left of a sentence of other findings without the signs of those that leave, at `spans`."""
    left = without(sentence, spans)
    return None if left is None else SentenceChange(sentence, left)


def _beside(spans: Iterable[Span], sentence: Sentence) -> list[Span]:
    """Return the spans of a text, as offsets into the report, that share no word with a finding that is named."""
    placed = [(sentence.start + start, sentence.start + end) for start, end in spans]
    return [
        (start, end)
        for start, end in placed
        if not any(start < m.end and m.start < end for m in sentence.mentions)
    ]
