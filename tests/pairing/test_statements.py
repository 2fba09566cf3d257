from dataclasses import replace

import pytest

from medcutmix_cli.pairing.cohort import pack_study
from medcutmix_cli.pairing.statements import (
    Refusal,
    Statement,
    donor_statement,
    statement_of,
)
from medcutmix_cli.planning.reading import read_study
from medcutmix_cli.records import Side
from medcutmix_cli.reports.reader import ReportReader
from tests.builders import make_report, make_study

READER = ReportReader()


def given_by(*findings, impression=()):
    return donor_statement(READER.read(make_report(*findings, impression=impression)), "pleural_effusion")


@pytest.mark.parametrize(
    "sentence",
    [
        pytest.param("The right pleural effusion has increased.", id="prior-reference"),
        pytest.param("There may be a small right pleural effusion.", id="hedge"),
        pytest.param("No pleural effusion.", id="negated"),
        pytest.param("The right effusion and mass are small.", id="another-finding"),
        pytest.param("The right costophrenic angle is blunted.", id="only-a-sign"),
        pytest.param("Small right effusion 2.", id="the-number-of-the-next-item"),
        pytest.param("Increasing right pleural effusion.", id="the-course-of-a-disease"),
        pytest.param("This is a right pleural effusion.", id="points-at-another-sentence"),
        pytest.param("Right pleural effusion and tortuous aorta.", id="another-observation"),
        pytest.param("Right pleural effusion was discussed with Dr. ___ at 9:40.", id="notification"),
        pytest.param("40-year-old female with a right pleural effusion.", id="who-the-patient-is"),
        pytest.param("Right pleural effusion was seen on computed tomography.", id="another-examination"),
        pytest.param("The previously seen right effusion has resolved.", id="resolved"),
    ],
)
def test_such_a_sentence_is_never_given(sentence):
    assert given_by(sentence) == Refusal("donor-has-no-sentence-to-give")


def test_a_plain_assertion_is_given_with_its_side():
    statement = given_by("There is a small left pleural effusion.")
    assert isinstance(statement, Statement)
    assert statement.side is Side.LEFT
    assert statement.main.text == "There is a small left pleural effusion."


@pytest.mark.parametrize(
    ("sentence", "given"),
    [
        pytest.param("Small right effusion and a left lung mass.", "Small right effusion", id="first-of-two"),
        pytest.param("Cardiomegaly and small right effusion.", "small right effusion.", id="second-of-two"),
        pytest.param(
            "Small right effusion without pneumothorax.", "Small right effusion", id="a-denial-stays-behind"
        ),
        pytest.param(
            "Again seen is a small right effusion.", "a small right effusion.", id="comparison-in-front"
        ),
        pytest.param("Small right effusion, unchanged.", "Small right effusion", id="comparison-behind"),
    ],
)
def test_an_unbroken_stretch_of_a_sentence_is_given(sentence, given):
    report = make_report(sentence)
    statement = donor_statement(READER.read(report), "pleural_effusion")
    assert isinstance(statement, Statement)
    assert statement.main.text == given == report[statement.main.start : statement.main.end]
    assert {m.finding for m in statement.main.mentions} == {"pleural_effusion"}


def test_a_shadow_word_beside_the_finding_is_one_evidence():
    reading = READER.read(make_report("Right lower lobe opacity consistent with consolidation is present."))
    assert isinstance(donor_statement(reading, "consolidation"), Statement)


SAID = ("There is a {} left pleural effusion.", "{} left pleural effusion.")
DEGREES = ("small", "moderate", "large")


@pytest.mark.parametrize(("here", "there"), [(a, b) for a in DEGREES for b in DEGREES])
def test_a_section_that_gives_another_degree_is_given_the_main_sentence(here, there):
    statement = given_by(SAID[0].format(here), impression=(SAID[1].format(there.capitalize()),))
    expected = SAID[1].format(there.capitalize()) if here == there else SAID[0].format(here)
    assert statement.in_section("impression").text == expected


@pytest.mark.parametrize("side", ["right", "left"])
def test_a_section_that_gives_no_side_is_given_the_main_sentence(side):
    statement = given_by(f"There is a {side} pleural effusion.", impression=("Pleural effusion.",))
    assert statement.in_section("impression") == statement.main


ONE_SAYS_WHERE = {
    "pleural_effusion": ("There is a pleural effusion.", "{side} pleural effusion."),
    "pneumothorax": ("A pneumothorax is present.", "{side} pneumothorax."),
    "opacity": ("There is an opacity.", "{side} opacity."),
    "atelectasis": ("Basilar atelectasis.", "{side} basilar atelectasis."),
}


@pytest.mark.parametrize("side", ["Left", "Right", "Bilateral"])
@pytest.mark.parametrize("finding", ONE_SAYS_WHERE)
def test_both_sections_are_given_the_sentence_that_names_the_side(finding, side):
    plain, sided = ONE_SAYS_WHERE[finding]
    report = make_report(plain, impression=(sided.format(side=side),))
    statement = donor_statement(READER.read(report), finding)
    assert statement.side is Side(side.lower())
    for section in ("findings", "impression"):
        assert side.lower() in statement.in_section(section).text.lower()


ONE_AND_SEVERAL = {
    "opacity": ("Left apical opacity.", "Left upper lobe opacities."),
    "infiltrate": ("Left basilar infiltrate.", "Left lower lobe infiltrates."),
    "consolidation": ("Left basilar consolidation.", "Left lower lobe consolidations."),
}


@pytest.mark.parametrize("finding", ONE_AND_SEVERAL)
def test_a_section_that_tells_of_several_is_given_the_main_sentence(finding):
    one, several = ONE_AND_SEVERAL[finding]
    for here, there in ((one, several), (several, one)):
        statement = donor_statement(READER.read(make_report(here, impression=(there,))), finding)
        assert statement.in_section("impression").text == here
    statement = donor_statement(READER.read(make_report(one, impression=(one.upper(),))), finding)
    assert statement.in_section("impression").section == "impression"


@pytest.mark.parametrize("degree", DEGREES)
def test_a_telegraphic_section_does_without_there_is(degree):
    statement = given_by(SAID[0].format(degree))
    assert statement.in_style("impression", telegraphic=True).text == f"{degree} left pleural effusion."
    assert statement.in_style("impression", telegraphic=False).text == SAID[0].format(degree)


def test_a_donor_that_calls_its_chest_normal_gives_nothing():
    refused = given_by("There is a small left pleural effusion.", impression=("No acute abnormality.",))
    assert refused == Refusal("donor-calls-the-chest-normal")


def filed(report, findings):
    study = make_study(1, report)
    return pack_study(read_study(study, study.images[0], READER), findings).open()


@pytest.mark.parametrize("finding", sorted(("pleural_effusion", "pneumothorax", "atelectasis")))
def test_a_filed_study_gives_what_its_report_gives(finding):
    texts = ("Small right effusion and a left lung mass.", "Again seen is a small left pneumothorax.")
    study = filed(make_report(*texts, impression=texts[:1]), ("pleural_effusion", "pneumothorax"))
    assert statement_of(study, finding) == donor_statement(study.reading, finding)


def test_what_was_filed_is_not_found_again():
    study = filed(make_report("There is a small left pleural effusion."), ("pleural_effusion",))
    other = donor_statement(READER.read(make_report("Right pleural effusion.")), "pleural_effusion")
    assert statement_of(replace(study, statements=(other,)), "pleural_effusion") is other
    assert [statement.finding for statement in study.statements] == ["pleural_effusion"]
