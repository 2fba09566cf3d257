"""What would be lost with a finding, or be left of it: where that is in doubt, the departure is refused by name.

Looks at a departure from outside: at the mentions that leave, the words that leave with them, and what stays.
Words are data (`rules/losses.toml`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise

from medcutmix_cli.pairing.drafting import SentenceChange
from medcutmix_cli.pairing.observations import signs
from medcutmix_cli.pairing.references import antecedents, names_no_finding, shadow_names
from medcutmix_cli.pairing.shadows import Naming, at_one_place, is_effect, joined_by_words, may_be_called
from medcutmix_cli.pairing.statements import STATED, Refusal
from medcutmix_cli.pairing.tables import table
from medcutmix_cli.records import Assertion, Sentence
from medcutmix_cli.reports.relations import words_of
from medcutmix_cli.reports.words import PhrasePattern
from medcutmix_cli.sides import side_word

LOST = Refusal("other-finding-would-be-lost")
BROKEN = Refusal("rest-of-sentence-would-mislead")
STILL_SPOKEN_OF = Refusal("departed-finding-still-spoken-of")
_NEGATION = re.compile(r"\b(?:no|not|without|negative|free|absence|neither)\b")
_NORMAL = re.compile(r"\bnormal\b")
_OR = re.compile(r"\bor\b")


@dataclass(frozen=True, slots=True)
class Departure:
    """A finding as it would leave.

    Attributes:
        finding: Lexicon id.
        sentences: Those of the counting sections, in order.
        named: What leaves.
        changes: Of the sentences that name what leaves, show its signs, or point at it.
    """

    finding: str
    sentences: Sequence[Sentence]
    named: Sequence[Naming]
    changes: Mapping[Sentence, SentenceChange]

    def staying(self) -> list[Naming]:
        """Return what is stated and does not leave."""
        whole = {s for s, change in self.changes.items() if change.left is None}
        rest = (s for s in self.sentences if s not in whole)
        stated = (Naming(s, m) for s in rest for m in s.mentions if m.assertion in STATED)
        return [naming for naming in stated if naming not in self.named]

    def kept_sentences(self) -> list[Sentence]:
        """Return the sentences that stay as they are."""
        return [s for s in self.sentences if s not in self.changes]


def loss(departure: Departure) -> Refusal | None:
    """Return why a finding should rather not leave: what it would take along, or leave behind; None where it may."""
    if _takes_another(departure) or any(_takes_words(departure, c) for c in departure.changes.values()):
        return LOST
    if any(_is_broken(change) for change in departure.changes.values()):
        return BROKEN
    spoken = _leaves_advice(departure) or _is_renamed(departure) or _speaks_of_it(departure)
    return STILL_SPOKEN_OF if spoken else None


def _takes_another(departure: Departure) -> bool:
    """Say whether another finding leaves that no word of the report calls the same."""
    own = [n for n in departure.named if n.mention.finding == departure.finding]
    others = [n for n in departure.named if n.mention.finding != departure.finding]
    if any(_pattern("spine").search(words_of(n.sentence.text)) for n in departure.named if _shadow(n)):
        return True
    about = antecedents(departure.sentences)
    told = {n.sentence for n in own}
    linked = {*about, *(before for s, before in about.items() if s in told)}
    alone = [n for n in own if n.sentence not in about]
    if _two_kinds(alone) or any(n.sentence not in linked and _is_another(n, departure) for n in others):
        return True
    return _takes_pointing(departure, about) or any(_couples(s, departure) for s in departure.changes)


def _takes_pointing(departure: Departure, about: Mapping[Sentence, Sentence | None]) -> bool:
    """Say whether a sentence leaves that speaks of one of which a finding stays: "These may be ..."."""
    whole = (c.sentence for c in departure.changes.values() if c.left is None)
    spoken_of = (before for s in whole if (before := about.get(s)) is not None)
    changed = (departure.changes.get(before) for before in spoken_of)
    return any(c and c.left and any(x.mentions for x in c.left.sentences) for c in changed)


def _couples(sentence: Sentence, departure: Departure) -> bool:
    """Say whether a sentence begins with two findings that leave, side by side: "infiltrate and atelectasis"."""
    stated = [m for m in sentence.mentions if m.assertion in STATED][:2]
    gone = [n for n in departure.named if n.sentence is sentence and n.mention in stated]
    if len(gone) < 2 or gone[0].finding == gone[1].finding:
        return False
    between = sentence.text[stated[0].end - sentence.start : stated[1].start - sentence.start]
    return not is_effect(*gone) and _pattern("coupled").fullmatch(words_of(between).strip()) is not None


def _two_kinds(own: Sequence[Naming]) -> bool:
    """Say whether one name means markings in one sentence of a section, and filled air space in another."""
    return any(
        one.finding != other.finding
        and one.sentence is not other.sentence
        and one.sentence.section == other.sentence.section
        for one in own
        for other in own
    )


def _is_another(naming: Naming, departure: Departure) -> bool:
    """Say whether a name stands apart from what leaves with it: its own sentence, or "and" before it."""
    same = [n for n in departure.named if n.sentence is naming.sentence and n is not naming]
    if any(joined_by_words(one, naming) for one in same) or any(
        is_effect(n, naming) for n in departure.named
    ):
        return False
    if naming.mention.assertion is Assertion.UNCERTAIN and not same and _without_place(naming):
        return False  # "Infiltrate is not excluded."
    here = [n for n in departure.named if n.sentence.section == naming.sentence.section]
    return any(n.mention.finding != naming.mention.finding for n in here)


def _takes_words(departure: Departure, change: SentenceChange) -> bool:
    """Say whether words leave that show what stays, another shadow, or that something is normal."""
    text, lost = change.sentence.text, words_of(lost_words(change))
    leaving = {n.mention.finding for n in departure.named}
    present = {n.mention.finding for n in departure.staying() if n.mention.assertion is Assertion.PRESENT}
    if signs(lost_words(change), present - leaving, leaving):
        return True
    here = [n for n in departure.named if n.sentence is change.sentence]
    if here and not any(_shadow(n) for n in here) and names_no_finding(lost):
        return True
    denied = any(
        m.assertion is Assertion.ABSENT and m.finding not in leaving for m in change.sentence.mentions
    )
    return bool(here) and change.left is None and (denied or bool(_pattern("normal").search(words_of(text))))


def lost_words(change: SentenceChange) -> str:
    """Return the words that leave with a change."""
    if change.left is None:
        return change.sentence.text
    return " ".join(change.sentence.text[cut.start : cut.end] for cut in change.left.cuts)


def _is_broken(change: SentenceChange) -> bool:
    """Say whether what is left gives two sides, points at what left, or lost the negation of its list."""
    if change.left is None:
        return False
    words, whole = words_of(change.left.text), words_of(change.sentence.text)
    if _pattern("broken").search(words) or _trails(change):
        return True
    stated = any(m.assertion in STATED for s in change.left.sentences for m in s.mentions)
    listed = len(change.sentence.mentions) > 2 and _OR.search(words) and not _NEGATION.search(whole)
    return bool(stated and change.left.first and listed)


def _trails(change: SentenceChange) -> bool:
    """Say whether it is lost, or unclear, what a degree or a side behind a list was told of: "small on the right"."""
    listed = [m for m in change.sentence.mentions if m.assertion in STATED]
    tail = _pattern("trailing")
    if change.left is None or len(listed) < 2 or not tail.search(words_of(change.sentence.text)):
        return False
    kept = [m for s in change.left.sentences for m in s.mentions if m.assertion in STATED]
    if tail.search(words_of(change.left.text)):
        return [m.finding for m in kept] != [listed[-1].finding]
    lateral = shadow_names() | set(table("losses")["trailing"]["lateral"])
    return any(m.finding in lateral and not (side_word(m.side) or m.location) for m in kept)


def _leaves_advice(departure: Departure) -> bool:
    """Say whether advice stays right behind a sentence that leaves."""
    for before, sentence in pairwise(departure.sentences):
        gone = before in departure.changes and sentence not in departure.changes
        if not gone or before.section != sentence.section or sentence.mentions:
            continue
        advice = _pattern("advice").search(words_of(sentence.text)) is not None
        if advice or {"recommendation", "notification"} & set(sentence.flags):
            return True
    return False


def _is_renamed(departure: Departure) -> bool:
    """Say whether the other section names a shadow of this place, and only by a name that stays."""
    gone = [n for n in departure.named if _shadow(n)]
    named_in = {n.sentence.section for n in gone}
    staying = departure.staying()
    apart = [n for n in staying if n.sentence.section not in named_in and _may_be_shadow(n)]
    here = {n.mention.finding for n in staying if n.sentence.section in named_in}
    return any(
        at_one_place(one.mention, other.mention) and may_be_called(one, other)
        for one in gone
        for other in apart
        if other.mention.finding not in here
    )


def _speaks_of_it(departure: Departure) -> bool:
    """Say whether what stays doubts the shadow without a place, calls the chest stable, or tells of markings."""
    gone = [n for n in departure.named if _shadow(n)]
    texts = [words_of(s.text) for s in departure.kept_sentences()]
    if any(_pattern("unchanged").search(text) for text in texts):
        return True
    markings = any(n.finding != n.mention.finding for n in gone)
    if markings and any(_tells_of("markings", text) for text in texts):
        return True
    fluid = markings or any(n.mention.finding == "edema" for n in departure.named)
    if fluid and any(_tells_of("failure", text) for text in texts):
        return True
    behind = {s for before, s in pairwise(departure.sentences) if before in departure.changes}
    return bool(gone) and any(_doubts_alone(n) for n in departure.staying() if n.sentence in behind)


def _tells_of(name: str, words: str) -> bool:
    """Say whether canonical words hold a pattern that nothing before it denies."""
    found = _pattern(name).search(words)
    return found is not None and not _NEGATION.search(words[: found.start()]) and not _NORMAL.search(words)


def _doubts_alone(naming: Naming) -> bool:
    """Say whether a sentence doubts a shadow, gives no place, and states nothing else."""
    stated = [m for m in naming.sentence.mentions if m.assertion in STATED]
    doubted = naming.mention.assertion is Assertion.UNCERTAIN and len(stated) == 1
    return doubted and _shadow(naming) and _without_place(naming)


def _without_place(naming: Naming) -> bool:
    return not naming.mention.location and not side_word(naming.mention.side)


def _shadow(naming: Naming) -> bool:
    return naming.mention.finding in shadow_names()


def _may_be_shadow(naming: Naming) -> bool:
    return _shadow(naming) or naming.mention.finding in table("losses")["renamed"]["names"]


@cache
def _pattern(name: str) -> PhrasePattern:
    return PhrasePattern.of(table("losses")[name]["phrases"])
