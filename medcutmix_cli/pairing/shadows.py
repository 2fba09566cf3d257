"""All the names that one report gives one shadow: where the finding leaves, they leave with it. Words are data.

"Opacity, likely atelectasis" here and "left base infiltrate" in the impression are one thing in the picture. Which
names may mean one thing is `rules/shadows.toml`; alternatives ("effusion or scarring") do, whatever they name.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache

from medcutmix_cli.pairing.normals import is_interstitial
from medcutmix_cli.pairing.references import antecedents
from medcutmix_cli.pairing.statements import STATED, Refusal
from medcutmix_cli.pairing.tables import table
from medcutmix_cli.records import Assertion, Mention, Sentence
from medcutmix_cli.reports.words import PhrasePattern, canonical
from medcutmix_cli.sides import Half, image_half, joint_side, meet

OTHERWISE = Refusal("recipient-names-the-shadow-otherwise")


@dataclass(frozen=True, slots=True)
class Naming:
    """One mention with the sentence that it stands in."""

    sentence: Sentence
    mention: Mention

    @property
    def finding(self) -> str:
        """Lexicon id; markings of the interstitium are no filled air space, and have a name of their own."""
        apart = is_interstitial(self.sentence, self.mention)
        return "interstitial_disease" if apart else self.mention.finding


def names_of_shadow(sentences: Sequence[Sentence], finding: str) -> tuple[Naming, ...] | Refusal:
    """Return every mention that speaks of what `finding` speaks of, in the order of the report.

    Args:
        sentences: Those of the counting sections.
        finding: Lexicon id; all that is stated of it is among what is returned.

    Returns:
        A refusal where another name may mean the same shadow, and may mean another one that stays.
    """
    stated = [Naming(s, m) for s in sentences for m in s.mentions if m.assertion in STATED]
    spoken_of = antecedents(sentences)
    leaving = [naming for naming in stated if naming.mention.finding == finding]
    if not leaving:
        return ()
    joined = leaving
    while joined:
        gone = frozenset(naming.sentence for naming in leaving)
        others = {s for s, before in spoken_of.items() if before not in gone and _states(before)}
        staying = [naming for naming in stated if naming not in leaving and naming.sentence not in others]
        joined = [naming for naming in staying if any(_leaves_with(naming, one) for one in leaving)]
        leaving = leaving + joined
    if (
        _names_as_known(staying, leaving)
        or _says_more(leaving, finding)
        or any(_may_be_one(gone, one) for gone in leaving for one in staying)
    ):
        return OTHERWISE
    return tuple(naming for naming in stated if naming in leaving)


def _names_as_known(staying: Sequence[Naming], leaving: Sequence[Naming]) -> bool:
    """Say whether what stays is spoken of as known, and by what leaves alone: "The nodule may be ..."."""
    return any(
        _is_definite(one)
        and any(gone.mention.start < one.mention.start and _may_be_called(gone, one) for gone in leaving)
        and not any(
            other.finding == one.finding and other.mention.start < one.mention.start for other in staying
        )
        for one in staying
    )


def _is_definite(naming: Naming) -> bool:
    """Say whether a sentence begins with what it names, as with what was named before: "The small nodule is ..."."""
    before = canonical(naming.sentence.text[: naming.mention.start - naming.sentence.start]).text
    return _pattern("definite").fullmatch(before) is not None


def _may_be_called(gone: Naming, one: Naming) -> bool:
    return at_one_place(gone.mention, one.mention) and (may_be_called(gone, one) or _of_one_kind(gone, one))


def _of_one_kind(gone: Naming, one: Naming) -> bool:
    kinds = table("shadows")["definite"]["names"]
    return gone.mention.finding in kinds and one.mention.finding in kinds


def _states(sentence: Sentence | None) -> bool:
    return sentence is not None and any(m.assertion in STATED for m in sentence.mentions)


def _leaves_with(naming: Naming, gone: Naming) -> bool:
    return _is_one(gone, naming) or is_effect(gone, naming)


def _says_more(leaving: Iterable[Naming], finding: str) -> bool:
    """Say whether another name covers both sides, where the finding covers one: part of it would be lost."""
    present = [naming.mention for naming in leaving if naming.mention.assertion is Assertion.PRESENT]
    own = image_half(joint_side(mention.side for mention in present if mention.finding == finding))
    return own is not Half.WHOLE and own is not image_half(joint_side(mention.side for mention in present))


def _is_one(gone: Naming, other: Naming) -> bool:
    if gone.sentence is other.sentence and joined_by_words(gone, other):
        return True
    if not at_one_place(gone.mention, other.mention) or _of_pleura(gone) is not _of_pleura(other):
        return False
    restated = gone.sentence.section != other.sentence.section
    if not _of_one_group(gone, other):
        explains = any(other.finding in names for names in table("shadows")["explained"]["by"].values())
        return gone.finding == other.finding and restated and explains
    free = table("shadows")["general"]["names"]
    hedged = Assertion.UNCERTAIN in (gone.mention.assertion, other.mention.assertion)
    if not restated and _apart(gone, other):
        return False
    return restated or hedged or gone.finding in free or other.finding in free


def _may_be_one(gone: Naming, other: Naming) -> bool:
    """Say whether what stays may be what leaves, though no word says so."""
    named_so = gone.finding == other.finding or _of_one_group(gone, other)
    apart = _apart(gone, other) or _of_pleura(gone) is not _of_pleura(other)
    return named_so and not apart and at_one_place(gone.mention, other.mention)


def _of_pleura(naming: Naming) -> bool:
    """Say whether a scar is one of the pleura: "blunting of the angle, either a tiny effusion or scarring"."""
    rules = table("shadows")["of_pleura"]["names"]
    return (
        naming.finding in rules
        and _pattern("of_pleura").search(canonical(naming.sentence.text).text) is not None
    )


def _apart(one: Naming, other: Naming) -> bool:
    """Say whether one of two sentences says that it is about another shadow: "In addition, ..."."""
    return one.sentence is not other.sentence and any(tells_of_another(n.sentence) for n in (one, other))


def tells_of_another(sentence: Sentence) -> bool:
    """Say whether a sentence says that it is about another shadow than the ones before."""
    return _other_shadow().search(canonical(sentence.text).text) is not None


def is_effect(gone: Naming, other: Naming) -> bool:
    """Say whether what stays is an effect of what leaves: "compressive atelectasis" beside an effusion."""
    if other.finding not in table("shadows")["sequel"]["of"].get(gone.finding, ()):
        return False
    sentence, m = other.sentence, other.mention
    before = canonical(sentence.text[: m.start - sentence.start]).text.split()[-4:]
    words = " ".join(
        (*before, canonical(sentence.text[m.start - sentence.start : m.end - sentence.start]).text)
    )
    if not meet(gone.mention.side, m.side):
        return False
    by_name = _pattern("effect").search(words) is not None
    behind = sentence.section == gone.sentence.section and gone.mention.start < m.start
    beside = behind and _pattern("beside").search(words) is not None
    return by_name or beside


def may_be_called(one: Naming, other: Naming) -> bool:
    """Say whether what the first names may elsewhere be called what the second names."""
    by = table("shadows")["explained"]["by"].get(one.mention.finding, ())
    return other.mention.finding in by or _of_one_group(one, other)


def _of_one_group(one: Naming, other: Naming) -> bool:
    return any(
        one.finding in names and other.finding in names for names in table("shadows")["group"].values()
    )


def at_one_place(one: Mention, other: Mention) -> bool:
    """Say whether two mentions may mean one place: their sides meet, and their zones do not exclude each other."""
    zones = table("shadows")["zone"]
    here, there = (next((z for z, words in zones.items() if m.location in words), "") for m in (one, other))
    return meet(one.side, other.side) and (not here or not there or here == there)


def joined_by_words(one: Naming, other: Naming) -> bool:
    """Say whether one sentence calls the two one thing: as alternatives, or the one taken for the other."""
    first, second = sorted((one.mention, other.mention), key=lambda m: m.start)
    start = one.sentence.start
    between = canonical(one.sentence.text[first.end - start : second.start - start]).text
    slash = one.sentence.text[first.end - start : second.start - start].strip() == "/"
    if slash or _pattern("alternative").fullmatch(between):
        return True
    explained = table("shadows")["explained"]["by"].get(first.finding, ())
    related = second.finding in explained or _of_one_group(one, other)
    return related and _pattern("taken_for").search(between) is not None and not _APART.search(between)


_APART = re.compile(
    r";(?! ?the appearance)|"
    r"\band (?:questionable|possible|probable|suspected|likely)\b|\bthere (?:is|are)\b|\bwhile\b|\bno\b|\bwithout\b"
)


@cache
def _other_shadow() -> PhrasePattern:
    return PhrasePattern.of(table("references")["apart"]["phrases"])


@cache
def _pattern(name: str) -> PhrasePattern:
    rules = table("shadows")
    return PhrasePattern.of(rules[name]["phrases"], rules["macro"])
