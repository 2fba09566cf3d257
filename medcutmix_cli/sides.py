"""Left and right, in one place: what each side means wherever sides are compared. Knows no report and no grid.

Sides are the patient's. Five things can be said of a finding: left, right, bilateral, nothing (`Side.NONE`), or
several sides at once by different mentions (a conflict). One row of this table a clause:

| clause | left | right | bilateral | unsaid | several |
| --- | --- | --- | --- | --- | --- |
| 1 said: mentions of a donor, `common_side` | left | right | bilateral | unsaid | None: it does not give |
| 2 said: one sentence, or all that leaves, `joint_side` | left | right | bilateral | unsaid | bilateral |
| 3 allowed: a donor for it, `may_replace` | left, unsaid | right, unsaid | bilateral, unsaid | any | refused by 1 |
| 4 a denial that meets it, `meet` | all but right | all but left | all | all | each alone |
| 5 a lung called clear in spite of it, `covers` | all but right | all but left | all | unsaid, bilateral | each alone |
| 6 the rest of the report against it, `oppose` | right | left | none | none | none |
| 7 the impression against it, `differ` | right, both | left, both | none | none | left or right alone |
| 8 mapped: half of the picture, `image_half` | right half | left half | whole | whole | as 2 |
| 9 mapped: pieces of a mask, `mask_halves` | one | one | one in each half | one | as 2 |
| 10 where a peak lies, `side_at` | right of the midline | left of it | never | on it | never |
| 11 corrected: the side that was meant, `other_side` | right | left | None | None | each alone |
| 12 what is said of a finding on one side, `misses` | right alone | left alone | never | never | as said |

Clauses 6 and 7 look at all the sides that each part gives a finding. "Bilateral" agrees with everything there: it
is often said of a finding that is larger on one side.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

from medcutmix_cli.records import Side

_SINGLE = frozenset({Side.LEFT, Side.RIGHT})
_ON_MIDLINE = 1e-6  # pixels: rounding, not anatomy


class Half(StrEnum):
    """A half of a frontal picture, as one looks at it, or all of it."""

    LEFT = "left"
    RIGHT = "right"
    WHOLE = "whole"


_HALF_OF = {Side.LEFT: Half.RIGHT, Side.RIGHT: Half.LEFT}  # the patient faces whoever looks
_SIDE_IN = {half: side for side, half in _HALF_OF.items()}


def common_side(sides: Iterable[Side]) -> Side | None:
    """Return the one side that mentions give together, NONE where they give none, None for several (clause 1)."""
    given = set(sides) - {Side.NONE}
    if len(given) > 1:
        return None
    return given.pop() if given else Side.NONE


def joint_side(sides: Iterable[Side]) -> Side:
    """Return the side of what a sentence, or all that leaves, names on these sides: several are both (clause 2)."""
    common = common_side(sides)
    return Side.BILATERAL if common is None else common


def may_replace(recipient: Side, donor: Side) -> bool:
    """Say whether a donor's finding may stand for the recipient's: the same side, or one unsaid (clause 3)."""
    return recipient is donor or Side.NONE in (recipient, donor)


def donor_sides(recipient: Side) -> tuple[Side, ...]:
    """Return the sides of donors that may stand for a recipient's finding, in the order of `Side` (clause 3)."""
    return tuple(side for side in Side if may_replace(recipient, side))


def meet(present: Side, absent: Side) -> bool:
    """Say whether "present here" and "absent there" may be one place: left and right are not (clause 4)."""
    return {present, absent} != _SINGLE


def covers(clear: Side, filled: Side) -> bool:
    """Say whether a lung that is called clear on one side is the lung that is filled on another (clause 5)."""
    return clear in (Side.NONE, Side.BILATERAL) or filled in (clear, Side.BILATERAL)


def oppose(one: Iterable[Side], other: Iterable[Side]) -> bool:
    """Say whether two parts of a report put a finding on one side each, and not on the same (clause 6)."""
    here, there = common_side(one), common_side(other)
    return here is not None and there is not None and {here, there} == _SINGLE


def differ(one: Iterable[Side], other: Iterable[Side]) -> bool:
    """Say whether two parts of a report name different single sides; one that names none agrees (clause 7)."""
    here, there = _SINGLE.intersection(one), _SINGLE.intersection(other)
    return bool(here and there) and here != there


def image_half(side: Side) -> Half:
    """Return the half of a frontal picture that a side is in: the patient's left is its right one (clause 8)."""
    return _HALF_OF.get(side, Half.WHOLE)


def side_in(half: Half) -> Side:
    """Return the patient's side that a half of a frontal picture shows (clause 8, the other way)."""
    return _SIDE_IN.get(half, Side.NONE)


def mask_halves(side: Side) -> tuple[Half, ...]:
    """Return where a mask keeps a piece of its own: one in each half where bilateral, else one (clause 9)."""
    return (Half.RIGHT, Half.LEFT) if side is Side.BILATERAL else (Half.WHOLE,)


def side_at(right_of_midline: float) -> Side:
    """Return the patient's side at a place of a frontal picture.

    Args:
        right_of_midline: Canvas pixels from the picture's midline, to the right positive (clause 10).
    """
    if abs(right_of_midline) < _ON_MIDLINE:
        return Side.NONE
    return Side.LEFT if right_of_midline > 0 else Side.RIGHT


def other_side(side: Side) -> Side | None:
    """Return the other of left and right, None for what is neither (clause 11)."""
    return next(iter(_SINGLE - {side})) if side in _SINGLE else None


def misses(named: Iterable[Side], wanted: Side) -> bool:
    """Say whether single sides are named, and the single one that is wanted is not among them (clause 12)."""
    single = _SINGLE.intersection(named)
    return wanted in _SINGLE and bool(single) and wanted not in single


def single_side(word: str) -> Side:
    """Return LEFT or RIGHT by a word or its first letter: "r", "right-sided"; else NONE."""
    return next((side for side in sorted(_SINGLE) if word[:1] == side[:1]), Side.NONE)


def side_named(words: str) -> Side:
    """Return the one side that canonical words name; NONE where they name neither, or both."""
    named = _SINGLE.intersection(Side(word) for word in words.split() if word in _SINGLE)
    return next(iter(named)) if len(named) == 1 else Side.NONE


def known_side(value: str) -> Side:
    """Return a side as it stands in a shard; NONE for what is none of them."""
    return Side(value) if value in set(Side) else Side.NONE


def side_word(side: str) -> str:
    """Return the word for a side, as a `Side` or as it stands in a shard; "" where none is said."""
    return "" if side == Side.NONE else str(side)


def side_adjective(side: str) -> str:
    """Return "left-sided", "right-sided", "bilateral" or ""."""
    return f"{side}-sided" if side in _SINGLE else side_word(side)
