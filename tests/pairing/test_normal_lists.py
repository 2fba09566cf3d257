"""Of what a sentence calls normal in one list, what is still true stays, and no more."""

import pytest

from medcutmix_cli.pairing.changes import cross, host, swap
from medcutmix_cli.pairing.statements import Refusal
from tests.builders import make_report
from tests.pairing.test_changes import mixed, read

GIVEN = {
    "pleural_effusion": "Small left pleural effusion.",
    "pneumothorax": "Small left pneumothorax.",
    "consolidation": "Left lower lobe consolidation.",
    "pneumonia": "Left lower lobe pneumonia.",
    "opacity": "Patchy opacity in the left lower lobe.",
    "atelectasis": "Left lower lobe atelectasis.",
}
OF_LUNG = ("consolidation", "pneumonia", "opacity")
ACUTE = (*OF_LUNG, "pleural_effusion", "pneumothorax")


def said_beside(finding, text):
    """Return what the findings section says beside what came into it."""
    report = make_report(f"Normal heart size. {text}")
    left = mixed(host(read(report), read(make_report(GIVEN[finding]), 1), finding), report)
    return left.split("FINDINGS:")[1].replace(GIVEN[finding], "").replace("Normal heart size.", "").strip()


ORGANS = [
    ("No acute cardiac or pulmonary process.", "No acute cardiac process."),
    ("No acute pulmonary or cardiac abnormality.", "No acute cardiac abnormality."),
    ("No evidence of acute cardiac or pulmonary disease.", "No evidence of acute cardiac disease."),
    ("There is no acute mediastinal, cardiac or lung process.", "There is no acute mediastinal or cardiac process."),
    ("No active cardiac, mediastinal, or pulmonary disease.", "No active cardiac or mediastinal disease."),
    ("No acute cardiopulmonary or osseous abnormality.", "No acute osseous abnormality."),
    ("No acute osseous or pulmonary findings.", "No acute osseous findings."),
    ("No acute bony, pulmonary or soft tissue abnormality.", "No acute bony or soft tissue abnormality."),
]  # fmt: skip


@pytest.mark.parametrize(("text", "left"), ORGANS)
@pytest.mark.parametrize("finding", ACUTE)
def test_an_organ_that_shows_what_came_leaves_a_list_of_denials(finding, text, left):
    assert said_beside(finding, text) == left


@pytest.mark.parametrize("finding", OF_LUNG)
def test_the_pleura_stays_in_a_list_beside_a_shadow_of_the_lung(finding):
    assert said_beside(finding, "No acute pulmonary or pleural process.") == "No acute pleural process."


@pytest.mark.parametrize(
    "text", ["No acute osseous abnormality.", "No acute bony or soft tissue abnormality."]
)
@pytest.mark.parametrize("finding", ACUTE)
def test_other_parts_of_the_body_are_left_as_they_are(finding, text):
    assert said_beside(finding, text) == text


PARTS = [
    ("The lungs and costophrenic angles are clear.", "The costophrenic angles are clear."),
    ("The lungs and the pleural spaces are clear.", "The pleural spaces are clear."),
    ("Lungs and pleural spaces are clear.", "Pleural spaces are clear."),
]


@pytest.mark.parametrize(("text", "left"), PARTS)
@pytest.mark.parametrize("finding", [*OF_LUNG, "atelectasis"])
def test_the_lungs_leave_a_list_of_what_is_clear(finding, text, left):
    assert said_beside(finding, text) == left


def test_the_angles_leave_it_beside_an_effusion():
    assert said_beside("pleural_effusion", PARTS[0][0]) == "The lungs are clear."


FULL = [
    ("The lungs are well expanded and clear.", "The lungs are clear.", "The lungs are well expanded."),
    ("The lungs are clear and fully inflated.", "The lungs are clear.", "The lungs are fully inflated."),
    ("Both lungs are clear and expanded.", "Both lungs are clear.", "Both lungs are expanded."),
    ("Well-expanded and clear lungs.", "Clear lungs.", "Well-expanded lungs."),
    ("Overall, well-expanded and clear lungs.", "Overall, clear lungs.", "Overall, well-expanded lungs."),
]


@pytest.mark.parametrize(("text", "clear", "full"), FULL)
def test_a_lung_beside_air_stays_clear_and_one_with_a_shadow_expanded(text, clear, full):
    assert said_beside("pneumothorax", text) == clear
    assert {said_beside(finding, text) for finding in (*OF_LUNG, "atelectasis")} == {full}


@pytest.mark.parametrize("finding", ["pleural_effusion", "pneumothorax"])
@pytest.mark.parametrize("organ", ["lung", "pulmonary", "parenchymal"])
def test_no_focal_lung_abnormality_says_nothing_of_the_pleura(finding, organ):
    assert said_beside(finding, f"No focal {organ} abnormality.") == f"No focal {organ} abnormality."


@pytest.mark.parametrize("finding", OF_LUNG)
def test_it_denies_a_shadow_of_the_lung(finding):
    assert said_beside(finding, "No focal lung abnormality.") == ""


PLACED = {"atelectasis": "atelectasis", "opacity": "opacity", "consolidation": "consolidation"}
CLEAR = ["The lungs are clear.", "Lungs are clear bilaterally.", "Clear lungs."]


def swapped_at(leaving, coming, said, finding="atelectasis"):
    report = make_report(f"{leaving} {PLACED[finding]}. {said}")
    given = read(make_report(f"{coming} {PLACED[finding]}."), 1)
    return mixed(swap(read(report), given, finding), report)


@pytest.mark.parametrize("said", CLEAR)
@pytest.mark.parametrize(
    ("leaving", "coming"),
    [
        ("Large hiatal hernia with adjacent compressive", "Platelike right midlung"),
        ("Minimal left basilar", "Linear right midlung"),
        ("Minimal left basilar", "Mild left apical"),
        ("Minimal left basilar", "Mild bibasilar"),
    ],
)
def test_lungs_are_not_clear_beside_what_came_to_another_place(leaving, coming, said):
    assert "clear" not in swapped_at(leaving, coming, said).lower()


@pytest.mark.parametrize("said", [*CLEAR, "The lungs are otherwise clear."])
def test_they_are_called_so_beside_its_like_at_one_place(said):
    assert said in swapped_at("Minimal left basilar", "Mild left basilar", said)


def test_otherwise_clear_stays_at_any_place():
    said = "The lungs are otherwise clear."
    assert said in swapped_at("Minimal left basilar", "Linear right midlung", said)


OUTLINES = ["irregular", "rounded", "ovoid", "spiculated", "well-defined", "lobulated"]


@pytest.mark.parametrize("outline", OUTLINES)
@pytest.mark.parametrize("denied", ["No nodules.", "There are no nodules or masses.", "No lung lesions."])
def test_a_shadow_with_the_outline_of_a_nodule_does_not_come_beside_no_nodules(outline, denied):
    report = make_report(f"Normal heart size. {denied}")
    donor = read(make_report(f"There is an {outline} opacity at the left apex."), 1)
    assert isinstance(host(read(report), donor, "opacity"), Refusal)
    assert isinstance(
        cross(read(make_report(f"Small effusion. {denied}")), donor, "pleural_effusion", "opacity"), Refusal
    )


WITHOUT = [
    ("Low lung volumes without focal cardiopulmonary disease.", "Low lung volumes."),
    ("Low lung volumes without cardiopulmonary disease.", "Low lung volumes."),
    ("Low lung volumes without evidence of cardiopulmonary disease.", "Low lung volumes."),
    ("Tortuous aorta without any intrathoracic abnormality.", "Tortuous aorta."),
]


@pytest.mark.parametrize(("text", "left"), WITHOUT)
@pytest.mark.parametrize("finding", ACUTE)
def test_without_disease_denies_as_no_disease_does(finding, text, left):
    assert said_beside(finding, text) == left
