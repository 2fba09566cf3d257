from itertools import product

import pytest

from medcutmix_cli.pairing.losses import BROKEN, LOST, STILL_SPOKEN_OF
from medcutmix_cli.pairing.removals import Removal, departure
from medcutmix_cli.pairing.statements import Refusal
from medcutmix_cli.reports.reader import ReportReader
from tests.builders import make_report

SHADOWS = {
    "opacity": "opacity",
    "atelectasis": "atelectasis",
    "pneumonia": "pneumonia",
    "consolidation": "consolidation",
    "infiltrate": "infiltrate",
}
PAIRS = [(one, other) for one, other in product(SHADOWS, repeat=2) if one != other]
ADVICE = [
    "Recommend followup to document resolution.",
    "Additional evaluation is advised.",
    "Consider CT for further evaluation.",
]


def leaves(text, finding, impression=""):
    """Return the refusal of a departure, or the sentences that leave or change."""
    report = make_report(text, impression=(impression,) if impression else ())
    found = departure(ReportReader().read(report), finding)
    return [change.sentence.text for change in found.changes] if isinstance(found, Removal) else found


@pytest.mark.parametrize(("one", "other"), PAIRS)
def test_two_findings_side_by_side_do_not_leave_as_one(one, other):
    text = f"Left basilar {one}."
    told = f"Left basilar {other} and focal {one}."
    assert leaves(text, one, impression=told) != [text, told]


@pytest.mark.parametrize(("one", "other"), PAIRS)
@pytest.mark.parametrize("joint", ["or", "versus"])
def test_alternatives_leave_as_one(joint, one, other):
    text, told = f"Left basilar {one}.", f"Left basilar {one} {joint} {other}."
    assert leaves(text, one, impression=told) == [text, told]


@pytest.mark.parametrize("finding", SHADOWS)
@pytest.mark.parametrize("bone", ["thoracic vertebral body", "thoracic spine"])
def test_a_shadow_of_the_spine_does_not_leave_as_one_of_the_lung(bone, finding):
    spine = f"Lower {bone} {finding}."
    assert leaves(f"Left basilar {finding}. {spine}", finding) == LOST
    assert leaves(f"Left basilar {finding}. Degenerative change of the {bone}.", finding) == [
        f"Left basilar {finding}."
    ]


@pytest.mark.parametrize("words", ["patchy density", "stranding", "fullness"])
def test_a_shadow_without_name_does_not_leave_with_an_effusion(words):
    text = f"There is an area of {words} in the right lower lung with right pleural effusion."
    assert leaves(text, "pleural_effusion") == LOST


@pytest.mark.parametrize("finding", SHADOWS)
def test_a_sign_of_what_stays_does_not_leave(finding):
    text = f"Bibasilar {finding} and bilateral costophrenic blunting are present."
    assert leaves(text, finding, impression="Small bilateral pleural effusions.") in (
        LOST,
        Refusal("recipient-sentence-has-other-findings"),
    )


@pytest.mark.parametrize("advice", ADVICE)
@pytest.mark.parametrize("finding", SHADOWS)
def test_advice_behind_what_leaves_does_not_stay(finding, advice):
    text = f"Left basilar {finding}."
    found = leaves(text, finding, impression=f"Stable cardiomegaly. {text} {advice}")
    assert found in ([text, text, advice], STILL_SPOKEN_OF)


@pytest.mark.parametrize("advice", ADVICE)
@pytest.mark.parametrize("finding", SHADOWS)
def test_advice_behind_what_stays_stays(finding, advice):
    text = f"Left basilar {finding}."
    assert leaves(text, finding, impression=f"{text} Right rib fracture. {advice}") == [text, text]


@pytest.mark.parametrize("name", ["scar", "mass", "nodule"])
def test_another_name_in_the_impression_does_not_stay(name):
    found = leaves("Right basilar opacity.", "opacity", impression=f"Right basilar {name}.")
    assert found in (STILL_SPOKEN_OF, ["Right basilar opacity.", f"Right basilar {name}."])


@pytest.mark.parametrize("name", ["scar", "mass", "nodule"])
def test_a_name_of_another_place_stays(name):
    assert leaves("Right basilar opacity.", "opacity", impression=f"Left apical {name}.") == [
        "Right basilar opacity."
    ]


@pytest.mark.parametrize("disease", ["Chronic interstitial disease.", "Changes of chronic lung disease."])
def test_markings_do_not_leave_where_their_disease_stays(disease):
    text = "Increased interstitial markings in both lungs."
    assert leaves(text, "opacity", impression=disease) in (STILL_SPOKEN_OF, [text, disease])
    assert leaves(text, "opacity", impression="Normal vascular markings.") == [text]


@pytest.mark.parametrize("finding", SHADOWS)
@pytest.mark.parametrize("words", ["Stable chest.", "Unchanged chest.", "Overall no significant change."])
def test_a_stable_chest_does_not_stay_beside_another_finding(words, finding):
    text = f"Stable left basilar {finding}."
    assert leaves(text, finding, impression=words) in (STILL_SPOKEN_OF, [text, words])
    assert leaves(text, finding, impression="Stable heart size.") == [text]


@pytest.mark.parametrize("finding", ["pneumothorax", "pleural_effusion"])
def test_a_list_that_lost_its_first_words_is_refused(finding):
    text = "Marrow pneumothorax, focal lung consolidation or pleural effusions."
    assert not isinstance(leaves(text, finding), list)


def test_a_side_is_not_left_beside_another():
    text = "There are small bilateral pleural effusions, left greater than right with left basilar opacities."
    assert leaves(text, "pleural_effusion") == BROKEN


@pytest.mark.parametrize("finding", SHADOWS)
def test_a_region_that_nothing_names_is_not_left(finding):
    text = f"Right middle lobe {finding} and scarring in this region."
    assert not isinstance(leaves(text, finding), list)


@pytest.mark.parametrize("finding", SHADOWS)
def test_what_is_denied_beside_it_does_not_leave(finding):
    text = f"Mild left basilar {finding}; no acute disease."
    found = leaves(text, finding)
    assert found == LOST or found == [text]


@pytest.mark.parametrize("advice", ADVICE)
@pytest.mark.parametrize("shown", ["Hypoinflation", "Low lung volumes"])
def test_advice_leaves_where_what_is_left_names_no_finding(shown, advice):
    text = "Left basilar infiltrate."
    told = f"{shown} with left basilar infiltrate."
    assert leaves(text, "infiltrate", impression=f"{told} {advice}") in (
        [text, told, advice],
        STILL_SPOKEN_OF,
    )


def test_markings_beside_a_shadow_do_not_leave_with_it():
    told = "Stable interstitial markings and bibasilar opacities which may represent atelectasis."
    assert not isinstance(leaves("Bibasilar atelectasis.", "atelectasis", impression=told), list)


@pytest.mark.parametrize("words", ["Prominent pulmonary XXXX.", "Prominence of the pulmonary vasculature."])
def test_vessels_do_not_leave_as_a_shadow(words):
    assert not isinstance(leaves(words, "opacity"), list)


@pytest.mark.parametrize("words", ["suggests", "is consistent with"])
def test_what_the_appearance_is_taken_for_leaves_with_it(words):
    text, told = "Bibasilar opacities.", f"Bibasilar opacities; the appearance {words} atelectasis."
    assert leaves(text, "opacity", impression=told) == [text, told]


TAILS = [", small on the right", ", larger on the left", ", small on the right and moderate on the left"]


@pytest.mark.parametrize("tail", TAILS)
@pytest.mark.parametrize(
    ("listed", "leaving"),
    [
        ("Bilateral effusions, atelectasis and edema", "pleural_effusion"),
        ("Bilateral effusions, atelectasis and edema", "atelectasis"),
        ("Pneumothorax, consolidation and effusion", "pneumothorax"),
        ("Consolidation and effusion", "pleural_effusion"),
        ("Pneumothorax and effusion", "pleural_effusion"),
    ],
)
def test_a_side_behind_a_list_is_not_lost_nor_left_to_another(listed, leaving, tail):
    assert isinstance(leaves(f"There are {listed.lower()}{tail}.", leaving), Refusal)


@pytest.mark.parametrize("tail", TAILS[:2])
def test_a_side_behind_a_list_stays_with_what_it_was_told_of(tail):
    text = f"There are edema and effusions{tail}."
    assert leaves(text, "edema") == [text]


TOGETHER = ["a combination of", "a mixture of", "some combination of", "a mix of"]


@pytest.mark.parametrize("together", TOGETHER)
@pytest.mark.parametrize("leaving", ["pleural_effusion", "atelectasis"])
def test_one_of_a_combination_does_not_leave_it_alone(leaving, together):
    text = f"The right base is hazy from {together} effusion and atelectasis."
    assert isinstance(leaves(text, leaving), Refusal)
