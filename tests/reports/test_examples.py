"""Examples of patterns: every built-in phrase has one that fits, and each alternative comes in."""

import re

import pytest

from medcutmix_cli.reports.examples import examples, looks_around
from medcutmix_cli.reports.tables import table
from medcutmix_cli.reports.words import canonical, compile_phrases

BUILT_IN = [
    (name, phrase)
    for name, kind, keys in (
        ("findings", "finding", ("terms", "signs")),
        ("findings", "anatomy", ("subjects", "abnormal", "normal")),
        ("assertion", "cue", ("phrases",)),
    )
    for entry in table(name)[kind]
    for key in keys
    for phrase in entry.get(key, ())
]


def test_every_built_in_phrase_can_match_and_has_an_example_that_does():
    assert len(BUILT_IN) > 300
    for name, phrase in BUILT_IN:
        macros = table(name)["macro"]
        pattern = compile_phrases([phrase], macros)
        made = examples(phrase, macros)
        matches = any(canonical(one).text == one and pattern.fullmatch(one) for one in made)
        assert matches or looks_around(phrase), (
            phrase
        )  # the families of `test_assertion.py` have those that look


@pytest.mark.parametrize(
    ("phrase", "parts"),
    [
        ("nodules?", {"nodule", "nodules"}),
        ("(?:left|right|both) lungs?", {"left lung", "right lung", "both lung", "left lungs"}),
        ("visuali[sz]ed", {"visualised", "visualized"}),
        (r"no(?: \w+){0,2} change", {"no change", "no z change", "no z z change"}),
        (r"\d+ mm", {"7 mm"}),
        ("{side}mass", {"mass", "left mass"}),
    ],
)
def test_each_choice_comes_in(phrase, parts):
    macros = {"side": "(?:left )?"}
    made = examples(phrase, macros)
    assert parts <= set(made)
    assert all(re.fullmatch(phrase.replace("{side}", macros["side"]), one) for one in made)


def test_there_are_never_many():
    assert len(examples("(?:a|b|c|d|e|f|g|h|i|j)" * 9, {})) <= 48
