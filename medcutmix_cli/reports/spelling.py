"""Misspelt words of the lexicon put right: "pnuemothorax" is read as "pneumothorax". Knows single words only.

A word is put right if it is long, no word that the rules know (`rules/spelling.toml`), and within a bounded
edit distance (insert, delete, replace, swap neighbours) of exactly one finding's word.
"""

from __future__ import annotations

from functools import cache, lru_cache

from medcutmix_cli.reports.tables import table

_SHORTEST = 7
"""Letters: between shorter words one edit is often another word ("edema", "enema")."""
_TWO_EDITS_FROM = 11
"""Letters from which two edits are still the same word."""


@lru_cache(maxsize=1 << 15)
def correct_word(word: str) -> str:
    """Return the word that a lower-case word is a misspelling of, else the word itself."""
    if word in _swapped():
        return _swapped()[word]
    if len(word) < _SHORTEST - 1 or not word.isascii() or not word.isalpha() or word in _known():
        return word
    near = {(d, right) for right in _targets() if (d := _distance(word, right)) is not None}
    if not near:
        return word
    best = min(d for d, _ in near)
    right = [target for d, target in near if d == best]
    return min(right, key=lambda target: (abs(len(target) - len(word)), target))


def _distance(word: str, right: str) -> int | None:
    """Return the edits between two words, None where they are more than the bound for `right`."""
    bound = 2 if len(right) >= _TWO_EDITS_FROM else 1
    # A first letter is seldom wrong, and "diffusion" is no effusion; only a swap may move it.
    if abs(len(word) - len(right)) > bound or (word[0] != right[0] and word[:2] != right[1::-1]):
        return None
    edits = edit_distance(word, right)
    return edits if edits <= bound else None


def edit_distance(one: str, other: str) -> int:
    """Return the edits from one word to the other; a swap of neighbours is one.

    Damerau 1964 (doi:10.1145/363958.363994), each letter being swapped once at most.
    """
    before, row = [0] * (len(other) + 1), list(range(len(other) + 1))
    for i, letter in enumerate(one, start=1):
        earlier, before, row = before, row, [i]
        for j, wanted in enumerate(other, start=1):
            cost = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (letter != wanted))
            if i > 1 and j > 1 and letter == other[j - 2] and one[i - 2] == wanted:
                cost = min(cost, earlier[j - 2] + 1)
            row.append(cost)
    return row[-1]


@cache
def _targets() -> tuple[str, ...]:
    return tuple(word for word in table("spelling")["words"]["right"])


@cache
def _known() -> frozenset[str]:
    words = table("spelling")["words"]
    return frozenset([*words["right"], *words["other"]])


@cache
def _swapped() -> dict[str, str]:
    """Return a swap of two neighbouring letters -> the short word it stands for, where it is no other word."""
    short = table("spelling")["words"]["short"]
    return {
        word[:k] + word[k + 1] + word[k] + word[k + 2 :]: word
        for word in short
        for k in range(len(word) - 1)
        if word[k] != word[k + 1]
    }
