"""Entities of a model as open findings: those outside the lexicon, named by their normalised words.

Which labels and words count is data (`rules/entities.toml`). What is said of them is found as for any marked words:
by `assertion` and `attributes`. Knows no model and no section.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache

from medcutmix_cli.findings import OPEN
from medcutmix_cli.records import Assertion, Candidate, Mention
from medcutmix_cli.reports.assertion import Span, assertion_at, read_clause
from medcutmix_cli.reports.attributes import read_attributes
from medcutmix_cli.reports.tables import table
from medcutmix_cli.reports.words import PhrasePattern, Words, canonical, spans_of

_MOST_WORDS = 5
"""With more words an entity is a clause that the model took whole."""

_PLURALS = (
    ("ies", "y"),
    ("oses", "osis"),
    ("stases", "stasis"),
    ("sses", "ss"),
    ("xes", "x"),
    ("ches", "ch"),
)


@dataclass(frozen=True, slots=True)
class OpenFinding:
    """An entity that is a finding, in word indices: the words without modifiers at either end.

    Attributes:
        finding: "entity:" and the normalised words.
        end: Exclusive.
    """

    finding: str
    begin: int
    end: int


def read_open_findings(
    text: str, entities: Sequence[Candidate], mentions: Sequence[Mention], *, asked: bool
) -> tuple[Mention, ...]:
    """Return what a sentence says of the open findings among its entities.

    Args:
        text: The sentence, line breaks folded.
        entities: The model's, offsets into `text`.
        mentions: The lexicon's, offsets into `text`; an entity that shares a character with one is its finding.
        asked: Whether the sentence asks, rather than says, what is there.
    """
    free = [e for e in entities if not overlaps(e, mentions)]
    words = canonical(text) if free else None
    if words is None:
        return ()
    found = [named for e in free if (named := open_finding(words, _span(words, e), e.label)) is not None]
    return _stated(words, _apart(found), mentions, asked=asked) if found else ()


def overlaps(one: Candidate | Mention, others: Iterable[Candidate | Mention]) -> bool:
    """Say whether an entity shares a character with any of some places."""
    return any(one.start < other.end and other.start < one.end for other in others)


def open_finding(words: Words, span: Span, label: str) -> OpenFinding | None:
    """Name the finding at some words of a sentence; None where they name none."""
    begin, end = span
    modifiers = _modifiers(words, span)
    while begin < end and (begin in modifiers or not words.word(begin).isalpha()):
        begin += 1
    while begin < end and (end - 1 in modifiers or not words.word(end - 1).isalpha()):
        end -= 1
    kept = [words.word(k) for k in range(begin, end) if k not in modifiers]
    name = " ".join(fold_plural(word) for word in kept if word.isalpha())
    return OpenFinding(OPEN + name, begin, end) if _is_finding(name, label) else None


def fold_plural(word: str) -> str:
    """Return a word in the one form that names a finding: singular, American spelling."""
    known: dict[str, str] = table("entities")["fold"]
    if word in known:
        return known[word]
    for plural, singular in _PLURALS:
        if word.endswith(plural) and len(word) > len(plural) + 2:
            return word.removesuffix(plural) + singular
    plain = len(word) < 4 or not word.endswith("s") or word.endswith(("ss", "us", "is"))
    return word if plain else word[:-1]


def _is_finding(name: str, label: str) -> bool:
    rules = table("entities")
    if not name or len(name.split()) > _MOST_WORDS or _pattern("ignore", "phrases").fullmatch(name):
        return False
    if label in rules["label"]["finding"]:
        return True
    head = _pattern("head", "words")
    return label in rules["label"]["untyped"] and any(m.end() == len(name) for m in head.finditer(name))


def _stated(
    words: Words, found: Sequence[OpenFinding], mentions: Sequence[Mention], *, asked: bool
) -> tuple[Mention, ...]:
    """Return the open findings as mentions; the lexicon's findings bound their scopes and share their lists."""
    lexicon = [OpenFinding(m.finding, *_span(words, m)) for m in mentions]
    whole = sorted([*lexicon, *found], key=lambda one: (one.begin, one.end, one.finding))
    spans = [(one.begin, one.end) for one in whole]
    clause = read_clause(words, spans)
    attributes = read_attributes(words, clause, spans, [one.finding for one in whole])
    stated = []
    for one, said in zip(whole, attributes, strict=True):
        if one not in found:
            continue
        assertion = assertion_at(clause, one.begin, one.end)
        if asked and assertion is Assertion.PRESENT:
            assertion = Assertion.UNCERTAIN
        start, end = words.starts[one.begin], words.stops[one.end - 1]
        stated.append(
            Mention(
                one.finding,
                start,
                end,
                assertion,
                said.side,
                said.location,
                said.severity,
                said.prior,
                said.measurement,
            )
        )
    return tuple(stated)


def _apart(found: Sequence[OpenFinding]) -> list[OpenFinding]:
    """Return findings that share no word; of those that do the longest counts."""
    kept: list[OpenFinding] = []
    for one in sorted(found, key=lambda one: (one.begin - one.end, one.begin, one.finding)):
        if all(one.end <= other.begin or other.end <= one.begin for other in kept):
            kept.append(one)
    return kept


def _span(words: Words, place: Candidate | Mention) -> Span:
    """Return the half-open range of words that a place covers or touches."""
    touched = [k for k in range(len(words)) if words.starts[k] < place.end and place.start < words.stops[k]]
    return (touched[0], touched[-1] + 1) if touched else (0, 0)


def _modifiers(words: Words, within: Span) -> frozenset[int]:
    """Return the words of an entity that say which side, how much, where, since when or how sure.

    A phrase that goes on behind the entity is none of its modifiers: "degenerative changes of the spine".
    """
    spans = [span for pattern in _modifier_patterns() for span in spans_of(pattern, words)]
    own = [(begin, end) for begin, end in spans if within[0] <= begin and end <= within[1]]
    return frozenset(index for begin, end in own for index in range(begin, end))


@cache
def _modifier_patterns() -> tuple[PhrasePattern, ...]:
    rules = table("attributes")
    listed = [rules["side"][name] for name in ("left", "right", "bilateral")]
    listed += [*rules["location"].values(), *rules["severity"].values(), *rules["prior"].values()]
    listed.append(rules["flags"]["measurement"])
    return tuple(PhrasePattern.of(phrases) for phrases in (*listed, table("entities")["modifier"]["words"]))


@cache
def _pattern(part: str, key: str) -> PhrasePattern:
    return PhrasePattern.of(table("entities")[part][key])
