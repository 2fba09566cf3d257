"""A user's lexicon, tried before a run: phrases that never match or lose their words to others, tests that fail.

Tries words made from the patterns (`reports.examples`), and the file's own test sentences; needs no report.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from medcutmix_cli.errors import UsageError
from medcutmix_cli.reports.assertion import read_clause
from medcutmix_cli.reports.examples import examples, looks_around
from medcutmix_cli.reports.labels import finding_states
from medcutmix_cli.reports.lexicon import find_hits
from medcutmix_cli.reports.lexicon_changes import Passage, passages
from medcutmix_cli.reports.reader import ReportReader
from medcutmix_cli.reports.sentences import split_sentences, unwrap
from medcutmix_cli.reports.tables import BUILT_IN, read_lexicon, table, use_lexicon
from medcutmix_cli.reports.words import Words, canonical, compile_phrases, spans_of

_FINDING = "effusion"
"""Stands for any finding, beside which a cue is tried."""


class Flaw(StrEnum):
    """What can be wrong with a phrase or a test; `docs/lexicon.md` says what each means."""

    NEVER = "never"
    SHADOWED = "shadowed"
    AMBIGUOUS = "ambiguous"
    KNOWN = "known"
    UNTESTED = "untested"
    MISREAD = "misread"


@dataclass(frozen=True, slots=True)
class LexiconProblem:
    """One thing that is wrong with a lexicon.

    Attributes:
        line: Where it stands in the file, from 1.
        key: Its table and key: "[[finding]] add.terms".
        phrase: The pattern; "" for a test, whose sentence is not repeated.
        detail: What takes its words, or how a test was read.
    """

    flaw: Flaw
    line: int
    key: str
    phrase: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class LexiconEvaluation:
    """What was tried, and what is wrong.

    Attributes:
        phrases: Patterns that the file brings.
        tests: Its test sentences.
    """

    file: Path
    phrases: int
    tests: int
    problems: tuple[LexiconProblem, ...]

    @property
    def ok(self) -> bool:
        """Say whether nothing is wrong."""
        return not self.problems


@dataclass(frozen=True, slots=True)
class _Phrase:
    """One pattern that the file brings."""

    passage: Passage
    key: str
    text: str

    @property
    def macros(self) -> Mapping[str, str]:
        return _table_of(self.passage)["macro"]  # type: ignore[no-any-return]

    def problem(self, flaw: Flaw, detail: str = "") -> LexiconProblem:
        line = self.passage.line_of(self.key, self.text)
        return LexiconProblem(flaw, line, f"[[{self.passage.kind}]] {self.key}", self.text, detail)


def _table_of(passage: Passage) -> dict[str, Any]:
    return table("assertion" if passage.kind == "cue" else "findings")


def evaluate_lexicon(file: str | Path) -> LexiconEvaluation:
    """Try every phrase that a user's lexicon brings, and every test sentence in it.

    Raises:
        UsageError: The file cannot be read, or something in it does not fit.
    """
    lexicon = read_lexicon(file)
    if not lexicon.source:
        raise UsageError("no lexicon was named", hint="medcutmix evaluate lexicon FILE")
    found = passages(lexicon.text, lexicon.source)
    tests = [passage for passage in found if passage.kind == "test"]
    brought = [_Phrase(passage, key, text) for passage in found for key, text in passage.phrases()]
    with use_lexicon(lexicon):
        sentences = [words for test in tests for words in _sentences(test.said["sentence"])]
        problems = [problem for phrase in brought for problem in _problems(phrase, sentences)]
        problems += [problem for test in tests for problem in _misread(test)]
    in_order = sorted(problems, key=lambda one: (one.line, one.flaw))
    return LexiconEvaluation(Path(file), len(brought), len(tests), tuple(in_order))


def _sentences(text: str) -> list[Words]:
    plain = unwrap(text)
    return [canonical(plain[begin:end]) for begin, end, _ in split_sentences(plain, 0, len(plain))]


def _misread(test: Passage) -> Iterator[LexiconProblem]:
    states = finding_states(ReportReader().read(test.said["sentence"]))
    read = {name: state.value for name, state in states.items()}
    if read != test.said["findings"]:
        detail = "read as " + (
            ", ".join(f"{name} {state}" for name, state in sorted(read.items())) or "nothing"
        )
        yield LexiconProblem(Flaw.MISREAD, test.line_of("sentence"), "[[test]] sentence", "", detail)


@dataclass(frozen=True, slots=True)
class _Example:
    """Words that a phrase matches: the first `size` of `text`; the rest is what it must stand before."""

    text: str
    size: int


def _problems(phrase: _Phrase, sentences: list[Words]) -> Iterator[LexiconProblem]:
    pattern = compile_phrases([phrase.text], phrase.macros)
    made = examples(phrase.text, phrase.macros)
    matched = [(one, pattern.match(one)) for one in made if canonical(one).text == one]
    fitting = [_Example(one, len(canonical(found.group()))) for one, found in matched if found]
    if not fitting and not (matched and looks_around(phrase.text)):
        near = canonical(made[0]).text
        yield phrase.problem(Flaw.NEVER, f"{made[0]!r} is read as {near!r}" if near != made[0] else "")
        return
    if _is_known(phrase):
        yield phrase.problem(Flaw.KNOWN)
    elif fitting and phrase.passage.kind != "anatomy":
        yield from _overruled(phrase, fitting)
    if not any(spans_of(pattern, words) for words in sentences):
        yield phrase.problem(Flaw.UNTESTED)


def _is_known(phrase: _Phrase) -> bool:
    key = phrase.key.removeprefix("add.")
    return key != phrase.key and any(
        phrase.text in entry.get(key, ()) for entry in _built_in_entries(phrase.passage)
    )


def _built_in_entries(passage: Passage) -> list[dict[str, Any]]:
    """Return the built-in entries that the passage changes."""
    with use_lexicon(BUILT_IN):
        entries = _table_of(passage)[passage.kind]
    own = {name: passage.said[name] for name in ("id", "category", "direction") if name in passage.said}
    listed = [entries] if isinstance(entries, dict) else entries
    return [entry for entry in listed if all(entry.get(name) == value for name, value in own.items())]


def _overruled(phrase: _Phrase, fitting: list[_Example]) -> Iterator[LexiconProblem]:
    """Yield what takes the phrase's words, if it does so in all examples; and who shares them in any."""
    tried = [
        _tried_cue(phrase, one) if phrase.passage.kind == "cue" else _tried_name(phrase, one)
        for one in fitting
    ]
    if not any(own for own, _ in tried):
        takers = sorted({taker for _, others in tried for taker in others})
        yield phrase.problem(Flaw.SHADOWED, ", ".join(takers))
        return
    sharing = sorted({other for own, others in tried if own for other in others})
    if sharing:
        yield phrase.problem(Flaw.AMBIGUOUS, ", ".join(sharing))


_Tried = tuple[bool, list[str]]
"""(whether the phrase has its words, what else has all of them)"""


def _tried_name(phrase: _Phrase, example: _Example) -> _Tried:
    hits = [hit for hit in find_hits(canonical(example.text)) if not hit.normal]
    found = {hit.finding for hit in hits if (hit.begin, hit.end) == (0, example.size)}
    if phrase.passage.kind == "ignore":  # it has its words where nobody else names a finding in them
        return not found, sorted(_names(example))
    own = phrase.passage.said["id"]
    meant = {own, _measured(own)} & found
    return bool(meant), sorted(found - meant) if found else ["an exclusion or a longer phrase"]


def _names(example: _Example) -> Iterator[str]:
    """Yield the findings that all words of the example name."""
    rules = table("findings")
    for entry in rules["finding"]:
        pattern = compile_phrases([*entry["terms"], *entry.get("signs", ())], rules["macro"])
        if _is_all(pattern, example):
            yield entry["id"]


def _is_all(pattern: re.Pattern[str], example: _Example) -> bool:
    words = canonical(example.text)
    return (0, example.size) in spans_of(pattern, words)


def _measured(finding: str) -> str:
    return next((e.get("measured", "") for e in table("findings")["finding"] if e["id"] == finding), "")


def _tried_cue(phrase: _Phrase, example: _Example) -> _Tried:
    own, before = phrase.passage.said["category"], phrase.passage.said["direction"] == "before"
    words = canonical(f"{example.text} {_FINDING}" if before else f"{_FINDING} {example.text}")
    begin, finding = (0, len(words) - 1) if before else (1, 0)
    clause = read_clause(words, [(finding, finding + 1)])
    place = (begin, begin + example.size)
    kept = any(cue.category == own for cue in clause.cues if (cue.begin, cue.end) == place)
    others = sorted({f"a cue of {name!r}" for name in _categories(example, phrase) if name != own})
    return kept, others if kept or others else ["a longer cue"]


def _categories(example: _Example, phrase: _Phrase) -> Iterator[str]:
    """Yield the categories of which all words of the example are a cue, in the phrase's direction."""
    towards = phrase.passage.said["direction"]
    for cue in table("assertion")["cue"]:
        cues = compile_phrases(cue["phrases"] if cue["direction"] == towards else (), phrase.macros)
        if _is_all(cues, example):
            yield cue["category"]
