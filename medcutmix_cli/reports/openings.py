"""With which words a match of a regular expression can begin: where a text has none of them nothing is searched.

Reads the expression as Python's own parser does, so it holds for any list of phrases, a user's too. Knows no phrase.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from re import _constants as op  # type: ignore[attr-defined]  # nothing else reads expressions as `re` does
from re import _parser as parser  # type: ignore[attr-defined]
from typing import Any

_MOST = 500
"""Openings; a longer list costs more than the searches that it saves."""

_LONGEST = 40
"""Letters: nobody lists what an endless repetition may begin with."""

_Part = tuple[Any, Any]


class _UnlistedError(Exception):
    """Any word may be the first."""


@dataclass(frozen=True, slots=True)
class _Begun:
    """How a match may have begun, up to some place of the expression.

    Attributes:
        growing: First words that the next letter goes on with.
        whole: First words that a blank has ended.
    """

    growing: frozenset[str]
    whole: frozenset[str] = frozenset()

    def then(self, endings: Iterable[str]) -> _Begun:
        """Return how it goes on with one of some runs of letters."""
        longer = {begun + ending for begun in self.growing for ending in endings}
        ended = {begun for begun in longer if " " in begun}
        growing = longer - ended
        if len(growing) > _MOST or any(len(begun) > _LONGEST for begun in growing):
            raise _UnlistedError
        return _Begun(frozenset(growing), self.whole | {begun.partition(" ")[0] for begun in ended})

    def or_as(self, other: _Begun) -> _Begun:
        """Return both ways to begin."""
        return _Begun(self.growing | other.growing, self.whole | other.whole)


def openings_of(expression: str) -> frozenset[str] | None:
    """Return the first words of all matches that stand between blanks; None where they cannot be listed."""
    try:
        begun = _after(_Begun(frozenset([""])), parser.parse(expression))
    except _UnlistedError:
        return None
    found = begun.growing | begun.whole
    return None if "" in found else found


def _after(begun: _Begun, parts: Iterable[_Part]) -> _Begun:
    """Return how a match may have begun behind some parts of an expression, one after the other."""
    for kind, run in groupby(parts, key=lambda part: part[0]):
        if not begun.growing:
            break
        told = [argument for _, argument in run]
        if kind is op.LITERAL:
            begun = begun.then(["".join(map(chr, told))])
            continue
        for argument in told:
            begun = _STEPS.get(kind, _unlisted)(begun, argument)
    return begun


def _one_of(begun: _Begun, members: Sequence[_Part]) -> _Begun:
    if any(kind is not op.LITERAL for kind, _ in members):
        raise _UnlistedError
    return begun.then([chr(code) for _, code in members])


def _either(begun: _Begun, branches: tuple[Any, Sequence[Sequence[_Part]]]) -> _Begun:
    found = _Begun(frozenset(), begun.whole)
    for branch in branches[1]:
        found = found.or_as(_after(begun, branch))
    return found


def _group(begun: _Begun, group: tuple[Any, int, int, Sequence[_Part]]) -> _Begun:
    _number, added, removed, parts = group
    if added or removed:
        raise _UnlistedError  # flags of its own: other letters may match
    return _after(begun, parts)


def _repeated(begun: _Begun, told: tuple[int, int, Sequence[_Part]]) -> _Begun:
    least, most, parts = told
    for _ in range(least):
        begun = _after(begun, parts)
    found = begun
    for _ in range(most - least):
        begun = _after(begun, parts)
        longer = found.or_as(begun)
        if longer == found:
            break
        found = longer
    return found


def _unmoved(begun: _Begun, _told: Any) -> _Begun:
    """Pass what takes no letter: it can only forbid."""
    return begun


def _unlisted(begun: _Begun, _told: Any) -> _Begun:
    if begun.growing:
        raise _UnlistedError
    return begun


_STEPS: dict[Any, Callable[[_Begun, Any], _Begun]] = {
    op.IN: _one_of,
    op.BRANCH: _either,
    op.SUBPATTERN: _group,
    op.MAX_REPEAT: _repeated,
    op.MIN_REPEAT: _repeated,
    op.ASSERT: _unmoved,
    op.ASSERT_NOT: _unmoved,
    op.AT: _unmoved,
}
