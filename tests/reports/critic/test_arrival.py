"""A sentence that came must stand alone."""

import pytest

from tests.reports.critic.reports import HEART, report, rules_broken

NAMES = {"pleural_effusion": "pleural effusion", "nodule": "nodule", "consolidation": "consolidation"}
CUES = [
    ("came-with-comparison", "Unchanged left {name}."),
    ("came-with-comparison", "The left {name} has increased."),
    ("came-with-comparison", "Left {name}, new since the prior study."),
    ("came-with-comparison", "Left {name} is present and appears increased."),
    ("came-with-view", "Left {name} seen on the lateral view."),
    ("came-with-view", "Left {name} on the decubitus film."),
    ("came-with-measurement", "There is a 2.3 cm left {name}."),
    ("came-with-measurement", "Left {name} measuring 5 mm."),
    ("came-with-removed-words", "Left XXXX {name}."),
    ("came-with-patient", "Left {name} in this patient with fever."),
    ("came-with-examination", "Left {name}, as on the CT."),
    ("came-with-order", "Left {name}, recommend followup."),
    ("came-pointing-back", "Additional left {name}."),
    ("came-pointing-back", "Left {name} as described above."),
]


@pytest.mark.parametrize(("rule", "text"), CUES)
@pytest.mark.parametrize("came", NAMES)
def test_what_cannot_stand_alone_is_seen(came, rule, text):
    entering = text.format(name=NAMES[came])
    found = rules_broken(report(HEART), report(f"{HEART} {entering}"), "", came, "none", "left")
    assert rule in found
    kept = report(f"{HEART} {entering}")
    assert rule not in rules_broken(kept, kept, "", came, "none", "left")  # the recipient's own may say so


@pytest.mark.parametrize(
    "text", ["Left {name}.", "There is a left {name} in the lateral aspect of the chest."]
)
@pytest.mark.parametrize("came", NAMES)
def test_a_plain_sentence_stands_alone(came, text):
    mixed = report(f"{HEART} {text.format(name=NAMES[came])}")
    assert rules_broken(report(HEART), mixed, "", came, "none", "left") == set()


@pytest.mark.parametrize(
    "came",
    [
        "Large left tension pneumothorax.",
        "Left pneumothorax with mediastinal shift.",
        "Left pneumothorax with shift of the mediastinum.",
    ],
)
def test_no_shift_comes_from_another_picture(came):
    recipient, mixed = report(HEART), report(f"{HEART} {came}")
    assert "came-with-shift" in rules_broken(recipient, mixed, "", "pneumothorax", "none", "left")


@pytest.mark.parametrize("came", ["Large left pneumothorax.", "Left pneumothorax without tension."])
def test_a_pneumothorax_without_a_shift_may_come(came):
    recipient, mixed = report(HEART), report(f"{HEART} {came}")
    assert "came-with-shift" not in rules_broken(recipient, mixed, "", "pneumothorax", "none", "left")


@pytest.mark.parametrize(
    "grown", ["Left effusion has grown.", "Growing left effusion.", "Left effusion with better aeration."]
)
def test_growth_comes_from_another_study(grown):
    recipient, mixed = report(HEART), report(f"{HEART} {grown}")
    assert "came-with-comparison" in rules_broken(recipient, mixed, "", "pleural_effusion", "none", "left")
    same = report(f"{HEART} Bilateral effusions, worse on the left.")
    assert "came-with-comparison" not in rules_broken(recipient, same, "", "pleural_effusion")
