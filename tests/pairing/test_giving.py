from itertools import product

import pytest

from medcutmix_cli.pairing.giving import as_headline, giveable
from medcutmix_cli.reports.reader import ReportReader
from tests.builders import make_report

READER = ReportReader()
NOUNS = {
    "pleural_effusion": "pleural effusion",
    "mass": "mass",
    "nodule": "nodule",
    "pneumothorax": "pneumothorax",
    "consolidation": "consolidation",
}
STAYING = (
    "{noun} on the left is.",
    "There is a left {noun} seen on the lateral view.",
    "Left {noun}, best seen on the lateral projection.",
    "Left decubitus view shows a {noun}.",
    "AP: left {noun}.",
    "Left {noun} on this erect chest.",
    "There is increased size of the left {noun}.",
    "The left {noun} is larger than before.",
    "Left {noun} or scar.",
    "Left {noun} versus artifact.",
    "Possible left {noun}.",
    "___ left {noun}.",
    "Left XXXX {noun}.",
    "Left {noun} and right.",
    "A left {noun} the present.",
    "There is and associated left {noun}.",
    "Left upper mediastinal Bilateral {noun}.",
    "Left {noun} within normal left lung.",
    "Left {noun} with blunted angle.",
    "This {noun} lies on the left.",
    "Left {noun}/scar.",
)
GIVEN = {
    "There is a small left {noun}.": "There is a small left {noun}.",
    "Left {noun} measuring 3.5 cm in the apex.": "Left {noun}",
    "Left {noun} measures approximately 4.6 cm x 3.7 cm.": "Left {noun}",
    "Left {noun} (12 mm).": "Left {noun}",
    "There is a 4.8 cm left {noun}.": "left {noun}.",
    "Approximately 5 x 3 cm left {noun} is seen.": "left {noun} is seen.",
    "The left {noun} is small.": "left {noun} is small.",
    "There is a stable left {noun}.": "left {noun}.",
    "Left {noun} on the frontal view.": "Left {noun}",
    "Left {noun} is seen on the PA view.": "Left {noun} is seen",
    "AP chest radiography: left {noun}.": "left {noun}.",
    "PA chest: large left {noun}.": "large left {noun}.",
    "CXR shows a left {noun}.": "left {noun}.",
    "Portable AP chest x-ray: left {noun}.": "left {noun}.",
    "Left {noun}, unchanged from prior.": "Left {noun}",
    "There is a left {noun} which may represent artifact.": "There is a left {noun}",
}


def read_sentence(text):
    return READER.read(f"FINDINGS: {text}").sentences[-1]


def given_text(text, finding):
    found = giveable(read_sentence(text), finding)
    return found.text if found else None


@pytest.mark.parametrize(("finding", "template"), list(product(NOUNS, STAYING)))
def test_what_cannot_stand_alone_stays_with_the_donor(finding, template):
    text = template.format(noun=NOUNS[finding])
    assert given_text(text[:1].upper() + text[1:], finding) is None


@pytest.mark.parametrize(("finding", "template"), list(product(NOUNS, GIVEN)))
def test_a_stretch_without_size_course_or_view_is_given(finding, template):
    noun = NOUNS[finding]
    assert given_text(template.format(noun=noun), finding) == GIVEN[template].format(noun=noun)


TIME_PASSES = (
    "Two months later there is a left {noun}.",
    "The illness has recurred, with a left {noun}.",
    "A left {noun} in a different distribution.",
    "Three days ago a left {noun} was seen.",
    "On admission there was a left {noun}.",
    "There is a left {noun} one week into the illness.",
    "Initially there is a left {noun}.",
    "Subsequently a left {noun} is seen.",
    "There is still a left {noun}.",
    "Deterioration, with a left {noun}.",
)


@pytest.mark.parametrize(("finding", "template"), list(product(NOUNS, TIME_PASSES)))
def test_what_tells_of_another_time_takes_nothing_of_it_along(finding, template):
    given = given_text(template.format(noun=NOUNS[finding]), finding) or ""
    assert given.strip(" .").lower() in ("", f"left {NOUNS[finding]}", f"a left {NOUNS[finding]}"), given


@pytest.mark.parametrize("finding", NOUNS)
def test_a_stretch_never_loses_its_side(finding):
    assert given_text(f"Left lower lobe 3 cm {NOUNS[finding]}.", finding) is None


DENIED_BEFORE = (
    "No {other} without cough but with left {noun}.",
    "No {other}, without {other}, but there is a left {noun}.",
    "Without {other} but with a left {noun}.",
    "No {other} nor cough, only a left {noun}.",
    "No longer {other} without drain but with left {noun}.",
)


@pytest.mark.parametrize("template", DENIED_BEFORE)
@pytest.mark.parametrize(("finding", "other"), [(f, o) for f in NOUNS for o in NOUNS if f != o])
def test_a_stretch_begins_and_ends_with_whole_words(finding, other, template):
    sentence = read_sentence(template.format(noun=NOUNS[finding], other=NOUNS[other]))
    given = giveable(sentence, finding)
    if given is not None:
        start = given.start - sentence.start
        around = (
            sentence.text[max(0, start - 1) : start + 1],
            sentence.text[start + len(given.text) - 1 :][:2],
        )
        assert not any(pair.isalnum() and len(pair) == 2 for pair in around)


def test_a_stretch_lies_where_it_says_in_the_report():
    report = make_report("There is a 4.8 cm mass in the left lung.")
    (sentence,) = (s for s in READER.read(report).sentences if s.mentions)
    given = giveable(sentence, "mass")
    assert report[given.start : given.end] == given.text == "mass in the left lung."


@pytest.mark.parametrize(
    ("text", "given"),
    [
        pytest.param("Left base opacity from atelectasis.", True, id="one-shadow"),
        pytest.param("Left base opacity consistent with atelectasis.", True, id="one-shadow-explained"),
        pytest.param("Left base opacity and left base atelectasis.", False, id="two-shadows"),
    ],
)
def test_a_shadow_beside_the_finding_is_not_given_with_it(text, given):
    found = given_text(text, "atelectasis")
    assert (found is not None and "opacity" in found) is given


@pytest.mark.parametrize("finding", NOUNS)
@pytest.mark.parametrize(
    "opener", ["There is a ", "There is ", "There appears to be a ", "There has been a "]
)
def test_a_headline_says_the_same_without_there_is(finding, opener):
    noun = NOUNS[finding]
    assert as_headline(read_sentence(f"{opener}small left {noun}.")).text == f"small left {noun}."


@pytest.mark.parametrize(
    "text", ["The left lung holds a mass.", "Small left mass.", "In the left lung there is a mass."]
)
def test_what_is_no_opener_stays_in_a_headline(text):
    assert as_headline(read_sentence(text)).text == text


@pytest.mark.parametrize(
    ("finding", "template"),
    list(
        product(
            NOUNS,
            [
                "Left {noun} in the adjacent lung base.",
                "Left {noun} in the region.",
                "Left {noun} as described.",
                "Nearby left {noun}.",
                "Left {noun} over the vertebral body.",
                "Left {noun} from nipple shadows.",
                "A {noun} is seen left base.",
                "Small {noun} left base.",
                "Underinflated lungs with left {noun}.",
            ],
        )
    ),
)
def test_what_points_at_nothing_or_runs_together_is_not_given(finding, template):
    assert given_text(template.format(noun=NOUNS[finding]), finding) != template.format(noun=NOUNS[finding])


def test_a_misheard_name_is_not_given():
    assert given_text("Loculated right pleural fusion.", "pleural_effusion") is None
    assert given_text("Loculated right pleural effusion.", "pleural_effusion")


@pytest.mark.parametrize("noun", NOUNS.values())
def test_a_region_that_is_named_points_at_itself(noun):
    finding = next(f for f, n in NOUNS.items() if n == noun)
    text = f"Left {noun} in the region of the lingula."
    assert given_text(text, finding) == text


CAUSES = ["Iatrogenic", "Malignant", "Transudative", "Parapneumonic", "Reaccumulated", "Rapidly accumulating"]
AFTER = ["post thoracentesis", "post lobectomy", "despite drainage", "post-biopsy", "post-extubation"]


@pytest.mark.parametrize(("finding", "noun"), NOUNS.items())
@pytest.mark.parametrize("form", [*(f"{c} left {{}}." for c in CAUSES), *(f"Left {{}} {a}." for a in AFTER)])
def test_a_course_or_a_cause_that_no_picture_shows_is_not_given(form, finding, noun):
    (sentence,) = READER.read(form.format(noun)).sentences
    assert giveable(sentence, finding) is None
    (plain,) = READER.read(f"Small left {noun}.").sentences
    assert giveable(plain, finding) == plain


FINDINGS = {
    "edema": "pulmonary oedema",
    "pleural_effusion": "a left pleural effusion",
    "pneumonia": "a left pneumonia",
}
SEEMING = (
    "Appearances are those of {}.",
    "The appearances are those of {}.",
    "The overall appearance is that of {}.",
    "The findings are those of {}.",
    "The picture is that of {}.",
)


@pytest.mark.parametrize(("finding", "text"), list(product(FINDINGS, SEEMING)))
def test_what_appearances_are_those_of_is_given_by_its_name(finding, text):
    given = giveable(read_sentence(text.format(FINDINGS[finding])), finding)
    assert given is not None
    assert given.text == FINDINGS[finding].removeprefix("a ") + "."


@pytest.mark.parametrize("known", ["collapsed", "consolidated", "opacified", "atelectatic", "affected"])
@pytest.mark.parametrize("lung", ["left upper lobe", "right lung", "left base", "lower lobe"])
@pytest.mark.parametrize("noun", ["atelectasis", "consolidation", "nodule"])
def test_a_lung_that_is_known_to_be_abnormal_was_told_of_before(noun, lung, known):
    assert giveable(read_sentence(f"In the {known} {lung} is {noun} with strands."), noun) is None


EXCEPTIONS = [
    "Aside from {a}, the lungs are clear.",
    "Apart from {a}, the lungs are clear.",
    "Other than {a}, the lungs are clear.",
    "Except for {a}, the lungs are clear.",
    "With the exception of {a}, the lungs are clear.",
    "The lungs are clear except for {a}.",
    "The lungs are clear aside from {a}.",
    "The lungs are clear other than {a}.",
    "The lungs are clear apart from {a}.",
    "The lungs are clear with only {a}.",
    "Lungs: {a}.",
    "Lungs/pleura: {a}.",
    "Pleura: {a}.",
]
THINGS = {
    "atelectasis": "minimal left basilar atelectasis",
    "opacity": "a small opacity in the left lower lobe",
    "pleural_effusion": "a trace left pleural effusion",
    "pneumothorax": "tiny left apical pneumothorax",
}


@pytest.mark.parametrize("pattern", EXCEPTIONS)
@pytest.mark.parametrize("finding", THINGS)
def test_an_exception_is_given_without_the_words_that_make_it_one(finding, pattern):
    found = giveable(read_sentence(pattern.format(a=THINGS[finding])), finding)
    assert found is not None
    assert found.text.rstrip(".").removeprefix("a ") == THINGS[finding].removeprefix("a ")


CAUSES = [
    "{a}, concerning for esophageal perforation.",
    "Left rib fracture, {a}, concerning for esophageal perforation.",
    "{a}, highly suspicious for septic emboli.",
    "{a} worrisome for aspiration.",
    "{a}, suggestive of volume loss.",
    "{a}, raising concern for bronchial obstruction.",
]


@pytest.mark.parametrize("pattern", CAUSES)
@pytest.mark.parametrize("noun", NOUNS.values())
def test_what_a_finding_makes_one_fear_stays_behind(noun, pattern):
    finding = next(name for name, word in NOUNS.items() if word == noun)
    found = giveable(read_sentence(pattern.format(a=f"Small left {noun}")), finding)
    assert found is None or found.text.lower().rstrip(".") == f"small left {noun}"


KNOWN = [
    "Heart size is difficult to assess given the {noun}.",
    "The left heart border is obscured by the {noun}.",
    "The diaphragm is not seen because of the large left {noun}.",
    "The left base is poorly seen due to the {noun}.",
]


@pytest.mark.parametrize("pattern", KNOWN)
@pytest.mark.parametrize("finding", NOUNS)
def test_what_a_sentence_explains_something_with_was_told_before(finding, pattern):
    assert giveable(read_sentence(pattern.format(noun=NOUNS[finding])), finding) is None


COURSE = [
    "{A} is unchanged.",
    "{A} is essentially stable.",
    "{A} persists.",
    "{A} has improved.",
    "{A} has slightly worsened.",
    "{A} is also improved.",
    "{A} is again seen.",
    "{A} is also present.",
    "{A}, new from prior.",
    "{A} is new since the prior study.",
    "{A} has worsened compared to the prior exam.",
    "{A} has progressed since ___.",
    "{A}, unchanged since ___.",
    "New {a}.",
    "There is a new {a}.",
    "Improving {a}.",
    "Worsening {a}.",
    "Persistent {a}.",
    "Interval development of {a}.",
    "Interval worsening of {a}.",
    "There has been interval development of a {a}.",
    "As compared to the previous radiograph, there is a new {a}.",
    "In comparison with the study of ___, there is a {a}.",
    "Compared to ___, there is a new {a}.",
    "Low lung volumes with {a}.",
]
PLAIN = {
    "pleural_effusion": "small left pleural effusion",
    "atelectasis": "left basilar atelectasis",
    "consolidation": "left lower lobe consolidation",
    "pneumothorax": "small left apical pneumothorax",
}


@pytest.mark.parametrize("pattern", COURSE)
@pytest.mark.parametrize("finding", PLAIN)
def test_the_course_of_a_finding_stays_behind_and_the_finding_is_given(finding, pattern):
    plain = PLAIN[finding]
    found = giveable(read_sentence(pattern.format(a=plain, A=plain.capitalize())), finding)
    assert found is not None
    assert found.text.lower().rstrip(".").removeprefix("there is a ").removeprefix("a ") == plain


GONE = [
    "{A} has resolved.",
    "{A} has nearly resolved.",
    "Resolution of {a}.",
    "{A} has cleared.",
    "{A} is larger than before.",
    "No change in {a}.",
    "___ {a}.",
    "{A} with ___.",
    "Resolving {a}.",
]


@pytest.mark.parametrize("pattern", GONE)
@pytest.mark.parametrize("finding", PLAIN)
def test_what_goes_or_lost_a_word_is_not_given_for_its_course(finding, pattern):
    plain = PLAIN[finding]
    assert giveable(read_sentence(pattern.format(a=plain, A=plain.capitalize())), finding) is None


EXPLAINED = [
    "{A} likely reflecting aspiration.",
    "{A}, likely reflecting atelectasis.",
    "{A} likely represents atelectasis.",
    "{A} may represent atelectasis or pneumonia.",
    "{A} which could represent atelectasis versus early pneumonia.",
    "{A} is most likely due to atelectasis.",
    "{A} could represent contusion.",
    "{A}, suspicious for pneumonia.",
    "{A} suggests infection.",
    "{A}, possibly related to edema.",
]


@pytest.mark.parametrize("pattern", EXPLAINED)
@pytest.mark.parametrize("plain", ["patchy left basilar opacity", "left lower lobe opacity"])
def test_what_a_shadow_is_thought_to_be_stays_behind(plain, pattern):
    found = giveable(read_sentence(pattern.format(A=plain.capitalize())), "opacity")
    assert found is not None
    assert found.text.lower().rstrip(".") == plain


@pytest.mark.parametrize("blank", ["\n ", "\n", "\r\n ", "  "])
@pytest.mark.parametrize("pattern", COURSE)
def test_a_line_may_break_anywhere_in_what_stays_behind(pattern, blank):
    plain = PLAIN["pleural_effusion"]
    text = pattern.format(a=plain, A=plain.capitalize())
    found = giveable(read_sentence(text.replace(" ", blank)), "pleural_effusion")
    assert found is not None
    assert " ".join(found.text.lower().split()).rstrip(".").removeprefix("there is a ") == plain


@pytest.mark.parametrize(
    "tail", ["the largest measuring 2.3 cm", "the largest in the left apex", "with the largest of 1 cm"]
)
@pytest.mark.parametrize(
    ("finding", "noun"), [("nodule", "nodules"), ("mass", "masses"), ("opacity", "opacities")]
)
def test_one_of_many_is_not_left_in_the_air(finding, noun, tail):
    found = giveable(read_sentence(f"Multiple left lung {noun} are seen, {tail}."), finding)
    assert found is not None
    assert found.text == f"Multiple left lung {noun} are seen"


@pytest.mark.parametrize("word", ["compressive", "passive", "relaxation"])
def test_atelectasis_by_something_else_is_not_given_without_it(word):
    text = f"Small left effusion with associated {word} atelectasis."
    assert giveable(read_sentence(text), "atelectasis") is None


GROWTH = [
    "{A} has grown.",
    "{A} has slightly grown.",
    "{A} is bigger.",
    "{A}, worse.",
    "{A} is slightly worse.",
    "{A}, slightly better.",
    "{A} has returned.",
    "{A} is back.",
    "{A}, denser than before.",
    "{A} has doubled in size.",
    "{A} with overall better aeration.",
    "{A} with improved aeration.",
    "{A} with worsening aeration of the left lung.",
    "{A} with better aeration of the left base.",
    "Growing {a}.",
    "Enlarging {a}.",
    "Expanding {a}.",
    "There is a growing {a}.",
]


@pytest.mark.parametrize("pattern", GROWTH)
@pytest.mark.parametrize("finding", PLAIN)
def test_that_a_finding_has_grown_stays_behind(finding, pattern):
    plain = PLAIN[finding]
    found = giveable(read_sentence(pattern.format(a=plain, A=plain.capitalize())), finding)
    assert found is None or _bare(found.text) == plain


@pytest.mark.parametrize("pattern", [*GROWTH[:1], *GROWTH[3:4], *GROWTH[10:16]])
@pytest.mark.parametrize("finding", PLAIN)
def test_a_finding_that_has_grown_is_given_as_it_is(finding, pattern):
    plain = PLAIN[finding]
    found = giveable(read_sentence(pattern.format(a=plain, A=plain.capitalize())), finding)
    assert found is not None
    assert _bare(found.text) == plain


def _bare(text):
    return text.lower().rstrip(".").removeprefix("there is a ").removeprefix("a ")


@pytest.mark.parametrize("worse", ["worse", "larger", "greater"])
def test_worse_on_one_side_is_given(worse):
    text = f"Bibasilar atelectasis, {worse} on the left."
    assert giveable(read_sentence(text), "atelectasis").text == text


@pytest.mark.parametrize("tail", ["under tension", "consistent with tension", "with signs of tension"])
def test_the_tension_of_a_pneumothorax_stays_behind(tail):
    found = giveable(read_sentence(f"Large left pneumothorax {tail}."), "pneumothorax")
    assert found is None or found.text.rstrip(".") == "Large left pneumothorax"


@pytest.mark.parametrize("more", ["worse", "greater", "larger"])
@pytest.mark.parametrize(
    "text", ["Bilateral effusions, right {} than left.", "Effusions, left {} than right."]
)
def test_what_is_worse_than_the_other_side_is_given_whole_or_not(text, more):
    found = giveable(read_sentence(text.format(more)), "pleural_effusion")
    assert found is None or found.text == text.format(more)


def test_the_cause_of_a_hydrothorax_stays_behind():
    found = giveable(read_sentence("Large right hepatic hydrothorax."), "pleural_effusion")
    assert found is None


@pytest.mark.parametrize("together", ["a combination of", "a mixture of", "some combination of"])
@pytest.mark.parametrize("finding", ["pleural_effusion", "atelectasis"])
def test_one_of_a_combination_is_not_given_as_one(finding, together):
    for seen in ("opacified", "nearly completely opacified", "hazy"):
        text = f"The right hemithorax is {seen} by {together} effusion and atelectasis."
        assert giveable(read_sentence(text), finding) is None


@pytest.mark.parametrize(
    "opening", ["Superimposed {a}.", "There is a superimposed {a}.", "There is superimposed {a}."]
)
@pytest.mark.parametrize("finding", PLAIN)
def test_what_lies_on_another_is_given_alone(finding, opening):
    plain = PLAIN[finding]
    found = giveable(read_sentence(opening.format(a=plain)), finding)
    assert found is None or _bare(found.text) == plain


@pytest.mark.parametrize("tie", ["distal", "subsequent", "resultant", "resulting", "consequent"])
@pytest.mark.parametrize(
    "form", ["Right hilar mass with {} collapse of the right upper lobe.", "{} right upper lobe collapse."]
)
def test_a_word_that_ties_a_finding_to_another_of_the_donor_is_not_given(form, tie):
    text = form.format(tie)
    (sentence,) = READER.read(text[:1].upper() + text[1:]).sentences
    given = giveable(sentence, "atelectasis")
    assert given is None or tie not in given.text.lower()


@pytest.mark.parametrize(
    "aside", ["Golden S sign", "Air bronchograms", "Silhouette sign present", "Rotated film"]
)
@pytest.mark.parametrize("form", ["{aside}; {said}.", "{said}; {aside}."])
@pytest.mark.parametrize("said", ["right hilar mass", "large mass in the right hilum"])
def test_of_two_statements_only_that_of_the_finding_is_given(form, said, aside):
    (sentence,) = READER.read(form.format(aside=aside, said=said)).sentences
    given = giveable(sentence, "mass")
    assert given is not None
    assert given.text.rstrip(".").lower() == said


@pytest.mark.parametrize("label", ["Lungs -", "Lungs:", "LUNGS:", "Lungs and pleura –", "Heart and lungs:"])
@pytest.mark.parametrize("said", ["There is bibasal atelectasis.", "Left lower lobe collapse."])
def test_the_label_of_a_form_is_not_given(label, said):
    (sentence,) = READER.read(f"{label} {said}").sentences
    given = giveable(sentence, "atelectasis")
    assert given is not None
    assert given.text == said


@pytest.mark.parametrize("subject", ["features", "the appearance", "findings", "the pattern", "appearances"])
@pytest.mark.parametrize(
    "guess",
    ["suggest atelectasis", "favoring edema", "may represent consolidation", "consistent with atelectasis"],
)
def test_the_subject_of_a_guess_leaves_with_it(subject, guess):
    (sentence,) = READER.read(f"Bibasilar opacities, right greater than left, {subject} {guess}.").sentences
    given = giveable(sentence, "opacity")
    assert given is None or given.text.rstrip(".") == "Bibasilar opacities, right greater than left"
