"""Why a report was read as it was: for each finding the phrase that named it, the cue that decided, and its scope.

Asks the same functions as the reader, of the same words, and tries each cue by itself: a cue decided where the finding
would be read as something else without it. So nothing here knows how scopes work, and nothing in the reader keeps
a protocol. Lines of the rule tables are found only now.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from medcutmix_cli.records import Assertion, Mention, Reading, Sentence
from medcutmix_cli.reports.assertion import Clause, Cue, assertion_at, read_clause
from medcutmix_cli.reports.labels import counting_sections
from medcutmix_cli.reports.lexicon import Hit, find_hits
from medcutmix_cli.reports.reader import ASKED, useful_abbreviations
from medcutmix_cli.reports.sentences import unwrap
from medcutmix_cli.reports.tables import lexicon_in_use, packaged_text, remember, table
from medcutmix_cli.reports.toml_places import toml_places
from medcutmix_cli.reports.words import Words, canonical, compile_phrases, spans_of

_PATTERNS = {
    "finding": ("terms", "signs"),
    "anatomy": ("subjects", "abnormal", "normal"),
    "cue": ("phrases",),
}
_RULES = {"finding": "findings", "anatomy": "findings", "cue": "assertion"}


@dataclass(frozen=True, slots=True)
class RulePlace:
    """One phrase of the rules, and where it stands.

    Attributes:
        phrase: The pattern.
        file: Name of the built-in table ("assertion.toml"), or the user's file as it was named.
        line: From 1.
    """

    phrase: str
    file: str
    line: int


@dataclass(frozen=True, slots=True)
class DecidingCue:
    """A cue that had a say in what a finding was read as.

    Attributes:
        category: "absent", "uncertain" or "resolved".
        direction: "before" or "after" what it is about.
        words: The cue as the sentence has it, canonical.
        scope: All words it reaches in its direction, canonical.
        rule: None where no single phrase of the tables matches it.
    """

    category: str
    direction: str
    words: str = field(repr=False)
    scope: str = field(repr=False)
    rule: RulePlace | None


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why one finding was read as it was.

    Attributes:
        section: Where it stands; `counts`: whether what that section says is what the study shows.
        words: What names it, as the report has it.
        rules: The phrases that named it: one, or subject and predicate of a description.
        cues: Those that decided; empty where nothing qualifies the finding.
        by_words: What words and cues alone say.
        why: What made it `assertion`, where no cue did: "normal" (it is called normal), "asked" (its section tells what
            was asked), "alternatives" (one of several that may be there), "context" (another finding or sentence).
    """

    finding: str
    assertion: Assertion
    start: int
    end: int
    section: str
    counts: bool
    words: str = field(repr=False)
    rules: tuple[RulePlace, ...]
    cues: tuple[DecidingCue, ...]
    by_words: Assertion
    why: str = ""


def explain(report: str, reading: Reading) -> tuple[Explanation, ...]:
    """Return why each finding of a report was read as it was, in the order of the report.

    Args:
        report: Original text.
        reading: What the reader made of it, with the lexicon that is in use now.
    """
    short_forms, counting = useful_abbreviations(report), counting_sections(reading)
    found: list[Explanation] = []
    for sentence in reading.sentences:
        used = {short: long for short, long in short_forms.items() if short in sentence.text}
        found += _explained(sentence, canonical(unwrap(sentence.text), used), sentence.section in counting)
    return tuple(found)


def _explained(sentence: Sentence, words: Words, counts: bool) -> Iterator[Explanation]:
    hits = find_hits(words)
    clause = read_clause(words, [(hit.anchor, hit.anchor_end) for hit in hits])
    for mention in sentence.mentions:
        hit = next((hit for hit in hits if _is_of(mention, hit, words, sentence.start)), None)
        if hit is not None:
            yield _explanation(sentence, words, clause, mention, hit, counts=counts)


def _is_of(mention: Mention, hit: Hit, words: Words, start: int) -> bool:
    place = (words.starts[hit.begin] + start, words.stops[hit.end - 1] + start)
    return hit.finding == mention.finding and place == (mention.start, mention.end)


def _explanation(
    sentence: Sentence, words: Words, clause: Clause, mention: Mention, hit: Hit, *, counts: bool
) -> Explanation:
    said = assertion_at(clause, hit.anchor, hit.anchor_end)
    return Explanation(
        mention.finding,
        mention.assertion,
        mention.start,
        mention.end,
        sentence.section,
        counts,
        sentence.text[mention.start - sentence.start : mention.end - sentence.start],
        tuple(_naming_rules(words, hit)),
        tuple(
            _deciding_cue(words, clause, hit, cue)
            for cue in deciding_cues(clause, hit.anchor, hit.anchor_end)
        ),
        said,
        _why(clause, hit, mention, sentence.section),
    )


def _why(clause: Clause, hit: Hit, mention: Mention, section: str) -> str:
    said = assertion_at(clause, hit.anchor, hit.anchor_end)
    if said is mention.assertion:
        by_itself = said is not Assertion.PRESENT and said is _uncued(clause, hit.anchor, hit.anchor_end)
        return "alternatives" if by_itself else ""
    if hit.normal:
        return "normal"
    if section in ASKED and said is Assertion.PRESENT:
        return "asked"
    return "context"


def deciding_cues(clause: Clause, begin: int, end: int) -> list[Cue]:
    """Return the cues without which the words `begin:end` would be read as something else.

    Where several say the same ("no evidence of ... absent") no one of them decides: those that would do by themselves.
    """
    said = assertion_at(clause, begin, end)
    if said is _uncued(clause, begin, end):
        return []
    cues = [cue for cue in clause.cues if cue.category != "none"]
    needed = [cue for cue in cues if assertion_at(_but(clause, cue), begin, end) is not said]
    if needed:
        return needed
    return [cue for cue in cues if assertion_at(replace(clause, cues=(cue,)), begin, end) is said]


def _uncued(clause: Clause, begin: int, end: int) -> Assertion:
    return assertion_at(replace(clause, cues=()), begin, end)


def _but(clause: Clause, cue: Cue) -> Clause:
    return replace(clause, cues=tuple(other for other in clause.cues if other != cue))


def _deciding_cue(words: Words, clause: Clause, hit: Hit, cue: Cue) -> DecidingCue:
    alone = replace(clause, cues=(cue,))
    reached = [
        k
        for k in (range(cue.end, len(words)) if cue.direction == "before" else range(cue.begin))
        if assertion_at(alone, k, k + 1) is not Assertion.PRESENT or hit.anchor <= k < hit.anchor_end
    ]
    return DecidingCue(
        cue.category,
        cue.direction,
        _text(words, cue.begin, cue.end),
        _text(words, reached[0], reached[-1] + 1) if reached else "",
        next(iter(_places("cue", words, (cue.begin, cue.end), cue.category, cue.direction)), None),
    )


def _text(words: Words, begin: int, end: int) -> str:
    return words.text[words.begins[begin] : words.ends[end - 1]]


def _naming_rules(words: Words, hit: Hit) -> Iterator[RulePlace]:
    named = list(_places("finding", words, (hit.begin, hit.end), hit.finding))
    if named:
        yield named[0]
        return
    other = (hit.begin, hit.anchor) if hit.begin < hit.anchor else (hit.anchor_end, hit.end)
    for span in (other, (hit.anchor, hit.anchor_end)):
        yield from list(_places("anatomy", words, span, hit.finding))[:1]


def _places(kind: str, words: Words, span: tuple[int, int], *of: str) -> Iterator[RulePlace]:
    """Yield the phrases that match exactly `words[span]`; of a subject also those that end or begin there."""
    rules = table(_RULES[kind])
    for entry in rules[kind]:
        if not _is_about(kind, entry, of):
            continue
        for key in _PATTERNS[kind]:
            for phrase in entry.get(key, ()):
                matched = spans_of(compile_phrases([phrase], rules["macro"]), words)
                if any(_fits(one, span, exact=key != "subjects") for one in matched):
                    yield _place(kind, _identity(entry), key, phrase)


def _fits(matched: tuple[int, int], span: tuple[int, int], *, exact: bool) -> bool:
    return matched == span or (not exact and span[0] <= matched[0] and matched[1] <= span[1])


def _is_about(kind: str, entry: Mapping[str, Any], of: Sequence[str]) -> bool:
    if kind == "cue":
        return (entry["category"], entry["direction"]) == tuple(of)
    findings = entry["findings"] if kind == "anatomy" else (entry["id"], entry.get("measured"))
    return of[0] in findings


def _identity(entry: Mapping[str, Any]) -> tuple[str, ...]:
    """Return what tells an entry of a table from others, in whichever file it stands."""
    names = ("id", "category", "direction", "findings")
    return tuple(str(entry[name]) for name in names if name in entry)


@remember()
def _place(kind: str, identity: tuple[str, ...], key: str, phrase: str) -> RulePlace:
    """Find a phrase in the user's file, else in the built-in table."""
    lexicon = lexicon_in_use()
    built_in = (f"{_RULES[kind]}.toml", packaged_text(_RULES[kind]))
    for file, text in ((lexicon.source, lexicon.text), built_in):
        for number, entry in enumerate(tomllib.loads(text).get(kind, ())):
            own = {key: entry.get(key, ()), f"add.{key}": entry.get("add", {}).get(key, ())}
            for name, phrases in own.items():
                if phrase in phrases and (kind == "anatomy" or _identity(entry) == identity):
                    return RulePlace(phrase, file, toml_places(text).line_of(kind, number, name, phrase))
    return RulePlace(phrase, lexicon.source or built_in[0], 1)
