"""What the critic judges: a recipient's report, the mixed report, and what was exchanged. Knows no edit.

Which sentences stayed, left and came is found by comparing the two reports, sentence by sentence.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from medcutmix_cli.records import Assertion, Mention, Reading, Sentence, Side
from medcutmix_cli.reports.form_parts import label_length
from medcutmix_cli.reports.labels import counted_sentences
from medcutmix_cli.reports.sentences import fold
from medcutmix_cli.reports.tables import table
from medcutmix_cli.sides import meet

STATED = frozenset({Assertion.PRESENT, Assertion.UNCERTAIN})
SMALL = frozenset({"trace", "tiny", "small", "minimal", "mild", "slight", "subtle", "faint", "borderline"})
"""Words of severity that make a finding a small one."""


@dataclass(frozen=True, slots=True)
class FindingExchange:
    """What left a report and what came.

    Attributes:
        gone: Lexicon id, "" where nothing left (likewise came).
        side_gone: A `Side` by its value (likewise side_came).
    """

    gone: str
    came: str
    side_gone: str = Side.NONE
    side_came: str = Side.NONE

    @property
    def same(self) -> bool:
        """Say whether one finding stands for another of its kind."""
        return self.gone == self.came


@dataclass(frozen=True, slots=True)
class Case:
    """Two readings compared; sentences of the counting sections only.

    Attributes:
        before: The recipient's sentences (likewise after: the mixed report's).
        stayed: Those of `after` that the recipient's report has word for word.
        fresh: The others of `after`: came, or were cut.
        left: Those of `before` that the mixed report has not.
        arrived: The fresh sentences that state what came.
        own: What is the recipient's: sentences that stayed, and what cutting left of others.
        came_mentions: How the fresh sentences name what came.
        gone_mentions: How the recipient's sentences that left named what left.
    """

    exchanged: FindingExchange
    recipient_text: str = field(repr=False)
    mixed_text: str = field(repr=False)
    recipient: Reading
    mixed: Reading
    before: tuple[Sentence, ...]
    after: tuple[Sentence, ...]
    stayed: tuple[Sentence, ...]
    fresh: tuple[Sentence, ...]
    left: tuple[Sentence, ...]
    arrived: tuple[Sentence, ...]
    own: tuple[Sentence, ...]
    came_mentions: tuple[Mention, ...]
    gone_mentions: tuple[Mention, ...]

    @property
    def uncounted(self) -> tuple[Sentence, ...]:
        """The mixed report's sentences outside the counting sections: history, and findings under a wrong header."""
        counted = set(self.after)
        return tuple(s for s in self.mixed.sentences if s not in counted)

    @property
    def told_beside(self) -> tuple[Sentence, ...]:
        """Those of `uncounted` that tell what was seen, not why one looked: a wet read, a call to the ward."""
        return tuple(s for s in self.uncounted if s.section not in ("indication", "history"))


def make_case(
    recipient_text: str, recipient: Reading, mixed_text: str, mixed: Reading, exchanged: FindingExchange
) -> Case:
    """Compare two reports by sections and sentences."""
    before, after = (tuple(counted_sentences(reading)) for reading in (recipient, mixed))
    fresh = _beyond(after, before)
    there = set(fresh)
    stayed = tuple(s for s in after if s not in there)
    left = _beyond(before, after)
    arrived = tuple(s for s in fresh if mentions_of(s, exchanged.came))
    return Case(
        exchanged,
        recipient_text,
        mixed_text,
        recipient,
        mixed,
        before,
        after,
        stayed,
        fresh,
        left,
        arrived,
        tuple(s for s in after if s not in arrived),
        tuple(m for s in arrived for m in mentions_of(s, exchanged.came)),
        tuple(m for s in left for m in mentions_of(s, exchanged.gone)),
    )


def mentions_of(sentence: Sentence, finding: str) -> tuple[Mention, ...]:
    """Return the mentions by which a sentence states a finding, hedged ones too."""
    return tuple(m for m in sentence.mentions if m.finding == finding and m.assertion in STATED)


def key_of(sentence: Sentence) -> tuple[str, str]:
    """Return what equal sentences share: the section and the words, without a form's label and the mark at the end."""
    return sentence.section, fold(sentence.text[label_length(sentence.text) :]).rstrip(" .;,").lower()


def _beyond(sentences: Iterable[Sentence], others: Iterable[Sentence]) -> tuple[Sentence, ...]:
    """Return the sentences that the others have not, or not as often."""
    there = Counter(key_of(s) for s in others)
    found = []
    for sentence in sentences:
        key = key_of(sentence)
        if there[key]:
            there[key] -= 1
        else:
            found.append(sentence)
    return tuple(found)


def may_be_one(one: Mention, other: Mention) -> bool:
    """Say whether two mentions may be of one place: the words for the lower parts of a lung stand for each other."""
    low = set(table("critic")["story"]["low"])
    places = {"low" if place in low else place for place in (one.location, other.location)} - {""}
    return meet(one.side, other.side) and len(places) <= 1


def lesions() -> set[str]:
    """Return the findings that are a focus with bounds of its own: an opacity may be one, and may be a whole lobe."""
    return set(table("critic")["departure"]["foci"]) - {"opacity"}
