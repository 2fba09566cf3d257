import pytest

from medcutmix_cli.records import Side
from medcutmix_cli.reports.reader import ReportReader

L, R, B, N = Side.LEFT, Side.RIGHT, Side.BILATERAL, Side.NONE


def mentions(sentence):
    return {m.finding: m for s in ReportReader().read(sentence).sentences for m in s.mentions}


@pytest.mark.parametrize(
    ("sentence", "sides"),
    [
        ("Small left-sided pleural effusion.", {"pleural_effusion": L}),
        ("Consolidation in the RLL.", {"consolidation": R}),
        ("Lingular atelectasis.", {"atelectasis": L}),
        ("Bibasilar atelectasis.", {"atelectasis": B}),
        ("Pleural effusions, left greater than right.", {"pleural_effusion": B}),
        ("Left effusion greater than right.", {"pleural_effusion": B}),
        ("Opacities at the left and right bases.", {"opacity": B}),
        ("Opacity in the left lower lobe and a right effusion.", {"opacity": L, "pleural_effusion": R}),
        ("Left effusion with right basilar atelectasis.", {"pleural_effusion": L, "atelectasis": R}),
        ("Atelectasis and effusion at the left base.", {"atelectasis": L, "pleural_effusion": L}),
        ("Left lower lobe consolidation and effusion.", {"consolidation": L, "pleural_effusion": L}),
        ("On the right, there is a large pneumothorax.", {"pneumothorax": R}),
        ("Nodule, upper third of the left lung, 26 mm.", {"nodule": L}),
        ("Opacities at both lung bases are consistent with atelectasis.", {"opacity": B, "atelectasis": B}),
        ("Opacities in the lungs.", {"opacity": B}),
        ("There is a pneumothorax.", {"pneumothorax": N}),
        ("Moderate cardiomegaly and left effusion.", {"cardiomegaly": N, "pleural_effusion": L}),
        ("No right effusion; left pneumothorax.", {"pleural_effusion": R, "pneumothorax": L}),
        ("A nodule to the left of the carina in the right lung.", {"nodule": R}),
    ],
)
def test_each_finding_has_its_own_side(sentence, sides):
    assert {finding: m.side for finding, m in mentions(sentence).items()} == sides


@pytest.mark.parametrize("side", ["left-sided", "right"])
@pytest.mark.parametrize("when", ["following", "after", "status post"])
def test_the_side_of_a_tube_that_was_removed_is_no_findings(when, side):
    found = mentions(f"No pneumothorax {when} removal of {side} chest tubes.")
    assert found["pneumothorax"].side is N


def test_location_and_severity_stand_by_their_finding():
    found = mentions("Small left basilar effusion and moderate right upper lobe consolidation.")
    assert (found["pleural_effusion"].severity, found["pleural_effusion"].location) == ("small", "base")
    assert (found["consolidation"].severity, found["consolidation"].location) == ("moderate", "upper")


@pytest.mark.parametrize(
    ("sentence", "prior"),
    [
        ("Stable cardiomegaly, small effusion.", {"cardiomegaly": True, "pleural_effusion": False}),
        ("Unchanged cardiomegaly and small effusion.", {"cardiomegaly": True, "pleural_effusion": False}),
        ("Cardiomegaly and effusion are unchanged.", {"cardiomegaly": True, "pleural_effusion": True}),
        ("As compared to the prior film, a nodule, a mass.", {"nodule": True, "mass": True}),
        ("The effusion looks the same as on ___.", {"pleural_effusion": True}),
        ("Small effusion, unchanged.", {"pleural_effusion": True}),
        ("The heart is enlarged but stable.", {"cardiomegaly": True}),
        ("Again, there is a small effusion.", {"pleural_effusion": True}),
        ("Small effusion, stable cardiomegaly.", {"pleural_effusion": False, "cardiomegaly": True}),
        ("ET tube is unchanged, small effusion.", {"support_devices": True, "pleural_effusion": False}),
        ("There is a small effusion.", {"pleural_effusion": False}),
    ],
)
def test_prior_reference_is_per_finding(sentence, prior):
    assert {finding: m.prior for finding, m in mentions(sentence).items()} == prior


@pytest.mark.parametrize(
    ("sentence", "sizes"),
    [
        ("There is a 12 mm nodule in the left upper lobe.", {"nodule": "12 mm"}),
        (
            "Mass measuring 3.5 x 2.2 cm and a small effusion.",
            {"mass": "3.5 x 2.2 cm", "pleural_effusion": ""},
        ),
        ("A 5 mm nodule and a 4 cm mass.", {"nodule": "5 mm", "mass": "4 cm"}),
        ("Nodule, upper third of the left lung, 26 mm.", {"nodule": "26 mm"}),
        ("The endotracheal tube ends 4 cm above the carina.", {"support_devices": "4 cm"}),
        ("Small left effusion.", {"pleural_effusion": ""}),
    ],
)
def test_each_finding_has_its_own_size(sentence, sizes):
    assert {finding: m.measurement for finding, m in mentions(sentence).items()} == sizes


@pytest.mark.parametrize(
    ("sentence", "places"),
    [
        ("Right upper lobe consolidation.", {"consolidation": "upper"}),
        ("Consolidation in the RML.", {"consolidation": "middle"}),
        ("Lingular opacity and apical pneumothorax.", {"opacity": "lingula", "pneumothorax": "apex"}),
        ("Retrocardiac opacity.", {"opacity": "retrocardiac"}),
        ("Perihilar infiltrates.", {"infiltrate": "perihilar"}),
        ("Left lower lobe atelectasis with mild cardiomegaly.", {"atelectasis": "lower", "cardiomegaly": ""}),
    ],
)
def test_each_finding_has_its_own_lobe_or_zone(sentence, places):
    assert {finding: m.location for finding, m in mentions(sentence).items()} == places


WORDS = {
    "effusion": "pleural_effusion",
    "pneumothorax": "pneumothorax",
    "consolidation": "consolidation",
    "opacity": "opacity",
}
SHORT = {"Rt": R, "Lt": L, "R": R, "L": L, "rt.": R, "Right": R, "Left": L}
ONE_SIDE = ["{} A.", "Small {} A.", "{} basal A.", "No edema. {} A.", "{} A, no edema."]
# What moved and where it moved to says nothing of the finding.
MOVED = [
    ("Shift to the left with right A.", R),
    ("Mediastinal shift to the left and right A.", R),
    ("Right A with mediastinal shift to the left.", R),
    ("Right A with leftward shift of the trachea.", R),
    ("The trachea is deviated to the right by a left A.", L),
    ("The patient is rotated to the right. Left A.", L),
    ("A confined to the left.", L),
    ("The A is on the right, not the left.", R),
    ("The A is on the left rather than the right.", L),
]
COMPARED = [
    "L>R",
    "R>L",
    "L > R",
    "Lt > Rt",
    "left greater than right",
    "right larger than left",
    "left > right",
]
SEVERAL = ["A and B {}.", "A and B, {}.", "A, B and atelectasis, {}.", "A and B ({}).", "A with B, {}."]


@pytest.mark.parametrize("word", WORDS)
@pytest.mark.parametrize("short", SHORT)
@pytest.mark.parametrize("template", ONE_SIDE)
def test_a_short_word_for_a_side_is_a_side(template, short, word):
    assert mentions(template.format(short).replace("A", word))[WORDS[word]].side is SHORT[short]


@pytest.mark.parametrize("word", WORDS)
@pytest.mark.parametrize(("template", "side"), MOVED)
def test_where_something_moved_to_is_no_side_of_a_finding(template, side, word):
    assert mentions(template.replace(" A", f" {word}").replace("A ", f"{word} "))[WORDS[word]].side is side


@pytest.mark.parametrize(("first", "second"), [("effusion", "consolidation"), ("opacity", "effusion")])
@pytest.mark.parametrize("compared", COMPARED)
@pytest.mark.parametrize("template", SEVERAL)
def test_a_comparison_behind_a_list_is_of_all_of_it(template, compared, first, second):
    read = mentions(template.format(compared).replace("A", first).replace("B", second))
    assert {read[WORDS[word]].side for word in (first, second)} == {B}


@pytest.mark.parametrize(
    "sentence", ["R/o effusion.", "Effusion at L 1.", "4 L of fluid drained, effusion.", "r/o effusion"]
)
def test_letters_that_are_no_side(sentence):
    assert mentions(sentence)["pleural_effusion"].side is not R


@pytest.mark.parametrize("both", ["B/l", "b/l", "Bilat", "Bil", "L>R", "R > L"])
@pytest.mark.parametrize("noun", ["effusions", "opacities", "atelectasis"])
def test_both_sides_have_short_forms(both, noun):
    assert {m.side for m in mentions(f"{both} {noun}.").values()} == {Side.BILATERAL}
    assert {m.side for m in mentions(f"B/l {noun}, {both}.").values()} == {Side.BILATERAL}


OF_THE_DIAPHRAGM = ["Elevated {} hemidiaphragm", "Elevation of the {} hemidiaphragm", "High {} diaphragm"]
OF_SURGERY = [
    "Scoliosis convex to the {}",
    "A {} shoulder prosthesis",
    "Prior {} mastectomy",
    "Status post {} upper lobectomy",
    "{} thoracotomy",
]


@pytest.mark.parametrize("form", OF_THE_DIAPHRAGM + OF_SURGERY)
@pytest.mark.parametrize(("there", "side"), [("right", Side.LEFT), ("left", Side.RIGHT)])
@pytest.mark.parametrize("noun", ["atelectasis", "effusion", "opacity"])
def test_the_side_of_a_diaphragm_or_an_operation_is_no_findings(form, there, side, noun):
    text = form.format(there).capitalize()
    assert [m.side for m in mentions(f"{text} with {side} {noun}.").values()] == [side]
    assert [m.side for m in mentions(f"{side.capitalize()} {noun} with {text.lower()}.").values()] == [side]


@pytest.mark.parametrize("verb", ["shows", "demonstrates", "has", "contains"])
@pytest.mark.parametrize(
    ("place", "side"),
    [
        ("left lower zone", Side.LEFT),
        ("right base", Side.RIGHT),
        ("lung bases", Side.BILATERAL),
        ("right lung", Side.RIGHT),
    ],
)
def test_a_part_of_the_lung_that_shows_a_finding_gives_it_its_side(verb, place, side):
    found = mentions(f"No effusion is seen, though the {place} {verb} patchy consolidation.")
    assert (found["consolidation"].side, found["pleural_effusion"].side) == (side, Side.NONE)


ALSO = [
    ", as well as",
    ", and",
    ", and also",
    ", and to a lesser extent",
    ", and, to a lesser degree,",
    " as well as",
    " and",
]
PLACES = {
    "lingula": "left",
    "left lower lobe": "left",
    "right lower lung": "right",
    "right middle lobe": "right",
}


@pytest.mark.parametrize("also", ALSO)
@pytest.mark.parametrize("second", PLACES)
@pytest.mark.parametrize("first", PLACES)
def test_a_second_place_behind_a_comma_is_a_place_of_the_finding(first, second, also):
    sides = {PLACES[first], PLACES[second]}
    expected = B if len(sides) == 2 else Side(sides.pop())
    told = mentions(f"There is an opacity in the {first}{also} in the {second}, suspicious for pneumonia.")
    assert told["opacity"].side is expected


@pytest.mark.parametrize("also", [", and", ", as well as"])
def test_a_second_place_with_a_finding_of_its_own_is_not(also):
    told = mentions(f"There is an opacity in the lingula{also} in the right lower lobe a nodule.")
    assert told["opacity"].side is L
    told = mentions("There is an opacity in the lingula, and in the right lung there is a nodule.")
    assert told["opacity"].side is L


BESIDE = [
    "{Side} mainstem intubation with",
    "{Side} rib deformities with",
    "Status post {side} thoracentesis with",
    "{Side} internal mammary node with",
    "Elevation of the {side} hemidiaphragm with",
]


@pytest.mark.parametrize("beside", BESIDE)
@pytest.mark.parametrize(("side", "other"), [(L, R), (R, L)])
@pytest.mark.parametrize("finding", ["lung collapse", "pleural effusion", "basilar opacity"])
def test_the_side_of_another_thing_is_not_the_findings(finding, side, other, beside):
    text = f"{beside.format(side=side.value, Side=side.value.capitalize())} {other.value} {finding}."
    assert {m.side for name, m in mentions(text).items() if name != "support_devices"} == {other}


@pytest.mark.parametrize("side", ["left", "right"])
@pytest.mark.parametrize("bone", ["rib lesion", "clavicular deformity", "scapular irregularity"])
def test_the_side_of_a_bone_is_not_the_lungs(bone, side):
    told = mentions(f"Pulmonary metastases with lymphadenopathy and a lytic {side} {bone}.")
    assert told["lung_lesion"].side is N


@pytest.mark.parametrize("finding", ["pneumonia", "pleural effusion"])
def test_the_right_clinical_setting_is_no_side(finding):
    for setting in ("In the right clinical setting, {}.", "{} in the right clinical context is possible."):
        assert {m.side for m in mentions(setting.format(finding)).values()} == {N}


@pytest.mark.parametrize("verb", ["have both", "are both", "had both"])
@pytest.mark.parametrize("course", ["improved", "slightly decreased", "worsened", "unchanged"])
@pytest.mark.parametrize(("side", "where"), [("Right", R), ("Left", L)])
def test_both_of_two_findings_are_not_on_both_sides(side, where, course, verb):
    found = mentions(f"{side} lower lobe consolidation and effusion {verb} {course}.")
    assert found["consolidation"].side is where
    assert found["pleural_effusion"].side is not Side.BILATERAL


@pytest.mark.parametrize("lungs", ["Both lungs have effusions.", "Effusions are on both sides."])
def test_both_lungs_are_both_sides(lungs):
    assert mentions(lungs)["pleural_effusion"].side is Side.BILATERAL


@pytest.mark.parametrize("finding", ["effusions", "opacities"])
@pytest.mark.parametrize("more", ["larger", "smaller"])
@pytest.mark.parametrize("where", ["on the left", "on the right", "in the left base", "than the left"])
def test_larger_on_one_side_is_no_comparison_with_an_earlier_study(where, more, finding):
    found = mentions(f"There are bilateral {finding}, {more} {where}.")
    assert not any(m.prior for m in found.values())
    found = mentions(f"There are bilateral {finding}, {more} than before.")
    assert all(m.prior for m in found.values())


@pytest.mark.parametrize(
    "course",
    [
        "{} has grown.",
        "Growing {}.",
        "{}, worse.",
        "{}, increased.",
        "{} is worse.",
        "Enlarging {}.",
        "{} is bigger.",
        "{} has returned.",
        "{} has slightly grown.",
        "Larger {}.",
        "Smaller {}.",
    ],
)
@pytest.mark.parametrize("name", ["left pleural effusion", "left pneumothorax", "left basal opacity"])
def test_growth_is_told_by_comparison(name, course):
    text = course.format(name)
    assert all(m.prior for m in mentions(text[0].upper() + text[1:]).values())


@pytest.mark.parametrize("text", ["Effusions are worse on the left.", "Opacities worse at the right base."])
def test_worse_on_one_side_is_no_comparison_in_time(text):
    assert not any(m.prior for m in mentions(text).values())
