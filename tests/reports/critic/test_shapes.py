"""A touched sentence has the shape of a sentence, a report that of a report."""

import pytest

from tests.reports.critic.reports import HEART, report, rules_broken

BROKEN = [
    ("shape-dangling", "Left {name} is."),
    ("shape-dangling", "Left {name} has."),
    ("shape-dangling", "Left {name} with mild bibasilar."),
    ("shape-dangling", "Left {name} and."),
    ("shape-dangling", "Left {name} which appears."),
    ("shape-dangling", "Left {name} in the."),
    ("shape-doubled-word", "Left left {name}."),
    ("shape-doubled-word", "Left {name} at the the base."),
    ("shape-bad-opening", "left {name}."),
    ("shape-bad-opening", "And left {name}."),
    ("shape-broken", "There is and left {name}."),
    ("shape-broken", "Left {name} the present."),
    ("shape-broken", "Left {name} with and."),
    ("shape-broken", "Chronic-appearing XXXX represent left {name}."),
    ("shape-broken", "No evidence of large pneumothorax, left {name}."),
]


@pytest.mark.parametrize(("rule", "text"), BROKEN)
@pytest.mark.parametrize("name", ["pneumonia", "atelectasis", "consolidation"])
def test_a_broken_sentence_is_seen_where_it_was_touched(name, rule, text):
    entering = text.format(name=name)
    found = rules_broken(report(HEART), report(f"{HEART} {entering}"), "", name, "none", "left")
    assert rule in found
    kept = report(f"{HEART} {entering}")
    assert rule not in rules_broken(kept, kept, "", name, "none", "left")


@pytest.mark.parametrize(
    "text",
    [
        "Left effusion is small.",
        "The opacities are bilateral.",
        "The effusion appears small.",
        "Effusion on the left.",
        "Atelectasis and/or infiltrate at the left base.",
        "Opacity is seen.",
    ],
)
def test_a_whole_sentence_is_none(text):
    mixed = report(f"{HEART} {text}")
    found = rules_broken(report(HEART), mixed, "", "pleural_effusion", "none", "left")
    assert not [rule for rule in found if rule.startswith("shape-")]


def test_a_word_that_names_nothing_is_no_sentence():
    found = rules_broken(report(HEART), report(f"{HEART} Mild."), "", "pneumonia")
    assert "shape-without-head" in found


def test_a_sentence_that_came_twice_is_seen():
    twice = f"{HEART} Left pneumonia. Left pneumonia."
    assert "shape-said-twice" in rules_broken(report(HEART), report(twice), "", "pneumonia", "none", "left")


@pytest.mark.parametrize(
    ("impression", "seen"),
    [
        ("1. Left pneumonia.\n2. Cardiomegaly.", False),
        ("1. Left pneumonia.\n3. Cardiomegaly.", True),
        ("1. Left pneumonia.\n2. 3. Cardiomegaly.", True),
    ],
)
def test_a_list_out_of_order_is_seen(impression, seen):
    recipient = report(HEART, "1. Right effusion.\n2. Cardiomegaly.")
    found = rules_broken(recipient, report(HEART, impression), "pleural_effusion", "pneumonia")
    assert ("shape-bad-numbering" in found) is seen


def test_a_section_that_was_emptied_is_seen():
    recipient = report(f"{HEART} Left pneumonia.", "Left pneumonia.")
    assert "shape-empty-section" in rules_broken(
        recipient, report(f"{HEART} Right effusion."), "pneumonia", "pleural_effusion"
    )


@pytest.mark.parametrize("together", ["combination", "mixture"])
def test_a_combination_of_one_is_broken(together):
    recipient = report(f"{HEART} The right base is opacified by a {together} of effusion and atelectasis.")
    mixed = report(f"{HEART} The right base is opacified by a {together} of effusion. Left upper lobe mass.")
    assert "shape-broken" in rules_broken(recipient, mixed, "atelectasis", "mass", "right", "left")
