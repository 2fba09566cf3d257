import re

import pytest

from medcutmix_cli.findings import CHEXPERT, LOCAL
from medcutmix_cli.reports.lexicon import find_hits, finding_ids, label_of
from medcutmix_cli.reports.reader import ReportReader
from medcutmix_cli.reports.tables import table
from medcutmix_cli.reports.words import canonical, compile_phrases

CHEST_X_RAY_14 = {
    "Atelectasis", "Cardiomegaly", "Effusion", "Infiltration", "Mass", "Nodule", "Pneumonia", "Pneumothorax",
    "Consolidation", "Edema", "Emphysema", "Fibrosis", "Pleural_Thickening", "Hernia",
}  # fmt: skip


def named(sentence):
    return {hit.finding for hit in find_hits(canonical(sentence)) if not hit.normal}


def test_the_table_covers_both_label_sets():
    assert set(label_of("chexpert").values()) == set(CHEXPERT) - {"No Finding"}
    assert set(label_of("nih").values()) == CHEST_X_RAY_14


def test_ids_are_unique_and_hold_the_local_findings():
    assert len(set(finding_ids())) == len(finding_ids())
    assert set(finding_ids()) >= LOCAL


def test_no_phrase_stands_twice_in_the_lexicon():
    phrases = [term for entry in table("findings")["finding"] for term in entry["terms"]]
    assert len(set(phrases)) == len(phrases)


@pytest.mark.parametrize("name", ["findings", "assertion", "attributes"])
def test_every_phrase_of_the_rule_tables_compiles(name):
    def phrases(node):
        if isinstance(node, str):
            yield node
        elif isinstance(node, dict):
            for key, value in node.items():
                yield from phrases(value) if key != "macro" else ()
        elif isinstance(node, list):
            for value in node:
                yield from phrases(value)

    macros, found = table(name).get("macro", {}), list(phrases(table(name)))
    assert len(found) > 30
    for phrase in found:
        assert isinstance(compile_phrases([phrase], macros), re.Pattern)


@pytest.mark.parametrize(
    ("sentence", "findings"),
    [
        pytest.param("Pleural effusions are seen.", {"pleural_effusion"}, id="plural"),
        pytest.param("Small efusion and cardiomegally.", {"pleural_effusion", "cardiomegaly"}, id="misspelt"),
        pytest.param(
            "Pnuemothorax, atelctasis.", {"pneumothorax", "atelectasis"}, id="letters-changed-places"
        ),
        pytest.param("Consolodation or penumonia.", {"consolidation", "pneumonia"}, id="letters-left-out"),
        pytest.param("A pericardial effusion is present.", set(), id="pericardial-effusion-is-not-pleural"),
        pytest.param("Soft tissue edema.", set(), id="soft-tissue-edema-is-not-pulmonary"),
        pytest.param("No mass effect.", set(), id="mass-effect-is-no-mass"),
        pytest.param("The left costophrenic angle is blunted.", {"pleural_effusion"}, id="blunted-angle"),
        pytest.param("The heart is mildly enlarged.", {"cardiomegaly"}, id="enlarged-heart"),
        pytest.param("The cardiac silhouette is enlarged.", {"cardiomegaly"}, id="enlarged-silhouette"),
        pytest.param("The mediastinum is widened.", {"enlarged_cardiomediastinum"}, id="wide-mediastinum"),
        pytest.param(
            "Hydropneumothorax.", {"pleural_effusion", "pneumothorax"}, id="two-findings-in-one-word"
        ),
        pytest.param("Airspace disease and infiltrates.", {"opacity", "infiltrate"}, id="opacity-words"),
        pytest.param("A nodular opacity is seen.", {"nodular_opacity"}, id="the-longest-name-counts"),
        pytest.param("A 6 mm nodular opacity is seen.", {"nodule"}, id="a-measured-opacity-is-a-nodule"),
        pytest.param("A thin line at the apex.", set(), id="a-line-is-no-device"),
        *(
            pytest.param(f"{lines} lines are noted.", set(), id=f"{lines}-lines-are-no-device")
            for lines in ("XXXX B", "Pleural", "Fissural", "Skin", "Linear")
        ),
        *(
            pytest.param(f"{lines} are in place.", {"support_devices"}, id=f"{lines}-are-devices")
            for lines in ("Lines", "Support lines", "Tubes and lines", "Central lines")
        ),
        pytest.param("PICC line and Swan-Ganz catheter.", {"support_devices"}, id="lines-and-catheters"),
        pytest.param("Heart size at the upper limits of normal.", set(), id="upper-limits-of-normal"),
        pytest.param("Collapse of the left lower lobe.", {"atelectasis"}, id="collapse-of-a-lobe"),
        pytest.param("Collapse of a vertebral body.", set(), id="vertebral-collapse"),
        *(
            pytest.param(f"The {lobe} {verb} collapsed.", {"atelectasis"}, id=f"{lobe}-{verb}-collapsed")
            for lobe in ("right upper lobe", "left lower lobe", "lingula")
            for verb in (
                "is newly",
                "has",
                "is now",
                "remains partially",
                "has almost completely",
                "is again",
            )
        ),
        pytest.param("The vertebral body is newly collapsed.", set(), id="a-vertebra-is-newly-collapsed"),
        *(
            pytest.param(f"Left {port} unchanged.", {"support_devices"}, id=f"{port}-is-a-device")
            for port in ("chest wall port", "access port", "chest port", "port catheter")
        ),
        pytest.param("No report is available.", set(), id="a-report-is-no-port"),
        *(
            pytest.param(f"{intubation} intubation.", {"support_devices"}, id=f"{intubation}-intubation")
            for intubation in (
                "Right mainstem",
                "Left main stem",
                "Esophageal",
                "Right bronchial",
                "Interval",
            )
        ),
        pytest.param("Interval extubation.", set(), id="extubation-is-no-device"),
        pytest.param("The heart is borderline in size.", {"cardiomegaly"}, id="borderline-heart"),
        pytest.param(
            "Heart size is upper limits normal or mildly enlarged.", {"cardiomegaly"}, id="or-enlarged"
        ),
        pytest.param("Stable heart size, enlarged and tortuous aorta.", set(), id="the-aorta-is-no-heart"),
        pytest.param("Bullae at the apices.", {"bullae"}, id="bullae-alone-are-no-emphysema"),
        pytest.param("Changes of cystic fibrosis.", set(), id="cystic-fibrosis-is-no-fibrosis-of-the-lung"),
        pytest.param(
            "Mild vascular cephalization.", {"vascular_congestion"}, id="cephalization-is-congestion"
        ),
    ],
)
def test_findings_are_named_or_described(sentence, findings):
    assert named(sentence) == findings


@pytest.mark.parametrize(
    ("sentence", "findings"),
    [
        ("The heart size is normal.", {"cardiomegaly"}),
        (
            "Heart size and mediastinal contours are within normal limits.",
            {"cardiomegaly", "enlarged_cardiomediastinum"},
        ),
        ("Normal heart size.", {"cardiomegaly"}),
        ("The cardiomediastinal silhouette is unremarkable.", {"cardiomegaly", "enlarged_cardiomediastinum"}),
        ("The lungs are clear.", {"opacity"}),
        ("The lungs are otherwise clear.", set()),
        ("Costophrenic angles are sharp.", {"pleural_effusion"}),
    ],
)
def test_normal_statements_deny_their_finding(sentence, findings):
    assert {hit.finding for hit in find_hits(canonical(sentence)) if hit.normal} == findings


ADDED = {
    "whiteout": "opacity",
    "white-out": "opacity",
    "opacified hemithorax": "opacity",
    "opacified left hemithorax": "opacity",
    "pleural air": "pneumothorax",
    "pleural air collection": "pneumothorax",
    "collapse": "atelectasis",
    "atx": "atelectasis",
    "CM,": "cardiomegaly",
    "cardiomeg": "cardiomegaly",
    "consol": "consolidation",
    "eff": "pleural_effusion",
    "effs": "pleural_effusion",
    "PNA": "pneumonia",
    "PTX": "pneumothorax",
    "congestion": "vascular_congestion",
    "failure": "vascular_congestion",
    "haemothorax": "pleural_effusion",
    "tumour": "lung_lesion",
    "tumor": "lung_lesion",
}
AROUND = ["{}.", "Mild {}.", "No {}.", "Stable {}", "Edema and {}.", "Edema, {}, hernia.", "Edema with {}"]
# Each holds a word of the table and means something else.
OTHERS = [
    *(
        "prominent pulmonary arteries",
        "prominence of the pulmonary artery",
        "prominent central pulmonary arteries",
    ),
    *("renal failure", "respiratory failure", "nasal congestion", "hepatic congestion", "vertebral collapse"),
    *("tracheal collapse", "syncope and collapse", "liver tumour", "tumor markers", "pleural line"),
    *("tip 4 cm above the carina", "a line 3 cm from the carina", "failure to progress"),
]


@pytest.mark.parametrize("around", AROUND)
@pytest.mark.parametrize("word", ADDED)
def test_short_and_british_names_are_names(around, word):
    assert ADDED[word] in named(around.format(word))


@pytest.mark.parametrize("around", AROUND)
@pytest.mark.parametrize(
    "word", ["haemopneumothorax", "hemopneumothorax", "hydropneumothorax", "haemopneumothoraces"]
)
def test_air_and_fluid_in_one_word_are_two_findings(around, word):
    assert named(around.format(word)) >= {"pleural_effusion", "pneumothorax"}


@pytest.mark.parametrize("around", AROUND)
@pytest.mark.parametrize(
    ("word", "finding"),
    [("infectious infiltrate", "infiltrate"), ("infectious consolidation", "consolidation")],
)
def test_an_infectious_shadow_is_the_shadow_and_the_infection(around, word, finding):
    assert named(around.format(word)) >= {"pneumonia", finding}


@pytest.mark.parametrize("around", ["{}.", "There is {}.", "No {}.", "Stable {}"])
@pytest.mark.parametrize("words", OTHERS)
def test_words_that_mean_something_else_name_nothing(around, words):
    assert named(around.format(words)) <= {"support_devices"}


RATIOS = ["Cardiothoracic ratio", "The cardio-thoracic ratio", "CTR", "CT ratio"]
ANGLES = [
    "Both costophrenic angles are",
    "CP angles are",
    "The left costophrenic recess is",
    "Both CP angles",
]
LOBES = ["left lower lobe", "right upper lobe", "lingula", "right middle lobe"]


def said(sentence):
    return {m.finding: str(m.assertion) for s in ReportReader().read(sentence).sentences for m in s.mentions}


@pytest.mark.parametrize("ratio", RATIOS)
@pytest.mark.parametrize(
    ("state", "wanted"),
    [
        ("normal", "absent"),
        ("within normal limits", "absent"),
        ("not increased", "absent"),
        ("increased", "present"),
    ],
)
def test_the_cardiothoracic_ratio_speaks_of_the_heart(ratio, state, wanted):
    assert said(f"{ratio} is {state}.") == {"cardiomegaly": wanted}
    assert said(f"{ratio} is 0.48.") == {}


@pytest.mark.parametrize("angles", ANGLES)
@pytest.mark.parametrize(
    "state", ["free", "well defined", "maintained", "intact", "crisp", "well visualized"]
)
def test_angles_that_are_free_hold_no_fluid(angles, state):
    assert said(f"{angles} {state}.") == {"pleural_effusion": "absent"}


@pytest.mark.parametrize("lobe", LOBES)
@pytest.mark.parametrize("verb", ["is", "remains", "appears partially", "is now completely"])
def test_a_lobe_that_is_collapsed_has_collapse(lobe, verb):
    assert said(f"The {lobe} {verb} collapsed.") == {"atelectasis": "present"}
    assert said(f"The {lobe} is not collapsed.") == {}


@pytest.mark.parametrize(
    ("short", "finding"),
    [
        ("pleff", "pleural_effusion"),
        ("pl effusion", "pleural_effusion"),
        ("opac", "opacity"),
        ("opacs", "opacity"),
        ("infil", "infiltrate"),
        ("consol", "consolidation"),
        ("atelec", "atelectasis"),
        ("rib fxs", "fracture"),
    ],
)
def test_findings_are_known_by_their_short_forms(short, finding):
    assert said(f"No {short}.") == {finding: "absent"}
    assert said(f"Small left {short}.") == {finding: "present"}


@pytest.mark.parametrize("side", ["left", "right"])
def test_a_clear_lung_has_its_side_on_either_side_of_the_word(side):
    for text in (f"Clear {side} lung.", f"The {side} lung is clear."):
        (mention,) = ReportReader().read(text).sentences[0].mentions
        assert (mention.finding, mention.assertion, mention.side) == ("opacity", "absent", side)


@pytest.mark.parametrize(
    ("text", "finding"),
    [
        ("The heart is big.", "cardiomegaly"),
        ("Increased heart size.", "cardiomegaly"),
        ("Increased cardiothoracic ratio.", "cardiomegaly"),
        ("Partially collapsed left lower lobe.", "atelectasis"),
        ("The left hemithorax is opaque.", "opacity"),
        ("Blunted left CP angle.", "pleural_effusion"),
        ("Blunted costophrenic angles.", "pleural_effusion"),
        ("Pleural and pericardial effusions.", "pleural_effusion"),
        ("Fissural fluid on the right.", "pleural_effusion"),
        ("Fluid in right oblique fissure.", "pleural_effusion"),
        ("Upper lobe diversion.", "vascular_congestion"),
        ("Upper lobe venous diversion.", "vascular_congestion"),
        ("Bilateral airspace dz.", "opacity"),
        ("An infective process.", "pneumonia"),
        ("Vascular redistribution.", "vascular_congestion"),
        ("Redistribution of pulmonary blood flow.", "vascular_congestion"),
        ("Increased pulmonary vascularity.", "vascular_congestion"),
        ("Prominent pulmonary vasculature.", "vascular_congestion"),
        ("Prominence of the pulmonary vasculature.", "vascular_congestion"),
    ],
)
def test_findings_that_are_described(text, finding):
    assert said(text) == {finding: "present"}
    assert said(f"There is no evidence of {text[0].lower()}{text[1:]}").get(finding) != "present"


@pytest.mark.parametrize(
    ("text", "findings"),
    [
        ("The pulmonary parenchyma is clear.", {"opacity"}),
        ("Costophrenic and cardiophrenic angles are clear.", {"pleural_effusion"}),
        ("Cardiophrenic and costophrenic angles are sharp.", {"pleural_effusion"}),
        ("Pleural spaces are dry.", {"pleural_effusion", "pneumothorax"}),
    ],
)
def test_parts_that_are_called_normal_deny(text, findings):
    assert said(text) == dict.fromkeys(findings, "absent")


def test_pus_and_air_are_both_named():
    assert said("Left pyopneumothorax.") == {"pneumothorax": "present", "pleural_effusion": "present"}
    assert said("No pericardial or pleural effusion.") == {"pleural_effusion": "absent"}
    assert said("Pericardial effusion.") == {}


COURSES = [
    "unchanged",
    "stable",
    "again",
    "unchanged from prior",
    "stable and",
    "unchanged and remains",
    "similar,",
]


@pytest.mark.parametrize("degree", ["", "mildly ", "moderately "])
@pytest.mark.parametrize("course", COURSES)
@pytest.mark.parametrize("subject", ["The cardiac silhouette", "Heart size", "The heart"])
def test_a_course_before_its_predicate_does_not_part_them(subject, course, degree):
    comma = "" if course.endswith(("and", "remains", "again", ",")) else ","
    text = f"{subject} is {course}{comma} {degree}enlarged."
    assert "cardiomegaly" in named(text), text


@pytest.mark.parametrize("label", ["Heart/mediastinum", "Cardiac/mediastinum", "Heart and mediastinum"])
@pytest.mark.parametrize("said", ["Heart mildly enlarged.", "The heart is enlarged.", "Enlarged heart."])
def test_a_label_before_a_colon_is_not_what_is_told_behind_it(label, said):
    assert "enlarged_cardiomediastinum" not in named(f"{label}: {said}")
    assert "cardiomegaly" in named(f"{label}: {said}")


def test_a_label_before_a_colon_is_told_of_where_nothing_else_is():
    assert named("Heart: Enlarged.") == {"cardiomegaly"}
    assert named("Mediastinum: Mildly widened.") == {"enlarged_cardiomediastinum"}


OTHER_WORDS = {
    "subcutaneous_emphysema": ["Sub-Q air", "SQ air", "subq emphysema", "Subcu gas", "subcutaneous gas"],
    "vascular_congestion": [
        "Vascular re-distribution",
        "Indistinctness of the pulmonary vessels",
        "Pulmonary vascular indistinctness",
        "Blurring of the pulmonary vasculature",
        "Elevated pulmonary venous pressure",
        "The hila are congested",
    ],
    "pleural_effusion": ["Blunting of the lateral pleural sinus", "The left pleural sinus is blunted"],
    "support_devices": ["R IJ CVL", "A right IJ sheath", "An Impella device", "Left subclavian CVC"],
}
PAIRED = [(finding, words) for finding, listed in OTHER_WORDS.items() for words in listed]


@pytest.mark.parametrize(("finding", "words"), PAIRED)
def test_other_hands_words_name_the_same_findings(finding, words):
    assert named(f"{words}.") == {finding}


def test_free_pleural_sinuses_deny_an_effusion():
    told = find_hits(canonical("The lateral and posterior pleural sinuses are free."))
    assert {(hit.finding, hit.normal) for hit in told} == {("pleural_effusion", True)}


@pytest.mark.parametrize(
    "parts", ["lungs and", "heart, lungs, hila, mediastinum and", "lungs, mediastinum, and"]
)
def test_normal_before_a_list_is_said_of_all_of_it(parts):
    told = {hit.finding for hit in find_hits(canonical(f"Normal {parts} pleural surfaces.")) if hit.normal}
    assert {"pleural_effusion", "pneumothorax", "opacity"} <= told
