"""Statements of normality, and which of them a present finding contradicts. Words are data (`rules/normals.toml`)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache, lru_cache

from medcutmix_cli.pairing.tables import table
from medcutmix_cli.records import Assertion, Mention, Sentence, Side
from medcutmix_cli.reports.relations import relation_of, words_of
from medcutmix_cli.reports.words import PhrasePattern, Words, canonical, spans_of
from medcutmix_cli.sides import covers, meet, side_named

CLEAR_LUNGS = "clear-lungs"
AIRSPACE = "airspace-disease"
FOCAL_LESION = "focal-lesion"
COLLAPSED_LOBE = "collapsed-lobe"
_FILLED = re.compile(r"\b(?:air ?space|alveolar)[ -](?:disease|process)|\balveolar opaci")
_OF_AIR_SPACES = re.compile(r"\b(?:air ?space|alveolar)\b")
_FOCAL = re.compile(r"\bfocal\b")
_CALLED_CLEAR = re.compile(
    r"\blungs?\b.*\b(?:clear|normal|unremarkable)\b|\b(?:clear|normal)\b.*\blungs?\b", re.S
)
_INTERSTITIAL = re.compile(r"\b(?:interstiti\w+|reticul\w+|markings?|bronchovascular|vascularity)\b")
_CLAUSES = re.compile(r"[,;.]|\b(?:but|while|whereas|with|although)\b", re.IGNORECASE)
_OF_LUNGS = re.compile(r"(?:the )?lungs\b(?! and|,)", re.IGNORECASE)  # and of nothing else
_WORTH_LOOKING = (
    *("no", "without", "unremarkable", "negative", "chest", "expanded", "inflated", "stable"),
    *("within", "wnl", "nad", "clear", "otherwise", "nil"),
)
_NOT_THERE = frozenset({Assertion.ABSENT, Assertion.RESOLVED})


@dataclass(frozen=True, slots=True)
class ChestStatement:
    """A statement about the whole chest, such as "no acute process" or "normal chest".

    Attributes:
        kind: "no-acute", "normal", "plain" (its sentence says normal and no more), "expanded" of the lungs, or
            "related" to a finding (`reports.relations`).
        start: Offset into the sentence's text (likewise end).
    """

    kind: str
    start: int
    end: int


@lru_cache(maxsize=1 << 15)
def whole_chest(text: str) -> tuple[ChestStatement, ...]:
    """Return what a sentence says of the whole chest; nothing where it speaks of the rest ("no other ...")."""
    return () if speaks_of_the_rest(text) else chest_or_rest(text)


def speaks_of_the_rest(text: str) -> bool:
    """Say whether a sentence speaks of all but what was said before: "The lungs are otherwise clear."."""
    return bool(spans_of(_phrases("rest"), canonical(text)))


@lru_cache(maxsize=1 << 15)
def chest_or_rest(text: str) -> tuple[ChestStatement, ...]:
    """Return what a sentence says of the whole chest, or of all of it but what was said before."""
    lowered = text.lower()
    if not any(word in lowered for word in _WORTH_LOOKING):
        return ()
    words = canonical(text)
    if spans_of(_phrases("elsewhere"), words):
        shared = spans_of(_phrases("shared"), words)  # said of the chest as well
        return tuple(ChestStatement("no-acute", words.starts[b], words.stops[e - 1]) for b, e in shared)
    found = tuple(
        ChestStatement(kind, words.starts[begin], words.stops[end - 1])
        for kind, pattern in _statements()
        for begin, end in spans_of(pattern, words)
    )
    return tuple(each for each in found if each.kind == "plain") or _with_last_denied(words, found)


def _with_last_denied(words: Words, found: tuple[ChestStatement, ...]) -> tuple[ChestStatement, ...]:
    """Add what ends a list of denied findings, in place of a statement that swallowed it: "... or other disease"."""
    spans = [
        words.indices(*m.span())
        for m in _last_denied("phrases").finditer(words.text)
        if _ends_list(words.text, m)
    ]
    last = [ChestStatement("no-acute", words.starts[begin], words.stops[end - 1]) for begin, end in spans]
    apart = (s for s in found if not any(s.start <= one.start < s.end for one in last))
    return (*apart, *last)


def _ends_list(text: str, last: re.Match[str]) -> bool:
    """Say whether a denied list of more than organs stands before a match: "no effusion or", not "no cardiac or"."""
    before = _denied_list().search(text[: last.start()])
    return before is not None and _last_denied("filler").sub("", before.group("named")).strip() != ""


def denied_name(sentence: Sentence, mention: Mention) -> str:
    """Return what a denial denies: its finding, or "clear-lungs" where lungs are called clear."""
    clear = mention.finding == "opacity" and _CALLED_CLEAR.search(_own_words(sentence, mention))
    return CLEAR_LUNGS if clear else mention.finding


def _own_words(sentence: Sentence, mention: Mention) -> str:
    return sentence.text[mention.start - sentence.start : mention.end - sentence.start].lower()


def is_interstitial(sentence: Sentence, mention: Mention) -> bool:
    """Say whether a mention of a shadow means markings of the interstitium, not filled air space."""
    if mention.finding not in ("opacity", "infiltrate"):
        return False
    start, end = mention.start - sentence.start, mention.end - sentence.start
    before = sentence.text[:start].split()[-3:]
    words = " ".join((*before, sentence.text[start:end])).lower()
    return _INTERSTITIAL.search(words) is not None


def denies_markings(sentence: Sentence, denial: Mention) -> bool:
    """Say whether a denial of a shadow is one of markings of the interstitium too: by name, or by clear lungs."""
    return is_interstitial(sentence, denial) or denied_name(sentence, denial) == CLEAR_LUNGS


def is_filled(sentence: Sentence, mention: Mention) -> bool:
    """Say whether an opacity is called one of air spaces."""
    named = mention.finding == "opacity"
    return named and _OF_AIR_SPACES.search(_own_words(sentence, mention)) is not None


def said_as(sentence: Sentence, mention: Mention) -> tuple[str, ...]:
    """Return the names by which `denials` knows what is there: "airspace disease" is denied as a consolidation too."""
    if mention.finding == "opacity" and _FILLED.search(_own_words(sentence, mention)):
        return (mention.finding, AIRSPACE)
    lost = mention.finding == "atelectasis" and _of_a_lobe(sentence.text)
    return (mention.finding, COLLAPSED_LOBE) if lost else (mention.finding,)


def _of_a_lobe(text: str) -> bool:
    """Say whether an atelectasis is called one of a lobe or more: "collapse of the left lower lobe"."""
    words = words_of(text)
    return bool(_phrases("collapsed_lobe").search(words)) and not _slight_collapse().search(words)


def of_the_lung(finding: str) -> bool:
    """Say whether a finding shows as a shadow in the lung, so that words for a shadow may mean it."""
    return CLEAR_LUNGS in table("normals")["denied_by"].get(finding, ())


def is_acute(finding: str) -> bool:
    """Say whether "no acute process" cannot stay where a finding comes in."""
    return finding in table("normals")["coming"]["no-acute"]


def denials(sentence: Sentence, finding: str, side: Side) -> tuple[Mention, ...]:
    """Return the mentions that deny a finding which is present on `side`, by name or by what contradicts it."""
    return _denials(sentence, {finding, *table("normals")["denied_by"].get(finding, ())}, side)


def called_clear(sentence: Sentence, finding: str, side: Side) -> tuple[Mention, ...]:
    """Return the mentions that call lungs clear where a finding is present on `side`."""
    return tuple(m for m in denials(sentence, finding, side) if denied_name(sentence, m) == CLEAR_LUNGS)


def denials_by_name(sentence: Sentence, finding: str, side: Side) -> tuple[Mention, ...]:
    """Return the mentions that deny a finding on `side` by its own name."""
    return _denials(sentence, {finding}, side)


def _denials(sentence: Sentence, names: set[str], side: Side) -> tuple[Mention, ...]:
    return tuple(
        m
        for m in sentence.mentions
        if m.assertion in _NOT_THERE
        and not names.isdisjoint(_denied_names(sentence, m))
        and meet(side, m.side)
    )


def _denied_names(sentence: Sentence, mention: Mention) -> set[str]:
    """Return what a denial denies: "no focal lesion" is about any shadow of one place."""
    focal = mention.finding == "lung_lesion" and _FOCAL.search(_own_words(sentence, mention)) is not None
    return {denied_name(sentence, mention), *((FOCAL_LESION,) if focal else ())}


@lru_cache(maxsize=1 << 12)
def _organs_of(text: str) -> frozenset[str]:
    """Return the organs that a denial is about alone; none where it is about the chest."""
    words = canonical(text)
    if spans_of(_wide_words(), words):
        return frozenset()
    return frozenset(organ for organ, pattern in _organs().items() if spans_of(pattern, words))


def _is_of_other_organs(text: str, finding: str) -> bool:
    """Say whether a denial names organs, and a finding is of none of them: it stays true beside the finding."""
    organs = _organs_of(text)
    return bool(organs) and not any(
        finding in table("normals")["organs"][organ]["findings"] for organ in organs
    )


def contradicted_statements(sentence: Sentence, finding: str) -> tuple[ChestStatement, ...]:
    """Return the statements of the whole chest that cannot stay where `finding` comes in."""
    cannot_stay = {
        "normal": True,
        "plain": True,
        "no-acute": is_acute(finding),
        "expanded": finding in table("normals")["expanded"]["denies"],
    }
    found = tuple(s for s in chest_or_rest(sentence.text) if cannot_stay[s.kind])
    found = tuple(s for s in found if not _leaves_out(s, sentence.text, finding))
    of_lungs = found and not of_the_lung(finding) and _OF_LUNGS.match(sentence.text) is not None
    return tuple(s for s in found if not (of_lungs and s.kind == "no-acute"))


@lru_cache(maxsize=1 << 15)
def related_normals(text: str, finding: str, *, strong: bool) -> tuple[ChestStatement, ...]:
    """Return what of a sentence calls normal what a finding makes abnormal, without naming it: "sharp angles".

    Args:
        text: One sentence.
        finding: Lexicon id of what comes.
        strong: Whether it is a large or complete one: the trachea is not in the midline then.
    """
    relation = relation_of(finding)
    patterns = (relation.normals, relation.strong_normals) if strong else (relation.normals,)
    if not any(pattern.search(words_of(text)) for pattern in patterns):
        return ()  # most sentences
    words = canonical(text)
    spans = {span for pattern in patterns for span in spans_of(pattern, words)}
    return tuple(ChestStatement("related", words.starts[b], words.stops[e - 1]) for b, e in sorted(spans))


def said_on(text: str, statement: ChestStatement, side: Side) -> bool:
    """Say whether a statement of a sentence may be about a side: "the left lung is clear" says nothing of the right."""
    if statement.kind not in ("expanded", "related"):
        return True
    clause = max((m.end() for m in _CLAUSES.finditer(text, 0, statement.start)), default=0)
    return meet(side, side_named(words_of(text[clause : statement.end])))


def normal_beside_finding(sentences: Iterable[Sentence]) -> bool:
    """Say whether sentences call the chest or the lungs normal that assert what does not go with it."""
    listed = list(sentences)
    present = [m for s in listed for m in s.mentions if m.assertion is Assertion.PRESENT]
    acute = {m.finding for m in present if m.finding in _beside()["no-acute"]}
    if any(_is_denied(acute, found, s.text) for s in listed for found in whole_chest(s.text)):
        return True
    filled = {m.side for m in present if m.finding in _beside()[CLEAR_LUNGS]}
    return bool(filled) and any(
        m.assertion is Assertion.ABSENT
        and denied_name(s, m) == CLEAR_LUNGS
        and any(covers(m.side, side) for side in filled)
        for s in listed
        for m in s.mentions
    )


def _leaves_out(statement: ChestStatement, text: str, finding: str) -> bool:
    """Say whether a statement that nothing is acute is one of organs that a finding is not of."""
    return statement.kind == "no-acute" and _is_of_other_organs(
        text[statement.start : statement.end], finding
    )


def _is_denied(acute: Iterable[str], statement: ChestStatement, text: str) -> bool:
    """Say whether a statement of a sentence denies one of the acute findings that are there."""
    denies = statement.kind in ("no-acute", "plain")
    return denies and any(not _leaves_out(statement, text, finding) for finding in acute)


@cache
def _last_denied(part: str) -> PhrasePattern:
    rules = table("normals")
    return PhrasePattern.of(rules["last_denied"][part], rules["macro"])


@cache
def _denied_list() -> re.Pattern[str]:
    return re.compile(rf"(?<![^ ])(?:{'|'.join(table('normals')['last_denied']['list'])})")


@cache
def _wide_words() -> PhrasePattern:
    return PhrasePattern.of([table("normals")["organs"]["wide"]])


@cache
def _organs() -> dict[str, PhrasePattern]:
    named = table("normals")["organs"]
    return {organ: PhrasePattern.of([rule["words"]]) for organ, rule in named.items() if organ != "wide"}


@cache
def _beside() -> dict[str, frozenset[str]]:
    return {name: frozenset(ids) for name, ids in table("normals")["beside"].items()}


@cache
def _phrases(name: str) -> PhrasePattern:
    rules = table("normals")[name]
    return PhrasePattern.of(rules["phrases"], rules.get("macro"))


@cache
def _slight_collapse() -> PhrasePattern:
    return PhrasePattern.of(table("normals")["collapsed_lobe"]["slight"])


@cache
def _statements() -> tuple[tuple[str, PhrasePattern], ...]:
    rules = table("normals")
    return tuple(
        (kind, PhrasePattern.of(listed, rules["macro"])) for kind, listed in rules["statement"].items()
    )
