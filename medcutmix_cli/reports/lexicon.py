"""The finding lexicon: where a sentence names a finding, or describes one without naming it.

Knows what is named, not whether it is asserted.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from medcutmix_cli.reports.tables import remember, table
from medcutmix_cli.reports.words import PhrasePattern, PhraseTable, Words, canonical, spans_of

_SIZE = re.compile(r"(?<![^ ])\d+(?:\.\d+)? ?(?:mm|cm|millimeters?|centimeters?)(?![^ ])")


_DASHES = (["-"], ["–"], ["—"])


@dataclass(frozen=True, slots=True)
class Hit:
    """One place where a finding is named or described, in word indices.

    Attributes:
        begin: First word (end is exclusive) of what names it.
        anchor: First word that a cue must reach: the predicate of a description, else `begin`.
        anchor_end: End of the same, exclusive.
        described: Whether it is described ("heart is enlarged") rather than named.
        normal: Whether the description calls it normal, so that the finding is absent.
    """

    finding: str
    begin: int
    end: int
    anchor: int
    anchor_end: int
    described: bool = False
    normal: bool = False


@remember()
def finding_ids() -> tuple[str, ...]:
    """Return all lexicon ids, in the order of the table."""
    return tuple(str(entry["id"]) for entry in table("findings")["finding"])


@remember()
def label_of(scheme: str) -> dict[str, str]:
    """Return lexicon id -> label name for the scheme "chexpert" or "nih"; ids without a label are left out."""
    return {entry["id"]: entry[scheme] for entry in table("findings")["finding"] if entry[scheme]}


@remember()
def sidedness() -> dict[str, str]:
    """Return lexicon id -> "yes", "near" (only words right beside it tell its side) or "no"."""
    return {entry["id"]: entry.get("sided", "yes") for entry in table("findings")["finding"]}


def find_hits(words: Words) -> list[Hit]:
    """Return every hit of a sentence in order; of overlapping ones the longest counts."""
    named = _named(words)
    taken = {index for hit in named for index in range(hit.begin, hit.end)}
    described = [
        hit for hit in _described(words) if not taken.intersection(range(hit.anchor, hit.anchor_end))
    ]
    hits = [hit for hit in named if hit.finding] + described
    return sorted(set(hits), key=lambda hit: (hit.begin, hit.end, hit.finding))


def _named(words: Words) -> list[Hit]:
    found = [(begin, end, finding) for finding, begin, end in _terms().matches(words)]
    kept: list[tuple[int, int, str]] = []
    for begin, end, finding in sorted(found, key=lambda span: (span[0] - span[1], span[0], span[2])):
        # "hydropneumothorax" is two findings in one word: equal spans stay together.
        if all(end <= b or begin >= e or (begin, end) == (b, e) for b, e, _ in kept):
            kept.append((begin, end, finding))
    blocked = {(begin, end) for begin, end, finding in kept if not finding}
    sized = _measured() if _SIZE.search(words.text) else {}
    hits = [(b, e, sized.get(f, f)) for b, e, f in dict.fromkeys(kept) if f and (b, e) not in blocked]
    return [Hit(f, b, e, b, e, described=_is_sign(words, f, b, e)) for b, e, f in hits]


def _is_sign(words: Words, finding: str, begin: int, end: int) -> bool:
    signs = _signs().get(finding)
    return (
        signs is not None
        and signs.compiled.fullmatch(words.text, words.begins[begin], words.ends[end - 1]) is not None
    )


def _described(words: Words) -> list[Hit]:
    if spans_of(_rest(), words):
        return []
    hits = []
    for findings, subjects, predicates in _anatomy():
        states = [(b, e, normal) for pattern, normal in predicates for b, e in spans_of(pattern, words)]
        # "not enlarged" is a normal predicate that holds an abnormal one: the longer stands.
        states = [s for s in states if not any(o != s and o[0] <= s[0] and s[1] <= o[1] for o in states)]
        for begin, end in spans_of(subjects, words):
            state = _predicate(words, begin, end, states)
            if state is not None:
                span = (min(begin, state[0]), max(end, state[1]))
                hits += [Hit(f, *span, state[0], state[1], described=True, normal=state[2]) for f in findings]
    return hits


def _predicate(
    words: Words, begin: int, end: int, states: list[tuple[int, int, bool]]
) -> tuple[int, int, bool] | None:
    """Return the predicate that belongs to the subject `words[begin:end]`."""
    before = [
        s
        for s in states
        if s[1] <= begin and all(words.word(k) in _predicate_words("between") for k in range(s[1], begin))
    ]
    if before:
        return before[-1]
    after = sorted(s for s in states if s[0] >= end)
    if not after:
        return None
    gap = [words.word(k) for k in range(end, after[0][0])]
    if begin == 0 and gap[:1] in _DASHES:
        gap[0] = ":"  # a form's label: "Heart - normal."
    behind = [words.word(k) for k in range(after[0][1], min(len(words), after[0][1] + 2))]
    return after[0] if _one_clause(gap) and not _of_another(gap, behind) else None


def _of_another(gap: list[str], behind: list[str]) -> bool:
    """Return whether a predicate behind a label with a colon is that of what is named there."""
    if ":" not in gap:
        return False
    told = gap[gap.index(":") :]
    listed = _predicate_words("labelled") | _predicate_words("verbs")
    return not listed.issuperset(told) or not _predicate_words("nouns").isdisjoint(behind)


def _one_clause(gap: list[str]) -> bool:
    verbs = [index for index, word in enumerate(gap) if word in _predicate_words("verbs")]
    if verbs and (_predicate_words("course") | _predicate_words("verbs")).issuperset(gap[verbs[0] :]):
        return gap[: verbs[0]] == [] or _one_clause(gap[: verbs[0]])
    if len(verbs) > 1 or _predicate_words("closed").intersection(gap) or len(gap) > 14:
        return False
    return not verbs or "," not in gap[verbs[0] :]


@remember()
def only_describes(finding: str, text: str) -> bool:
    """Return whether `text`, the words of a mention, is a sign of `finding` that may have another cause."""
    if not explanations().get(finding):
        return False
    own = [hit for hit in find_hits(canonical(text)) if hit.finding == finding]
    return bool(own) and all(hit.described for hit in own)  # words that leave the name out hold none


@remember()
def explanations() -> dict[str, frozenset[str]]:
    """Return finding -> the findings that, named in the same sentence, may explain its signs instead."""
    return {entry["id"]: frozenset(entry.get("explained_by", ())) for entry in table("findings")["finding"]}


@remember()
def _measured() -> dict[str, str]:
    """Return finding -> what it is where the sentence gives a size."""
    return {entry["id"]: entry["measured"] for entry in table("findings")["finding"] if "measured" in entry}


@remember()
def _terms() -> PhraseTable[str]:
    rules: dict[str, Any] = table("findings")
    entries = [(entry["id"], [*entry["terms"], *entry.get("signs", ())]) for entry in rules["finding"]]
    entries.append(("", rules["ignore"]["phrases"]))
    return PhraseTable(entries, rules["macro"])


@remember()
def _signs() -> dict[str, PhrasePattern]:
    rules = table("findings")
    return {
        entry["id"]: PhrasePattern.of(entry["signs"], rules["macro"])
        for entry in rules["finding"]
        if "signs" in entry
    }


@remember()
def _predicate_words(role: str) -> frozenset[str]:
    return frozenset(table("findings")["predicate"][role])


@remember()
def _rest() -> PhrasePattern:
    return PhrasePattern.of(table("findings")["rest"]["phrases"])


@remember()
def _anatomy() -> tuple[tuple[tuple[str, ...], PhrasePattern, tuple[tuple[PhrasePattern, bool], ...]], ...]:
    rules = table("findings")
    return tuple(
        (
            tuple(entry["findings"]),
            PhrasePattern.of(entry["subjects"], rules["macro"]),
            (
                (PhrasePattern.of(entry["abnormal"], rules["macro"]), False),
                (PhrasePattern.of(entry["normal"], rules["macro"]), True),
            ),
        )
        for entry in rules["anatomy"]
    )
