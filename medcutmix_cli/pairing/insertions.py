"""What comes into a report: which denials and statements of normality cannot stand beside it, and how they leave."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import lru_cache

from medcutmix_cli.pairing.causes import causes_of
from medcutmix_cli.pairing.clauses import (
    holds_only_findings,
    is_denied,
    rereader,
    without,
)
from medcutmix_cli.pairing.courses import calls_lungs_unchanged, changes_lungs
from medcutmix_cli.pairing.cutting import Span
from medcutmix_cli.pairing.drafting import SentenceChange
from medcutmix_cli.pairing.extent import is_diffuse, is_slight
from medcutmix_cli.pairing.giving import holds_list_number
from medcutmix_cli.pairing.normal_lists import shortened_normals
from medcutmix_cli.pairing.normal_parts import normal_spans, parts_of_statement, touched_by
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
from medcutmix_cli.pairing.observations import observations
from medcutmix_cli.pairing.sequels import COLLAPSE, presses_on_lung
from medcutmix_cli.pairing.statements import Refusal, Statement
from medcutmix_cli.records import Assertion, Reading, Sentence, Side
from medcutmix_cli.reports.labels import counted_sentences
from medcutmix_cli.reports.reader import ReportReader
from medcutmix_cli.reports.relations import is_strong
from medcutmix_cli.reports.tables import remember


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
        parts: Of the chest beside the lungs, that something comes into.
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
    parts: frozenset[str] = frozenset()

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
            parts=frozenset(part for s in given for part in parts_of_statement(s.text)),
        )

    @property
    def findings(self) -> frozenset[str]:
        """All that comes, told or not, and what the parts are touched by that it comes into."""
        told = (f for f, _ in (*self.present, *self.named))
        return frozenset({*told, *self.known, *touched_by(self.parts)})

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
        parts = self.parts if coming or moved else frozenset[str]()
        return replace(self, present=coming, known=known, moved=elsewhere, parts=parts)

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
        rest = self.leaves_the_rest(sentence)  # "otherwise clear of focal disease" denies another one
        denied = (
            (f, m)
            for f, side in self.present
            for m in denials(sentence, f, side)
            if not rest or m.finding == f
        )
        named = {
            (m.start, m.end) for f, m in denied if f not in self.markings or denies_markings(sentence, m)
        }
        named |= {(m.start, m.end) for f, side in self.named for m in denials_by_name(sentence, f, side)}
        if not speaks_of_the_rest(sentence.text):
            named |= {(m.start, m.end) for f, side in self.moved for m in called_clear(sentence, f, side)}
        whole = {
            (sentence.start + s.start, sentence.start + s.end) for s in self._untrue_statements(sentence)
        }
        if any(map(changes_lungs, self.findings)) and calls_lungs_unchanged(sentence.text):
            whole = {(sentence.start, sentence.end)}
        whole |= {
            (sentence.start + a, sentence.start + b) for a, b in normal_spans(sentence.text, self.parts)
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
        """Say whether a sentence speaks of the rest of the lungs, behind what comes into one of them or beside it."""
        behind = any(section == sentence.section and end <= sentence.start for section, end in self.places)
        in_a_lung = not self.diffuse and any(changes_lungs(finding) for finding, _ in self.present)
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
        if calls_lungs_unchanged(sentence.text) and not sentence.mentions:
            return None if observations(sentence.text) else SentenceChange(sentence)
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
