"""Whether a finding named at some words is present, absent, uncertain or resolved, by cues and their scopes.

Works on any marked words of a sentence, so it can be scored on concepts that the lexicon does not know.
The cues are data (`rules/assertion.toml`); the manner is ConText's (Harkema 2009), with scopes cut for lists.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from medcutmix_cli.records import Assertion
from medcutmix_cli.reports.alternatives import find_alternatives
from medcutmix_cli.reports.tables import remember, table
from medcutmix_cli.reports.words import PhrasePattern, PhraseTable, Words

Span = tuple[int, int]

_PLURAL = frozenset({"are", "were", "have", "both", "all"})


@dataclass(frozen=True, slots=True)
class Cue:
    """One cue in a sentence, in word indices; category "none" silences the cues that it holds.

    Attributes:
        lists: Whether a list follows ("the differential includes ..."), whatever its members begin with.
        closes: Whether no cue before it says anything of what follows ("absence of air does not exclude ...").
    """

    category: str
    direction: str
    begin: int
    end: int
    lists: bool = False
    closes: bool = False


@dataclass(frozen=True, slots=True)
class Clause:
    """What of a sentence decides how far a cue reaches, computed once per sentence.

    Attributes:
        cues: Cues that count, in order.
        plural: Words that say that a cue behind a list is about all of it ("effusion and edema are not seen").
        stops: Words that no scope crosses (likewise the next nine, by their role in the table).
        named: Word ranges of all findings of the sentence.
        either: Findings that are named as alternatives ("atelectasis or pneumonia").
        size: How many words the sentence has.
    """

    cues: tuple[Cue, ...]
    plural: frozenset[int]
    stops: frozenset[int]
    separators: frozenset[int]
    joiners: frozenset[int]
    verbs: frozenset[int]
    starts: frozenset[int]
    perhaps: frozenset[int]
    degrees: frozenset[int]
    states: frozenset[int]
    opens: frozenset[int]
    closes: frozenset[int]
    ends: frozenset[int]
    named: tuple[Span, ...]
    either: frozenset[Span]
    size: int


def read_clause(words: Words, named: Sequence[Span]) -> Clause:
    """Return the cues and scope marks of a sentence; what shares words with a finding is no cue."""
    inside = {index for begin, end in named for index in range(begin, end)}
    found = [cue for cue in _matches(words) if inside.isdisjoint(range(cue.begin, cue.end))]
    cues = tuple(_longest(found, named))
    of_cues = {index for cue in cues for index in range(cue.begin, cue.end)}
    marks = {
        role: frozenset(
            index
            for match in pattern.finditer(words.text)
            for index in range(*words.indices(*match.span()))
            if index not in of_cues and index not in inside
        )
        for role, pattern in _scope().items()
    }
    spans = tuple(sorted(set(named)))
    firsts = frozenset(cue.begin for cue in cues if cue.direction == "before")
    return Clause(
        cues,
        frozenset(k for k in range(len(words)) if words.word(k) in _PLURAL),
        marks["terminators"],
        marks["separators"],
        marks["joiners"],
        marks["verbs"],
        marks["starts"] | firsts,
        marks["perhaps"],
        marks["degrees"],
        marks["states"],
        marks["opens"],
        marks["closes"],
        marks["ends"],
        spans,
        find_alternatives(words, spans),
        len(words),
    )


def assertion_at(clause: Clause, begin: int, end: int) -> Assertion:
    """Return what the sentence says of the finding at words `begin:end`."""
    after = [
        c for c in clause.cues if c.direction == "after" and c.begin >= end and _reaches_back(clause, c, end)
    ]
    if after and after[0].category != "none":
        return Assertion(after[0].category)
    before = [c for c in clause.cues if c.direction == "before" and c.end <= begin]
    reaching = [cue for cue in before if _reaches_on(clause, cue, begin)]
    closing = max((cue.begin for cue in reaching if cue.closes), default=0)
    said = _combine([cue.category for cue in reaching if cue.begin >= closing])
    # Either may be there, and neither is known to be: "atelectasis or pneumonia".
    either = (begin, end) in clause.either and not any(_denies_change(clause, c, begin) for c in reaching)
    return Assertion.UNCERTAIN if said is Assertion.PRESENT and either else said


def _denies_change(clause: Clause, cue: Cue, begin: int) -> bool:
    """Return whether "or" means "and" behind a cue: "no change in effusion or atelectasis" leaves both there."""
    return cue.category == "none" and clause.separators.isdisjoint(range(cue.end, begin))


def _combine(categories: Sequence[str]) -> Assertion:
    """Return what the cues before a finding say together, outermost first."""
    if "absent" in categories:
        # "probably no effusion" hedges the denial; "no opacity to suggest pneumonia" denies the hedge.
        hedged = "uncertain" in categories[: categories.index("absent")]
        return Assertion.UNCERTAIN if hedged else Assertion.ABSENT
    if "resolved" in categories:
        return Assertion.RESOLVED
    return Assertion.UNCERTAIN if "uncertain" in categories else Assertion.PRESENT


def _reaches_on(clause: Clause, cue: Cue, begin: int) -> bool:
    """Return whether a cue's scope reaches forward to the finding that starts at word `begin`."""
    in_list, depth = False, 0
    for index in range(cue.end, begin):
        depth += (index in clause.opens) - (index in clause.closes)
        if depth < 0 or index in clause.stops or (index in clause.verbs and in_list):
            return False
        if (index in clause.separators or index in clause.opens) and _starts_anew(
            clause, index + 1, listed=cue.lists
        ):
            return False
        in_list = in_list or index in clause.separators or _named_before(clause, cue.end, index)
    return True


def _named_before(clause: Clause, begin: int, end: int) -> bool:
    return any(begin <= b and e <= end for b, e in clause.named)


def _starts_anew(clause: Clause, index: int, *, listed: bool) -> bool:
    if index in clause.separators:
        return False  # ", and": the next word decides
    if index in clause.starts or _is_statement(clause, index):
        return True
    if listed or index not in clause.perhaps or _goes_on(clause, index):
        return False
    end = min((stop for stop in clause.stops if stop > index), default=1 << 30)
    return not any(index < joiner < end for joiner in clause.joiners)


def _is_statement(clause: Clause, index: int) -> bool:
    """Return whether the finding at word `index` has a verb of its own: "no edema, effusion is small"."""
    span = next((s for s in clause.named if s[0] >= index), None)
    if span is None or _broken(clause, index, span[0]):
        return False
    following = [b for b, _ in clause.named if b >= span[1]]
    verb = min((k for k in clause.states if k >= span[1]), default=clause.size)
    return verb < min([*following, clause.size]) and not _broken(clause, span[1], verb)


def _goes_on(clause: Clause, index: int) -> bool:
    """Return whether a list of denials goes on at "large" in "no consolidation, large effusion, pneumothorax"."""
    ahead = [s for s in clause.named if s[0] > index][:2]
    if index not in clause.degrees or len(ahead) < 2 or ahead[0][0] != index + 1:
        return False
    gap = range(ahead[0][1], ahead[1][0])
    return all(k in clause.separators for k in gap) and not _is_statement(clause, ahead[1][0])


def _broken(clause: Clause, begin: int, end: int) -> bool:
    marks = (clause.separators, clause.joiners, clause.stops)
    return any(k in mark for k in range(begin, end) for mark in marks)


def _reaches_back(clause: Clause, cue: Cue, end: int) -> bool:
    """Return whether a cue's scope reaches back to the finding that ends before word `end`."""
    gap = _outside(clause, range(end, cue.begin))
    if gap is None or any(index in clause.stops for index in gap):
        return False
    if any(c.begin in gap for c in clause.cues if c.category != "none"):
        return False
    if any(index in clause.verbs for index in gap):
        return False
    joined = cue.begin in clause.plural or any(index in clause.joiners for index in gap)
    between = any(end <= b and e <= cue.begin for b, e in clause.named)
    listed = any(index in clause.separators for index in (gap[:-1] if _is_aside(clause, cue) else gap))
    return joined or not (between or listed)


def _outside(clause: Clause, gap: range) -> list[int] | None:
    """Return the words of a gap that stand in no brackets; None where one opens and does not close."""
    depth, kept = 0, []
    for index in gap:
        depth += index in clause.opens
        kept += [index] if depth <= 0 else []
        depth -= index in clause.closes
    return kept if depth <= 0 else None


def _is_aside(clause: Clause, cue: Cue) -> bool:
    """Return whether the cue stands alone behind a comma: "left effusion, now completely resolved"."""
    return cue.end == clause.size or cue.end in clause.ends


def _matches(words: Words) -> list[Cue]:
    return [
        Cue(category, direction, begin, end, lists, closes)
        for (category, direction, lists, closes), begin, end in _cues().matches(words)
    ]


def _longest(cues: Sequence[Cue], named: Sequence[Span]) -> list[Cue]:
    """Return the cues without those that overlap a longer one; equal spans stay together ("versus").

    A cue with no finding in its direction silences none: in "negative for effusion" the "is negative" before
    it looks back at nothing.
    """
    kept: list[Cue] = []
    useful = [cue for cue in dict.fromkeys(cues) if _has_aim(cue, named)]
    for cue in sorted(useful, key=lambda c: (c.begin - c.end, c.begin, c.category != "none")):
        clash = [k for k in kept if cue.begin < k.end and k.begin < cue.end]
        if all((k.begin, k.end) == (cue.begin, cue.end) and k.category == cue.category for k in clash):
            kept.append(cue)
    return sorted(kept, key=lambda cue: (cue.begin, cue.end))


def _has_aim(cue: Cue, named: Sequence[Span]) -> bool:
    if cue.category == "none":
        return True
    if cue.direction == "before":
        return any(begin >= cue.end for begin, _ in named)
    return any(end <= cue.begin for _, end in named)


@remember()
def _cues() -> PhraseTable[tuple[str, str, bool, bool]]:
    rules = table("assertion")
    return PhraseTable(
        (
            (
                (cue["category"], cue["direction"], cue.get("lists", False), cue.get("closes", False)),
                cue["phrases"],
            )
            for cue in rules["cue"]
        ),
        rules["macro"],
    )


@cache
def _scope() -> dict[str, PhrasePattern]:
    rules = table("assertion")
    return {role: PhrasePattern.of(phrases, rules["macro"]) for role, phrases in rules["scope"].items()}
