from itertools import product

import pytest

from medcutmix_cli.pairing.shadows import names_of_shadow
from medcutmix_cli.pairing.statements import Refusal
from medcutmix_cli.reports.labels import counted_sentences
from medcutmix_cli.reports.reader import ReportReader
from tests.builders import make_report

NAMES = {
    "opacity": "opacity",
    "atelectasis": "atelectasis",
    "pneumonia": "pneumonia",
    "consolidation": "consolidation",
    "infiltrate": "infiltrate",
}
PAIRS = [(one, other) for one, other in product(NAMES, repeat=2) if one != other]
OTHERWISE = Refusal("recipient-names-the-shadow-otherwise")


def leaving(text, finding, impression=""):
    """Return the names that leave with a finding, as (section, finding), or the refusal."""
    sections = (impression,) if impression else ()
    sentences = counted_sentences(ReportReader().read(make_report(text, impression=sections)))
    found = names_of_shadow(sentences, finding)
    if isinstance(found, Refusal):
        return found
    return {(naming.sentence.section, naming.mention.finding) for naming in found}


def in_findings(*names):
    return {("findings", name) for name in names}


@pytest.mark.parametrize(("one", "other"), PAIRS)
@pytest.mark.parametrize(
    "template",
    [
        "Left basilar {} or {}.",
        "Left basilar {} versus {}.",
        "Left basilar {} v. {}.",
        "Left basilar {}, possibly {}.",
    ],
)
def test_two_names_that_one_sentence_gives_one_shadow_leave_together(template, one, other):
    assert leaving(template.format(NAMES[one], NAMES[other]), one) == in_findings(one, other)
    assert leaving(template.format(NAMES[one], NAMES[other]), other) == in_findings(one, other)


@pytest.mark.parametrize(("one", "other"), [pair for pair in PAIRS if pair[1] != "opacity"])
def test_names_with_a_stroke_between_them_leave_together(one, other):
    """ "Atelectasis/opacity" is one name for the reader."""
    assert leaving(f"Left basilar {NAMES[one]}/{NAMES[other]}.", one) == in_findings(one, other)


@pytest.mark.parametrize("cause", ["scarring", "edema", "fibrosis"])
@pytest.mark.parametrize(
    "words", ["consistent with", "which may represent", "suggestive of", "likely", "XXXX"]
)
def test_what_a_shadow_is_taken_for_leaves_with_it(words, cause):
    text = f"There is left basilar opacity {words} {cause}. Normal heart size."
    assert leaving(text, "opacity") == in_findings("opacity", cause)


@pytest.mark.parametrize(("one", "other"), PAIRS)
def test_the_impression_may_give_it_another_name(one, other):
    found = leaving(f"Left basilar {NAMES[one]}.", one, impression=f"Left lower lobe {NAMES[other]}.")
    assert found == {("findings", one), ("impression", other)}


@pytest.mark.parametrize(("one", "other"), PAIRS)
@pytest.mark.parametrize(
    "there",
    [
        pytest.param("Right basilar {}.", id="on-the-other-side"),
        pytest.param("Left apical {}.", id="in-another-zone"),
        pytest.param("In addition, {} is seen.", id="another-one-as-it-says"),
        pytest.param("No {}.", id="denied"),
    ],
)
def test_another_shadow_stays(one, other, there):
    assert leaving(f"Left basilar {NAMES[one]}. {there.format(NAMES[other])}", one) == in_findings(one)


@pytest.mark.parametrize(
    ("text", "finding"),
    [
        ("Left basilar atelectasis. Left lower lobe pneumonia.", "atelectasis"),
        ("Left lower lobe consolidation. Left basilar atelectasis.", "consolidation"),
        ("Left upper lobe mass. There is a left apical nodule.", "mass"),
    ],
)
def test_two_processes_that_may_be_one_shadow_are_refused(text, finding):
    assert leaving(text, finding) == OTHERWISE


def test_a_name_that_covers_both_sides_does_not_leave_with_one_side():
    assert leaving("Left basilar atelectasis.", "atelectasis", "Bilateral opacities.") == OTHERWISE


def test_markings_of_the_interstitium_are_another_shadow():
    text = "Prominent interstitial markings. Left basilar atelectasis."
    assert leaving(text, "atelectasis") == in_findings("atelectasis")


@pytest.mark.parametrize("cause", ["effusion", "pneumothorax", "fracture"])
def test_a_cause_that_is_no_shadow_of_the_lung_stays(cause):
    assert leaving(f"Left basilar opacity and a left {cause}.", "opacity") == in_findings("opacity")


@pytest.mark.parametrize(
    "text",
    [
        "Small left effusion with compressive atelectasis.",
        "Small left effusion with adjacent atelectasis.",
        "Small left effusion. There is passive atelectasis.",
        "Small left effusion. Underlying atelectasis is suspected.",
    ],
)
def test_an_effect_leaves_with_its_cause(text):
    assert leaving(text, "pleural_effusion") == in_findings("pleural_effusion", "atelectasis")


@pytest.mark.parametrize(
    "text",
    [
        "Small left effusion with left basilar atelectasis.",
        "Small left effusion. Compressive right basilar atelectasis.",
        "Small left effusion and subsegmental atelectasis.",
    ],
)
def test_atelectasis_that_is_no_effect_stays(text):
    assert leaving(text, "pleural_effusion") == in_findings("pleural_effusion")


@pytest.mark.parametrize("finding", ["atelectasis", "pneumonia"])
def test_what_this_may_be_leaves_only_with_what_this_is(finding):
    about_it = f"Left basilar opacity. This may represent {NAMES[finding]}."
    assert leaving(about_it, "opacity") == in_findings("opacity", finding)
    another = f"Left basilar opacity. Bilateral rib fractures. This may represent {NAMES[finding]}."
    assert leaving(another, "opacity") == in_findings("opacity")


@pytest.mark.parametrize(
    "markings", ["Prominent interstitial markings.", "Increased interstitial opacities."]
)
@pytest.mark.parametrize(
    ("words", "name"), [("interstitial edema", "edema"), ("pulmonary fibrosis", "fibrosis")]
)
def test_markings_of_the_interstitium_leave_with_what_the_impression_takes_them_for(markings, words, name):
    found = leaving(markings, "opacity", f"Cardiomegaly with mild {words}.")
    assert found == {("findings", "opacity"), ("impression", name)}


@pytest.mark.parametrize("hedge", ["questionable", "possible", "probable", "suspected"])
def test_a_second_hedged_finding_is_no_explanation_of_the_first(hedge):
    text = f"Opacity in the right lung apex and {hedge} right middle lobe pulmonary nodule."
    assert leaving(text, "opacity") == in_findings("opacity")


def test_what_points_at_a_sentence_that_names_nothing_is_asked_itself():
    text = "Left perihilar opacity. There is extension to the pleura. This may represent pneumonia."
    assert leaving(text, "opacity") == in_findings("opacity", "pneumonia")


LESIONS = {
    "nodule": "nodule",
    "mass": "mass",
    "nodular_opacity": "nodular opacity",
    "consolidation": "consolidation",
}


@pytest.mark.parametrize("one", ["opacity", "infiltrate"])
@pytest.mark.parametrize("other", LESIONS)
@pytest.mark.parametrize("known", ["The {} may be old.", "The small {} is seen.", "The left {} is round."])
def test_what_is_named_as_known_is_what_was_named_before_it(one, other, known):
    there = known.format(LESIONS[other])
    assert leaving(f"Left basilar {NAMES[one]}. {there}", one) in (OTHERWISE, in_findings(one, other))
    if other == "consolidation":
        return  # a name of the same shadow in any case
    apart = f"Left {LESIONS[other]}. Right basilar {NAMES[one]}. {there}"
    assert leaving(apart, one) == in_findings(one), "it was named before, by its own name"


PLEURAL = [
    "Blunting of the left pleural space, either a tiny effusion or scarring.",
    "The left costophrenic angle is blunted by scarring or a small effusion.",
    "Blunted left costophrenic angle, likely scarring.",
]
PARENCHYMAL = ["Left basilar scarring or atelectasis.", "Streaky scarring in the left lower lobe."]


@pytest.mark.parametrize(
    "shadow", ["Opacity in the left base, likely scarring.", "Left basilar scar or atelectasis."]
)
@pytest.mark.parametrize("text", PLEURAL)
def test_scarring_of_the_pleura_is_no_name_of_a_shadow_of_the_lung(text, shadow):
    finding = "opacity" if "pacity" in shadow else "atelectasis"
    sentences = counted_sentences(ReportReader().read(make_report(f"{text} {shadow}")))
    names = names_of_shadow(sentences, finding)
    assert not isinstance(names, Refusal)
    assert all(naming.sentence.text != text for naming in names)


@pytest.mark.parametrize("text", PARENCHYMAL)
def test_scarring_of_the_lung_still_is(text):
    report = make_report("Opacity in the left base, likely scarring.", impression=(text,))
    names = names_of_shadow(counted_sentences(ReportReader().read(report)), "opacity")
    assert isinstance(names, Refusal) or any(naming.sentence.text == text for naming in names)
