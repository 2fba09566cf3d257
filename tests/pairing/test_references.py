from itertools import product

import pytest

from medcutmix_cli.pairing.clauses import reread
from medcutmix_cli.pairing.references import antecedents, points_back
from medcutmix_cli.pairing.removals import Removal, departure
from medcutmix_cli.pairing.statements import Refusal
from medcutmix_cli.reports.reader import ReportReader
from tests.builders import make_report

HEADS = {
    "pleural_effusion": "Small left pleural effusion.",
    "atelectasis": "There is left basilar atelectasis.",
    "pneumonia": "Left lower lobe pneumonia.",
    "mass": "Left upper lobe mass.",
    "pneumothorax": "Small left pneumothorax.",
}
POINTING = [
    "This is unchanged.",
    "These are new.",
    "It is better seen on the lateral view.",
    "This may represent infection.",
    "The appearance is unchanged.",
    "The etiology is unclear.",
    "Differential considerations are broad.",
    "May be related to aspiration.",
    "Could represent an early infection.",
    "Decreased from the prior film.",
    "Slightly increased since the previous study.",
    "Unchanged.",
    "Severe slightly smaller than before.",
    "Aspiration is also possible.",
    "Measuring 3 cm.",
    "Maybe due to aspiration.",
    "There is extension to the margin.",
]
ELSEWHERE = [
    "Repeat films after treatment to document clearing.",
    "Recommend followup to ensure resolution.",
    "CT is recommended for further evaluation.",
    "The etiology of these is unclear.",
    "These findings are nonspecific.",
]
STAYING = [
    "Heart size is normal.",
    "The lungs are well expanded.",
    "This study is limited by rotation.",
    "It is difficult to see the apices.",
    "No pneumoperitoneum.",
    "The aorta is tortuous and unchanged.",
    "The patient is rotated.",
    "Stable sternotomy wires.",
]
POINTS_BACK = Refusal("next-sentence-points-back")


def gone(finding, *findings, impression=()):
    """Return the sentences that leave whole, or the refusal."""
    reading = ReportReader().read(make_report(" ".join(findings), impression=impression))
    found = departure(reading, finding)
    return (
        [change.sentence.text for change in found.changes if change.left is None]
        if isinstance(found, Removal)
        else found
    )


@pytest.mark.parametrize(("finding", "pointing"), list(product(HEADS, POINTING)))
def test_a_sentence_about_the_one_before_leaves_with_it(finding, pointing):
    assert gone(finding, "Normal heart.", HEADS[finding], pointing) == [HEADS[finding], pointing]


@pytest.mark.parametrize("pointing", POINTING)
def test_it_stays_behind_a_sentence_that_stays(pointing):
    kept = "The left hemidiaphragm is elevated."
    assert gone("mass", HEADS["mass"], kept, pointing) == [HEADS["mass"]]


@pytest.mark.parametrize(("finding", "elsewhere"), list(product(HEADS, ELSEWHERE)))
def test_advice_and_references_anywhere_leave_with_the_only_finding(finding, elsewhere):
    found = gone(finding, HEADS[finding], "Normal heart.", "Normal mediastinum.", elsewhere)
    assert found == [HEADS[finding], elsewhere]


@pytest.mark.parametrize("advice", ELSEWHERE[:3])
def test_advice_beside_another_finding_stays(advice):
    assert gone("pleural_effusion", HEADS["pleural_effusion"], "Rib fracture.", advice) == [
        HEADS["pleural_effusion"]
    ]


def test_a_reference_that_may_mean_another_finding_is_refused():
    loose = "A lateral view may show more of these findings."
    assert gone("pleural_effusion", HEADS["pleural_effusion"], "Rib fracture.", loose) == POINTS_BACK


@pytest.mark.parametrize(("finding", "staying"), list(product(HEADS, STAYING)))
def test_a_sentence_about_something_else_stays(finding, staying):
    assert gone(finding, HEADS[finding], staying) == [HEADS[finding]]


@pytest.mark.parametrize(
    "pointing",
    [
        "This has caused a rib fracture.",
        "It obscures the left lung base and there is an elevated left hemidiaphragm.",
    ],
)
def test_a_pointing_sentence_that_says_more_is_refused(pointing):
    assert gone("mass", HEADS["mass"], pointing) == POINTS_BACK


@pytest.mark.parametrize(
    "loose", ["Hazy density at the left base.", "Irregular fullness.", "There is a dense shadow."]
)
def test_a_loose_word_for_a_shadow_is_refused_where_a_shadow_leaves(loose):
    assert gone("pneumonia", HEADS["pneumonia"], loose) == POINTS_BACK
    assert gone("pneumothorax", HEADS["pneumothorax"], loose) == [HEADS["pneumothorax"]]


def test_a_rare_word_of_an_explanation_is_known_again():
    text = "Left upper lobe opacity, likely an aspergilloma."
    found = gone("opacity", text, "Normal heart.", impression=("Suspected left aspergilloma.",))
    assert found == [text, "Suspected left aspergilloma."]


@pytest.mark.parametrize(
    ("finding", "sign"),
    [
        ("pneumothorax", "There is mediastinal shift to the right."),
        ("pneumothorax", "A deep sulcus sign is seen."),
        ("atelectasis", "There is associated volume loss."),
        ("pneumothorax", "The trachea is displaced."),
    ],
)
def test_a_sign_leaves_with_its_finding_and_stays_with_another(finding, sign):
    assert gone(finding, HEADS[finding], "Normal heart.", sign) == [HEADS[finding], sign]
    assert gone("mass", HEADS["mass"], "Normal heart.", sign) == [HEADS["mass"]]


def test_a_sign_of_what_stays_too_stays():
    sign = "Air bronchograms are seen."
    assert gone("pneumonia", HEADS["pneumonia"], "Normal heart.", sign) == [HEADS["pneumonia"], sign]
    found = gone("pneumonia", HEADS["pneumonia"], "Right apical consolidation.", "Normal heart.", sign)
    assert found == [HEADS["pneumonia"]]


@pytest.mark.parametrize("finding", ["pleural_effusion", "atelectasis"])
def test_a_shifted_midline_has_other_causes_than_a_small_finding(finding):
    assert gone(finding, HEADS[finding], "Mild rightward deviation of the trachea.") == [HEADS[finding]]


@pytest.mark.parametrize("denied", ["No mediastinal shift.", "The trachea is midline."])
def test_a_sign_that_is_denied_stays(denied):
    assert gone("pneumothorax", HEADS["pneumothorax"], denied) == [HEADS["pneumothorax"]]


def test_a_sentence_points_at_the_last_that_does_not_point_within_its_section():
    sentences = reread("Left mass. This is new. It is large. Normal heart.")
    assert antecedents(sentences) == {sentences[1]: sentences[0], sentences[2]: sentences[0]}
    assert antecedents(sentences[1:3]) == {sentences[1]: None, sentences[2]: sentences[1]}


@pytest.mark.parametrize("text", POINTING[:12])
def test_what_points_back_is_known(text):
    (sentence,) = reread(text)
    assert points_back(sentence)


@pytest.mark.parametrize("text", STAYING)
def test_what_does_not_point_back_is_known(text):
    (sentence,) = reread(text)
    assert not points_back(sentence)


PLACED = (
    "There is a granuloma in the adjacent base.",
    "Linear scarring at this level.",
    "Healed rib fracture overlying it.",
    "Granuloma in the same region.",
    "Overlying rib fracture.",
    "Adjacent pleural thickening.",
    "Rib fracture just above this.",
    "The lesion may be a granuloma.",
)


@pytest.mark.parametrize(("finding", "placed"), list(product(HEADS, PLACED)))
def test_a_finding_whose_place_is_given_by_what_leaves_does_not_stay(finding, placed):
    assert gone(finding, "Normal heart.", HEADS[finding], placed) == POINTS_BACK


@pytest.mark.parametrize(("finding", "placed"), list(product(HEADS, PLACED)))
def test_it_stays_where_its_place_is_given_by_what_stays(finding, placed):
    assert gone(finding, HEADS[finding], "Small hiatal hernia.", placed) == [HEADS[finding]]


@pytest.mark.parametrize("finding", ["pleural_effusion", "pneumothorax", "mass"])
@pytest.mark.parametrize(
    "placed", ["Granuloma in the left apex.", "Old rib fracture.", "Underlying lung disease with fibrosis."]
)
def test_a_place_of_its_own_is_no_reference(finding, placed):
    assert gone(finding, HEADS[finding], placed) == [HEADS[finding]]


def test_a_fissure_that_is_told_of_before_is_a_reference():
    told, placed = "Left pleural effusion with fluid in the fissure.", "Granuloma along the fissure."
    assert gone("pleural_effusion", told, placed) == POINTS_BACK
    assert gone("pleural_effusion", HEADS["pleural_effusion"], placed) == [HEADS["pleural_effusion"]]


@pytest.mark.parametrize("name", ["lesion", "focus", "pulmonary abnormality", "nodular density"])
def test_an_opacity_does_not_leave_where_the_impression_calls_it_otherwise(name):
    found = gone("opacity", "Left basilar opacity. Normal heart.", impression=(f"Left basilar {name}.",))
    assert isinstance(found, Refusal)


TIES = ("Associated", "There is associated", "Adjacent", "Resulting", "Subsequent", "Mild accompanying")
SHOWN = ("volume loss of the left lower lobe.", "elevation of the left hemidiaphragm.")


@pytest.mark.parametrize("finding", ["pleural_effusion", "mass", "consolidation"])
@pytest.mark.parametrize(("tie", "shown"), list(product(TIES, SHOWN)))
def test_what_goes_with_a_finding_does_not_stay_without_it(finding, tie, shown):
    noun = finding.replace("_", " ")
    assert gone(finding, f"There is a left {noun}.", f"{tie} {shown}", "The heart is normal.") == POINTS_BACK


CONDITIONS = (
    "if symptoms persist",
    "if there is persistent concern for rib fracture",
    "if clinical suspicion remains",
    "if the pain worsens",
)


@pytest.mark.parametrize("condition", CONDITIONS)
@pytest.mark.parametrize("finding", ["atelectasis", "pleural_effusion"])
def test_advice_for_symptoms_that_stay_is_about_no_finding(finding, condition):
    noun = finding.replace("_", " ")
    for advice in (
        f"No fracture; {condition}, repeat radiograph is recommended.",
        f"Consider CT {condition}.",
    ):
        left = gone(finding, f"There is a small left {noun}.", "The heart is normal.", impression=(advice,))
        assert advice not in left
