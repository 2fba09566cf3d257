from dataclasses import replace
from itertools import product

import pytest

from medcutmix_cli.pairing.clauses import reread
from medcutmix_cli.pairing.insertions import Insertion
from medcutmix_cli.reports.labels import counted_sentences
from medcutmix_cli.reports.reader import ReportReader
from tests.builders import make_report


@pytest.mark.parametrize(
    "normal", ["The trachea is midline.", "No mediastinal shift.", "The mediastinum is midline."]
)
@pytest.mark.parametrize(
    ("coming", "moves"),
    [
        ("Complete collapse of the left lung.", True),
        ("Tension pneumothorax on the left.", True),
        ("Left basilar atelectasis.", False),
        ("Small left pneumothorax.", False),
    ],
)
def test_what_moves_the_chest_does_not_stand_beside_a_midline(normal, coming, moves):
    (sentence,) = reread(normal)
    arriving = Insertion.of(reread(coming))
    assert bool(arriving.conflicts(sentence)) is moves
    assert bool(arriving.without(["atelectasis", "pneumothorax"]).strong) is moves


@pytest.mark.parametrize(
    ("coming", "conflicts"),
    [
        ("Left basilar airspace disease.", True),
        ("Streaky left basilar opacity.", False),
        ("Prominent interstitial markings.", False),
    ],
)
def test_airspace_disease_is_denied_as_a_consolidation(coming, conflicts):
    (sentence,) = reread("No focal consolidation.")
    assert bool(Insertion.of(reread(coming)).conflicts(sentence)) is conflicts


def test_a_sentence_that_shows_something_does_not_leave_for_its_denial():
    report = make_report("Low lung volumes with bronchovascular crowding, no acute process.")
    reading = ReportReader().read(report)
    (change,) = Insertion.of(reread("Left lower lobe pneumonia.")).clear(reading, ())
    assert change.left.text == "Low lung volumes with bronchovascular crowding."
    assert change.sentence in counted_sentences(reading)


COMING = {"left": "Left lower lobe consolidation.", "right": "Right lower lobe consolidation."}


@pytest.mark.parametrize(("there", "coming"), list(product(COMING, COMING)))
@pytest.mark.parametrize(
    "form",
    ["The {} lung is clear.", "{} lung is grossly clear.", "Clear {} lung.", "The {} lung remains clear."],
)
def test_a_lung_is_called_clear_on_its_own_side(form, there, coming):
    (sentence,) = reread(form.format(there))
    assert bool(Insertion.of(reread(COMING[coming])).conflicts(sentence)) is (there == coming)


@pytest.mark.parametrize(("there", "coming"), list(product(COMING, COMING)))
@pytest.mark.parametrize("place", ["base", "lung base", "lower lobe", "lower zone", "lower lung"])
@pytest.mark.parametrize("verb", ["is", "remains", "appears"])
def test_a_base_that_is_clear_is_not_filled(verb, place, there, coming):
    (sentence,) = reread(f"The {there} {place} {verb} clear.")
    assert bool(Insertion.of(reread(COMING[coming])).conflicts(sentence)) is (there == coming)
    assert not Insertion.of(reread("Moderate cardiomegaly.")).conflicts(sentence)


@pytest.mark.parametrize(("there", "coming"), list(product(COMING, COMING)))
@pytest.mark.parametrize(
    "form",
    [
        "The {} lung is fully expanded.",
        "Expanded {} lung.",
        "The {} lung is well inflated.",
        "{} lung re-expanded.",
    ],
)
def test_a_lung_is_called_expanded_on_its_own_side(form, there, coming):
    (sentence,) = reread(form.format(there))
    arriving = Insertion.of(reread(f"Small {coming} pneumothorax."))
    assert bool(arriving.conflicts(sentence)) is (there == coming)


@pytest.mark.parametrize("word", ["unremarkable", "normal", "essentially normal", "negative"])
@pytest.mark.parametrize(
    "coming", ["Left pneumothorax.", "Right lower lobe consolidation.", "Moderate cardiomegaly."]
)
def test_a_finding_that_comes_is_no_part_of_what_is_otherwise_normal(coming, word):
    (sentence,) = reread(f"Trace right effusion, otherwise {word}.")
    report = make_report(sentence.text)
    (change,) = Insertion.of(reread(coming)).clear(ReportReader().read(report), ())
    assert change.left.text == "Trace right effusion."


@pytest.mark.parametrize("where", ["thoracic", "chest", "intrathoracic", "cardiothoracic"])
@pytest.mark.parametrize("form", ["No acute {} injury.", "No radiographic evidence of acute {} injury."])
def test_an_injured_chest_is_denied_beside_no_pneumothorax(form, where):
    (sentence,) = reread(form.format(where))
    assert Insertion.of(reread("Small left pneumothorax.")).conflicts(sentence)
    assert not Insertion.of(reread("Moderate cardiomegaly.")).conflicts(sentence)


EFFUSION, PNEUMOTHORAX = "Small left pleural effusion.", "Small right apical pneumothorax."
FILLED, LARGE_HEART = "Right lower lobe consolidation.", "Moderate cardiomegaly."
ALL = (EFFUSION, PNEUMOTHORAX, FILLED, LARGE_HEART)


@pytest.mark.parametrize(
    ("normal", "denied"),
    [
        ("Nothing acute.", ALL[:3]),
        ("Nil acute.", ALL[:3]),
        ("Nothing of note.", ALL[:3]),
        ("No obvious abnormality.", ALL),
        ("No gross abnormality is seen.", ALL),
        ("No relevant pathology.", ALL),
        ("No significant findings.", ALL),
        ("Pleura: Normal.", ALL[:2]),
        ("The pleura is unremarkable.", ALL[:2]),
        ("No fluid.", ALL[:1]),
        ("The right apex demonstrates no pleural line.", ALL[1:2]),
        ("No infective focus.", ALL[2:3]),
        ("No infectious change.", ALL[2:3]),
        ("CTR < 50%.", ALL[3:]),
        ("The cardiothoracic ratio is less than 0.5.", ALL[3:]),
    ],
)
def test_a_statement_of_normality_leaves_for_what_it_denies(normal, denied):
    (sentence,) = reread(normal)
    assert [c for c in ALL if Insertion.of(reread(c)).conflicts(sentence)] == list(denied)


def test_clear_lungs_and_pleural_spaces_leave_for_an_effusion():
    (sentence,) = reread("Clear lungs and pleural spaces.")
    assert Insertion.of(reread(EFFUSION)).conflicts(sentence)
    assert Insertion.of(reread(FILLED)).conflicts(sentence)


REST = [
    "The lungs are otherwise clear of focal airspace disease.",
    "No other focal opacity.",
    "No additional opacity.",
]


@pytest.mark.parametrize("rest", REST)
@pytest.mark.parametrize("coming", ["Left lower lobe pneumonia.", "Left lower lobe consolidation."])
def test_what_is_denied_of_the_rest_of_the_lungs_stays_behind_what_comes(coming, rest):
    reading = ReportReader().read(make_report(f"Left basilar atelectasis. {rest}"))
    first, second = counted_sentences(reading)
    arriving = Insertion.of(reread(coming))
    assert arriving.conflicts(second)
    assert not replace(arriving, places=(("findings", first.end),)).conflicts(second)


@pytest.mark.parametrize("coming", ["Diffuse bilateral pneumonia.", "Left basilar opacity."])
def test_it_leaves_beside_what_is_everywhere_and_beside_its_own_name(coming):
    reading = ReportReader().read(make_report(f"Left basilar atelectasis. {REST[0]}"))
    first, second = counted_sentences(reading)
    arriving = replace(Insertion.of(reread(coming)), places=(("findings", first.end),))
    assert arriving.conflicts(second)


@pytest.mark.parametrize("coming", ["Small left pleural effusion.", "Small right apical pneumothorax."])
@pytest.mark.parametrize(
    "rest",
    [
        "Otherwise, no acute cardiopulmonary disease.",
        "Otherwise no acute cardiac or pulmonary process.",
        "No other acute abnormality.",
    ],
)
def test_nothing_else_is_acute_behind_what_comes_into_the_pleura(rest, coming):
    reading = ReportReader().read(make_report(f"Left basilar atelectasis. {rest}"))
    first, second = counted_sentences(reading)
    arriving = Insertion.of(reread(coming))
    assert arriving.conflicts(second)
    assert not replace(arriving, places=(("findings", first.end),)).conflicts(second)
