"""What must leave a report, sentence by sentence: a finding that goes, and denials of one that comes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from medcutmix_cli.pairing.causes import causes_of
from medcutmix_cli.pairing.clauses import (
    holds_only_findings,
    is_denied,
    move_sentence,
    rereader,
    without,
)
from medcutmix_cli.pairing.consistency import comparable, contradiction
from medcutmix_cli.pairing.cutting import Span
from medcutmix_cli.pairing.drafting import SentenceChange
from medcutmix_cli.pairing.extent import is_diffuse, is_slight
from medcutmix_cli.pairing.giving import holds_list_number, without_open_names
from medcutmix_cli.pairing.losses import Departure, loss
from medcutmix_cli.pairing.normal_lists import shortened_normals
from medcutmix_cli.pairing.normals import (
    ChestStatement,
    called_clear,
    contradicted_statements,
    denials,
    denials_by_name,
    denies_markings,
    is_interstitial,
    of_the_lung,
    related_normals,
    said_as,
    said_on,
    speaks_of_the_rest,
    whole_chest,
)
from medcutmix_cli.pairing.observations import observations, signs
from medcutmix_cli.pairing.references import pointing_sentences
from medcutmix_cli.pairing.sequels import COLLAPSE, presses_on_lung
from medcutmix_cli.pairing.shadows import names_of_shadow
from medcutmix_cli.pairing.statements import STATED, Refusal, Statement
from medcutmix_cli.records import Assertion, Mention, Reading, Sentence, SentenceKind, Side
from medcutmix_cli.reports.labels import counted_sentences
from medcutmix_cli.reports.reader import ReportReader
from medcutmix_cli.reports.relations import is_strong
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
    if alone is None or len(alone.sentences) != 1:
        return Refusal("recipient-sentence-has-other-findings")
    return move_sentence(alone.sentences[0], main.start, main.section)


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


@dataclass(frozen=True, slots=True)
class Insertion:
    """What comes into a report: the finding, and the words for its shadow that stand in the same sentences.

    Attributes:
        present: (finding, side) of each.
        strong: Those that are called large or complete.
        known: Those that the recipient has already; what it denies beside them stays, but not that all is normal.
        slight: Whether all of it is called slight, or of the interstitium: "no acute process" stays beside it where
            it was said beside its like.
        diffuse: Whether it is called diffuse: nothing is the rest of the lungs then.
        markings: Names by which only markings of the interstitium come: "no airspace disease" stays beside them.
        named: What the donor's report calls it, or may call it, though not in what comes: denied by its own name only.
        moved: Those of `known` that come to another place than theirs: lungs that were called clear beside the one
            were not called so beside the other.
        places: (section, offset) behind which it stands in the report, where it takes the place of something: "the
            lungs are otherwise clear" is true behind it.
    """

    present: tuple[tuple[str, Side], ...]
    strong: frozenset[str] = frozenset()
    known: tuple[str, ...] = ()
    slight: bool = False
    diffuse: bool = False
    markings: frozenset[str] = frozenset()
    named: tuple[tuple[str, Side], ...] = ()
    places: tuple[tuple[str, int], ...] = ()
    moved: tuple[tuple[str, Side], ...] = ()

    @classmethod
    def of(cls, sentences: Iterable[Sentence]) -> Insertion:
        """Return what the sentences of a donor assert."""
        given = tuple(sentences)
        strong = (m.finding for s in given if is_strong(s.text) for m in s.mentions if not is_denied(m))
        said_there = (
            (f, m.side) for s in given for m in s.mentions if not is_denied(m) for f in said_as(s, m)
        )
        slight = all(is_slight(s) for s in given)
        return cls(
            tuple(dict.fromkeys(said_there)),
            frozenset(strong),
            slight=slight,
            diffuse=any(is_diffuse(s) for s in given),
            markings=_markings(given),
        )

    @property
    def findings(self) -> frozenset[str]:
        """All that comes, told or not."""
        return frozenset({*(f for f, _ in (*self.present, *self.named)), *self.known})

    def without(self, findings: Iterable[str], *, moved: bool = False) -> Insertion:
        """Return what comes beside findings that are there already.

        Args:
            findings: Lexicon ids.
            moved: Whether it comes to another place.
        """
        listed = set(findings)
        known = tuple(dict.fromkeys(f for f, _ in self.present if f in listed))
        coming = tuple((f, side) for f, side in self.present if f not in listed)
        elsewhere = tuple((f, side) for f, side in self.present if moved and f in listed and of_the_lung(f))
        return replace(self, present=coming, known=known, moved=elsewhere)

    def beside_untold(self, reading: Reading, given: Statement) -> Insertion:
        """Return it with what comes in the donor's pixels and stays unsaid: its causes, and lung that it presses on."""
        pressed = ((COLLAPSE, given.side),) if presses_on_lung(reading, given) else ()
        named = tuple(dict.fromkeys((m.finding, given.side) for m in causes_of(reading, given.finding)))
        return replace(self, present=(*self.present, *pressed), named=named)

    def in_place_of(self, changes: Iterable[SentenceChange]) -> Insertion:
        """Return what comes into the places of sentences that change."""
        ends: dict[str, int] = {}
        for change in changes:
            ends[change.sentence.section] = max(change.sentence.end, ends.get(change.sentence.section, 0))
        return replace(self, places=tuple(ends.items()))

    @lru_cache(maxsize=1 << 10)  # noqa: B019 - bounded
    def conflicts(self, sentence: Sentence) -> frozenset[Span]:
        """Return the spans of a sentence, offsets into its report, that cannot stand beside what comes."""
        denied = ((f, m) for f, side in self.present for m in denials(sentence, f, side))
        named = {
            (m.start, m.end) for f, m in denied if f not in self.markings or denies_markings(sentence, m)
        }
        named |= {(m.start, m.end) for f, side in self.named for m in denials_by_name(sentence, f, side)}
        if not speaks_of_the_rest(sentence.text):
            named |= {(m.start, m.end) for f, side in self.moved for m in called_clear(sentence, f, side)}
        whole = {
            (sentence.start + s.start, sentence.start + s.end) for s in self._untrue_statements(sentence)
        }
        return frozenset(named | {w for w in whole if not any(a < w[1] and w[0] < b for a, b in named)})

    def _untrue_statements(self, sentence: Sentence) -> set[ChestStatement]:
        """Return the statements of normality that cannot stand beside what comes."""
        if self.leaves_the_rest(sentence):
            return set()
        statements = {
            s
            for f, side in {*self.present, *self._strong_elsewhere()}
            for s in self._said_against(sentence, f)
            if said_on(sentence.text, s, side)
        }
        plain = () if not self.known else whole_chest(sentence.text)
        beside = {s for f in self.known for s in contradicted_statements(sentence, f) if s in plain}
        return statements | {s for s in beside if not (self.slight and s.kind == "no-acute")}

    def _strong_elsewhere(self) -> set[tuple[str, Side]]:
        """Return what is large or complete, and there already: its side is not looked at."""
        return {(f, Side.NONE) for f in self.strong - {f for f, _ in self.present}}

    def _said_against(self, sentence: Sentence, finding: str) -> set[ChestStatement]:
        coming = any(f == finding for f, _ in self.present)
        whole = contradicted_statements(sentence, finding) if coming else ()
        return {*whole, *related_normals(sentence.text, finding, strong=finding in self.strong)}

    def leaves_the_rest(self, sentence: Sentence) -> bool:
        """Say whether a sentence speaks of the rest of the lungs, behind what comes into one of them."""
        behind = any(section == sentence.section and end <= sentence.start for section, end in self.places)
        in_a_lung = not self.diffuse and any(of_the_lung(finding) for finding, _ in self.present)
        return behind and in_a_lung and speaks_of_the_rest(sentence.text)

    def clear(self, reading: Reading, leaving: Iterable[Sentence]) -> tuple[SentenceChange, ...] | Refusal:
        """Take out what cannot stand beside what comes: its denials, and statements of normality.

        Args:
            reading: The recipient's report.
            leaving: Sentences that change for another reason; they are looked after there.
        """
        busy = set(leaving)
        changes: list[SentenceChange] = []
        for sentence in counted_sentences(reading):
            spans = self.conflicts(sentence) if sentence not in busy else frozenset()
            if spans and holds_list_number(sentence.text):
                return Refusal("sentence-holds-a-list-number")
            change = self._change(sentence, spans) if spans else None
            if spans and change is None:
                return Refusal("denial-cannot-be-cut-out")
            if change is not None:
                changes.append(change)
        return tuple(changes)

    def _change(self, sentence: Sentence, spans: frozenset[Span]) -> SentenceChange | None:
        """Return what is left of a sentence without `spans`; of several that it calls normal, those that still are."""
        for left in shortened_normals(sentence):
            if not any(self.conflicts(s) for s in left.sentences):
                return SentenceChange(sentence, left)
        return _change_of_denial(sentence, spans, rereader())


def _markings(given: Iterable[Sentence]) -> frozenset[str]:
    """Return the names by which sentences of a donor assert nothing but markings of the interstitium."""
    said_there = [(m.finding, is_interstitial(s, m)) for s in given for m in s.mentions if not is_denied(m)]
    return frozenset(f for f, _ in said_there) - {f for f, marked in said_there if not marked}


@remember(1 << 8)
def _change_of_denial(
    sentence: Sentence, spans: frozenset[Span], _reader: ReportReader
) -> SentenceChange | None:
    """Return what is left of a sentence without its denials at `spans`.

    Where they cannot be cut out a sentence that does nothing but deny leaves whole: to say less is no lie
    ("The lungs are clear without effusion or pneumothorax." beside a consolidation).
    """
    left = without(sentence, spans)
    if left is not None:
        return SentenceChange(sentence, left)
    staying = [m for m in sentence.mentions if (m.start, m.end) not in spans]
    denies = all(m.assertion is Assertion.ABSENT for m in staying)
    whole = not staying or (denies and holds_only_findings(sentence))
    return SentenceChange(sentence) if whole and not observations(sentence.text) else None
