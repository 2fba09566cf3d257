"""Words that a pattern of the rule tables is made for: examples, so that a lexicon can be tried without reports.

Walks what Python's own parser makes of the pattern. Each alternative and each optional part comes in at least once,
and behind it what must follow; what else a pattern looks at is not written, so who asks must try the examples.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice, zip_longest
from re import _constants as codes  # type: ignore[attr-defined]
from re import _parser as parser  # type: ignore[attr-defined]
from typing import Any

from medcutmix_cli.reports.macros import expand

_MOST = 48
_WORD, _DIGIT, _BLANK = "zeta", "7", " "
_CLASSES = {
    "CATEGORY_WORD": "z",
    "CATEGORY_DIGIT": _DIGIT,
    "CATEGORY_SPACE": _BLANK,
    "CATEGORY_NOT_SPACE": "z",
}


_LOOKS = re.compile(r"\(\?<?[=!]")


def looks_around(phrase: str) -> bool:
    """Say whether a pattern asks for words around it, which examples do not write: only its tests say if it matches."""
    return _LOOKS.search(phrase) is not None


def examples(phrase: str, macros: Mapping[str, str]) -> list[str]:
    """Return up to 48 texts that a phrase is meant to match from their begin, the plainest first.

    Args:
        phrase: A regular expression over canonical words.
        macros: What stands for `{name}` in it.
    """
    found = _sequence(parser.parse(expand(phrase, macros)))
    return list(dict.fromkeys(found))


def _sequence(parts: Iterable[Any]) -> list[str]:
    """Return texts of parts that follow each other: the choices of each part in turn, the others at their plainest."""
    choices = [_part(str(code), value) for code, value in parts]
    plain = [own[0] for own in choices]
    found = ["".join(plain)]
    for position, own in enumerate(choices):
        found += ["".join([*plain[:position], choice, *plain[position + 1 :]]) for choice in own[1:]]
    # Parts that only fit together ("no \w+ change" with both optional) come in together once.
    found += ["".join(own[-1] for own in choices)]
    return list(dict.fromkeys(found))[:_MOST]


def _part(code: str, value: Any) -> list[str]:
    if code == "LITERAL":
        return [chr(value)]
    if code == "BRANCH":
        return list(_in_turn([_sequence(branch) for branch in value[1]]))
    if code == "SUBPATTERN":
        return _sequence(value[-1])
    if code in ("MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT"):
        return _repeated(*value)
    if code == "IN":
        return _members(value) or [""]
    if (
        code == "ASSERT" and value[0] > 0
    ):  # what must follow: not of the phrase, but nothing matches without it
        return ["", *_sequence(value[1])]
    return [_WORD[0]] if code in ("ANY", "NOT_LITERAL") else [""]  # an assertion, a mark of the text's ends


def _repeated(least: int, most: int, part: Iterable[Any]) -> list[str]:
    once = _sequence(part)
    counts = dict.fromkeys((least, min(max(least, 1), most), min(max(least, 2), most)))
    return list(_in_turn([[one * count for one in once] if count else [""] for count in counts]))


def _in_turn(lists: list[list[str]]) -> Iterator[str]:
    """Yield the first of each list, then the second of each: no alternative waits for all of another."""
    mixed = (one for row in zip_longest(*lists) for one in row if one is not None)
    yield from islice(dict.fromkeys(mixed), _MOST)


def _members(value: Iterable[tuple[Any, Any]]) -> list[str]:
    """Return characters of a class, as "s" and "z" of [sz]."""
    found: list[str] = []
    for code, what in value:
        if code is codes.NEGATE:
            return [_WORD[0]]
        if code is codes.LITERAL:
            found.append(chr(what))
        elif code is codes.RANGE:
            found.append(chr(what[0]))
        else:
            found.append(_CLASSES.get(str(what), ""))
    return found
