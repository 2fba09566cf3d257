"""A sentence that was touched must have the shape of a sentence, and a report that of a report.

Closed word lists decide (`[shape]` of `rules/critic.toml`); no tagger.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

from medcutmix_cli.records import Reading, Sentence
from medcutmix_cli.reports.critic.case import Case, key_of
from medcutmix_cli.reports.critic.words import critic_words, says
from medcutmix_cli.reports.relations import words_of
from medcutmix_cli.reports.tables import table

_NUMBER = re.compile(r"(?:^|\n|(?<=[.;:]) )\s*(\d{1,2})[.)](?=\s|$)")
_NUMBER_ALONE = re.compile(r"(?:^|\s)\d{1,2}[.)]\s*(?=\d{1,2}[.)]|$)")


def dangling(case: Case) -> Iterator[Sentence]:
    """Yield sentences that end on a word that wants another: "mass is.", "with mild bibasilar."."""
    yield from (s for s in case.fresh if _dangles(_bare(s)))


def _bare(sentence: Sentence) -> str:
    return words_of(sentence.text).rstrip(" .;,:")


def _dangles(said: str) -> bool:
    words = said.split()
    if not words or not critic_words("shape", "dangling").fullmatch(words[-1]):
        return False
    states = len(words) > 1 and critic_words("shape", "predicate").search(" ".join(words[:-1])) is not None
    return not (states and words[-1] in table("critic")["shape"]["adjectives"])


def broken_inside(case: Case) -> Iterator[Sentence]:
    """Yield sentences whose words do not go together: "There is in the left base.", "a and opacity"."""
    yield from (s for s in case.fresh if says(s.text, "shape", "broken"))


def find_doubled_words(case: Case) -> Iterator[Sentence]:
    """Yield sentences that say a word twice in a row."""
    allowed = set(table("critic")["shape"]["doubled-allowed"])
    for sentence in case.fresh:
        words = words_of(sentence.text).split()
        if any(a == b and a.isalpha() and a not in allowed and set(a) != {"x"} for a, b in pairwise(words)):
            yield sentence


def badly_opened(case: Case) -> Iterator[Sentence]:
    """Yield sentences that begin in lower case, as the recipient's did not, or with a word that cannot open one."""
    proper = any(s.text[:1].isupper() for s in case.before)
    own = {s.text.split()[0] for s in case.left if s.text[:1].islower()}
    for sentence in case.fresh:
        first = sentence.text[:1]
        said = words_of(sentence.text)
        small = proper and first.islower() and sentence.text.split()[0] not in own
        if small or critic_words("shape", "opening").match(said) or first in ",.;:)":
            yield sentence


def without_a_head(case: Case) -> Iterator[Sentence]:
    """Yield sentences of one word that names nothing: "Mild."."""
    yield from (s for s in case.fresh if critic_words("shape", "single").fullmatch(_bare(s)))


def said_twice(case: Case) -> Iterator[Sentence]:
    """Yield fresh sentences that their section has already."""
    keys = [key_of(s) for s in case.after]
    yield from (s for s in case.fresh if keys.count(key_of(s)) > 1)


def badly_numbered(case: Case) -> Iterator[Sentence]:
    """Yield the last sentence of a section whose list lost its order, or has a number without an item."""
    for section in case.mixed.sections:
        before = case.recipient.section(section.name)
        own = [s for s in case.after if s.section == section.name]
        if before is None or not own:
            continue
        was = case.recipient_text[before.start : before.end]
        text = case.mixed_text[section.start : section.end]
        if _disordered(text) and not _disordered(was):
            yield own[-1]


def _disordered(text: str) -> bool:
    if _NUMBER_ALONE.search(text):
        return True
    numbers = [int(found) for found in _NUMBER.findall(text)]
    return bool(numbers) and numbers != list(range(numbers[0], numbers[0] + len(numbers)))


def find_empty_sections(case: Case) -> Iterator[Sentence]:
    """Yield the first sentence of each section that had some and has none."""
    there = {s.section for s in case.after} | _named(case.mixed)
    seen: set[str] = set()
    for sentence in case.before:
        if sentence.section not in there | seen:
            seen.add(sentence.section)
            yield sentence


def _named(reading: Reading) -> set[str]:
    return {s.section for s in reading.sentences}


RULES = {
    "shape-dangling": dangling,
    "shape-broken": broken_inside,
    "shape-doubled-word": find_doubled_words,
    "shape-bad-opening": badly_opened,
    "shape-without-head": without_a_head,
    "shape-said-twice": said_twice,
    "shape-bad-numbering": badly_numbered,
    "shape-empty-section": find_empty_sections,
}
