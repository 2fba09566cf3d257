"""Which sentences speak of another sentence that leaves: pronouns, definite references, signs, and advice.

Words are data (`rules/references.toml`). Knows sentences in their order, not what is exchanged.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Container, Iterable, Iterator, Mapping, Sequence
from functools import cache
from itertools import pairwise

from medcutmix_cli.pairing.drafting import SentenceChange
from medcutmix_cli.pairing.observations import observations, signs
from medcutmix_cli.pairing.statements import STATED, Refusal
from medcutmix_cli.pairing.tables import table
from medcutmix_cli.records import Assertion, Mention, Sentence, SentenceKind
from medcutmix_cli.reports.kinds import DEVICES
from medcutmix_cli.reports.relations import relation_of, words_of
from medcutmix_cli.reports.words import PhrasePattern

POINTS_BACK = Refusal("next-sentence-points-back")


def pointing_sentences(
    sentences: Sequence[Sentence],
    changes: Mapping[Sentence, SentenceChange],
    leaving: Collection[str],
    staying: Collection[str] = (),
) -> tuple[Sentence, ...] | Refusal:
    """Return the sentences that cannot stay without those that change, in the order of the report.

    Args:
        sentences: Those of the counting sections, in order.
        changes: Of the sentences that name what leaves.
        leaving: The findings that leave.
        staying: The findings that stay present.

    Returns:
        A refusal where one of them says something else too, or may speak of what is left.
    """
    about = antecedents(sentences)
    if any(points_at_place(s, before) for s, before in _beside(sentences, changes)):
        return POINTS_BACK
    found = [s for s in sentences if s not in changes and about.get(s) in changes]
    spoken = _spoken_of(sentences, changes, found, about, (leaving, staying))
    if spoken is None or any(_says_more(sentence, leaving) for sentence in (*found, *spoken)):
        return POINTS_BACK
    return tuple(s for s in sentences if s in found or s in spoken)


def _beside(
    sentences: Iterable[Sentence], changes: Container[Sentence]
) -> Iterator[tuple[Sentence, Sentence]]:
    """Yield each sentence that stays and states a finding, with the last before it that shows any, if that changes."""
    before: Sentence | None = None
    for sentence in sentences:
        if before is not None and before.section != sentence.section:
            before = None
        stays = sentence not in changes and _states(sentence.mentions)
        if stays and before is not None and before in changes:
            yield sentence, before
        if not _shows_nothing(sentence):
            before = sentence


def points_at_place(sentence: Sentence, before: Sentence) -> bool:
    """Say whether a sentence puts its finding at a place that the one before gives: "in the adjacent base"."""
    words = words_of(sentence.text)
    if _pattern("place").search(words):
        return True
    fissure = _pattern("place", "fissure")
    return fissure.search(words) is not None and "fissur" in words_of(before.text)


def antecedents(sentences: Iterable[Sentence]) -> dict[Sentence, Sentence | None]:
    """Return for each sentence that speaks of one before it which one that is; None where its section has none."""
    found: dict[Sentence, Sentence | None] = {}
    before = last = None
    for sentence in sentences:
        if before is not None and before.section != sentence.section:
            before = None
        behind, last = before is not None and last is before, sentence
        if points_back(sentence) or (behind and _goes_with_another(sentence)):
            found[sentence] = before
            before = before or sentence
        elif not _shows_nothing(sentence):
            before = sentence
    return found


def _goes_with_another(sentence: Sentence) -> bool:
    """Say whether what a sentence shows, and no finding names, goes with what the one right before it shows."""
    return not sentence.mentions and _pattern("companion").search(words_of(sentence.text)) is not None


def _shows_nothing(sentence: Sentence) -> bool:
    """Say whether no later sentence is about this one: it calls something normal, gives advice, tells who knows."""
    aside = bool({"recommendation", "notification"} & set(sentence.flags)) and not _states(sentence.mentions)
    return aside or sentence.kind in (SentenceKind.NORMAL, SentenceKind.NEGATIVE)


def points_back(sentence: Sentence) -> bool:
    """Say whether a sentence speaks of one before it: "This may be ...", "Slightly smaller than before."."""
    words = words_of(sentence.text)
    if _pattern("opening").match(words):
        return _pattern("expletive").match(words) is None
    if sentence.mentions:
        return False
    without_subject = _pattern("subjectless").fullmatch(words.rstrip(" .")) is not None
    compares = _pattern("comparison").search(words) is not None and _pattern("subject").search(words) is None
    return without_subject or compares


def _spoken_of(
    sentences: Sequence[Sentence],
    changes: Mapping[Sentence, SentenceChange],
    found: Container[Sentence],
    about: Mapping[Sentence, Sentence | None],
    findings: tuple[Collection[str], Collection[str]],
) -> frozenset[Sentence] | None:
    """Return the sentences farther away that speak of what leaves; None where they may speak of what stays."""
    rest = [s for s in sentences if s not in changes and s not in found]
    left = [s for change in changes.values() if change.left for s in change.left.sentences]
    others = any(_states(s.mentions) for s in (*rest, *left))
    causes = frozenset(word for s in changes for word in _causes(s.text))
    rest_of = {s: c.left.sentences if c.left else () for s, c in changes.items()}
    gone = {s for s, parts in rest_of.items() if not any(_states(part.mentions) for part in parts)}
    gone |= {s for s in sentences if s in found}
    behind = {s for before, s in pairwise(sentences) if before in gone and before.section == s.section}
    spoken: set[Sentence] = set()
    for sentence in (s for s in rest if not _states(s.mentions)):
        words = words_of(sentence.text)
        if signs(sentence.text, *findings) or (_advises(sentence) and sentence in behind):
            spoken.add(sentence)
        elif _means_shadow(words, findings[0]):
            return None
        elif about.get(sentence) is not None:
            continue  # it is about one that stays
        elif sentence in about or _refers(words, causes):
            if others:
                return None
            spoken.add(sentence)
        elif not others and _advises(sentence) and not _behind_observation(sentence, rest):
            spoken.add(sentence)  # beside another finding advice stays: it may be about that
    return frozenset(spoken)


def _advises(sentence: Sentence) -> bool:
    """Say whether a sentence advises what to do about a finding, not about symptoms that may stay."""
    if _pattern("conditional").search(words_of(sentence.text)):
        return False
    advice = _pattern("follow_up").search(words_of(sentence.text))
    return "recommendation" in sentence.flags or advice is not None


def _behind_observation(sentence: Sentence, staying: Sequence[Sentence]) -> bool:
    """Say whether the sentence right before advice stays and tells what the picture shows."""
    ends = [s for s in staying if s.section == sentence.section and s.end <= sentence.start]
    return bool(ends) and sentence.start - ends[-1].end < _NEAR and bool(observations(ends[-1].text))


def _refers(words: str, causes: frozenset[str]) -> bool:
    """Say whether canonical words speak of a finding that is named elsewhere."""
    return _pattern("reference").search(words) is not None or not causes.isdisjoint(words.split())


def _means_shadow(words: str, leaving: Collection[str]) -> bool:
    """Say whether canonical words may mean a shadow that leaves, by a loose word that may mean another one."""
    return not shadow_names().isdisjoint(leaving) and names_no_finding(words)


def names_no_finding(words: str) -> bool:
    """Say whether canonical words tell of a shadow by a loose word ("patchy density"), and do not deny it."""
    return _pattern("unnamed").search(words) is not None and not _DENIES.search(words)


_DENIES = re.compile(r"\b(?:no|not|without|normal|unremarkable|clear|bone|bony|osseous|mineral)\b")
_LONG = 8
_NEAR = 8


def _causes(text: str) -> frozenset[str]:
    """Return the long words for what a shadow is taken for and no finding names: "a superimposed aspergilloma"."""
    words = words_of(text)
    taken = _taken_for().search(words)
    common = table("references")["common"]["words"]
    return frozenset(
        word
        for word in (words[taken.end() :].split() if taken else ())
        if len(word) >= _LONG and word not in common
    )


def _states(mentions: Iterable[Mention]) -> bool:
    return any(m.assertion in STATED and m.finding != DEVICES for m in mentions)


def _says_more(sentence: Sentence, leaving: Collection[str]) -> bool:
    """Say whether a pointing sentence says something of its own that would be lost with it: what it is a sign of."""
    own = (m for m in sentence.mentions if m.finding != DEVICES and m.finding not in leaving)
    present = any(
        m.assertion is Assertion.PRESENT or relation_of(m.finding).signs.search(words_of(sentence.text))
        for m in own
    )
    return present or bool(observations(sentence.text, leaving))


@cache
def shadow_names() -> frozenset[str]:
    """Return the findings that show as a shadow in the lung, whatever they are called."""
    return frozenset(name for names in table("shadows")["group"].values() for name in names)


@cache
def _taken_for() -> PhrasePattern:
    rules = table("shadows")
    return PhrasePattern.of(rules["taken_for"]["phrases"], rules["macro"])


@cache
def _pattern(name: str, part: str = "phrases") -> PhrasePattern:
    rules = table("references")
    return PhrasePattern.of(rules[name][part], rules["macro"])
