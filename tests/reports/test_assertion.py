"""Every hard sentence of the method, and the scopes around them: finding -> what is said of it."""

import pytest

from medcutmix_cli.records import Assertion
from medcutmix_cli.reports.assertion import assertion_at, read_clause
from medcutmix_cli.reports.reader import ReportReader
from medcutmix_cli.reports.words import canonical

P, A, U, R = Assertion.PRESENT, Assertion.ABSENT, Assertion.UNCERTAIN, Assertion.RESOLVED


def said(sentence, section="FINDINGS"):
    reading = ReportReader().read(f"x\n {section}: {sentence}\n")
    return {m.finding: m.assertion for s in reading.sentences for m in s.mentions}


HARD = {
    "Pneumonia cannot be excluded.": {"pneumonia": U},
    "Findings may represent atelectasis or pneumonia.": {"atelectasis": U, "pneumonia": U},
    "Interval resolution of pulmonary edema.": {"edema": R},
    "Pneumothorax is not seen.": {"pneumothorax": A},
    "Right pneumothorax is no longer visualized.": {"pneumothorax": R},
    "The lungs are clear of focal consolidation.": {"consolidation": A},
    "No new opacity; stable cardiomegaly.": {"opacity": A, "cardiomegaly": P},
    "The endotracheal tube has been removed.": {"support_devices": R},
    "Evaluate for pneumonia.": {"pneumonia": U},
    "No change in the effusion.": {"pleural_effusion": P},
    "Atelectasis versus pneumonia.": {"atelectasis": U, "pneumonia": U},
    "No effusion but small left pneumothorax.": {"pleural_effusion": A, "pneumothorax": P},
    "No pleural effusion, pneumothorax, focal consolidation,\n pulmonary edema, or fracture.": {
        "pleural_effusion": A,
        "pneumothorax": A,
        "consolidation": A,
        "edema": A,
        "fracture": A,
    },
}

SCOPES = {
    "No pneumothorax, small left effusion.": {"pneumothorax": A, "pleural_effusion": P},
    "No pneumothorax, large effusion, or consolidation.": {
        "pneumothorax": A,
        "pleural_effusion": A,
        "consolidation": A,
    },
    "No pneumothorax is seen and the heart is enlarged.": {"pneumothorax": A, "cardiomegaly": P},
    "No pleural effusion and stable cardiomegaly.": {"pleural_effusion": A, "cardiomegaly": P},
    "Effusion and pneumothorax are not seen.": {"pleural_effusion": A, "pneumothorax": A},
    "There is an effusion and pneumothorax is not seen.": {"pleural_effusion": P, "pneumothorax": A},
    "No effusion; however, there is consolidation.": {"pleural_effusion": A, "consolidation": P},
    "Probably no effusion.": {"pleural_effusion": U},
    "No opacity to suggest pneumonia.": {"opacity": A, "pneumonia": A},
    "Left basilar opacity, likely atelectasis.": {"opacity": P, "atelectasis": U},
    "The effusion has not resolved.": {"pleural_effusion": P},
    "Near complete resolution of the effusion.": {"pleural_effusion": P},
    "The previously seen effusion has resolved.": {"pleural_effusion": R},
    "There is no longer a pneumothorax.": {"pneumothorax": R},
    "The effusion is not without consolidation.": {"pleural_effusion": P, "consolidation": P},
    "No interval change in the right lower lobe nodule.": {"nodule": P},
    "No edema, but pneumonia cannot be ruled out.": {"edema": A, "pneumonia": U},
    "Neither effusion nor pneumothorax is identified.": {"pleural_effusion": A, "pneumothorax": A},
    "Pneumothorax: none.": {"pneumothorax": A},
    "Negative for pneumonia.": {"pneumonia": A},
    "Lucency without lung markings is due to a small pneumothorax.": {"pneumothorax": P},
    "Right lower lobe pneumonia is suspected.": {"pneumonia": U},
    "Consolidation is not excluded on this view.": {"consolidation": U},
    "Atelectasis, although pneumonia is possible.": {"atelectasis": P, "pneumonia": U},
    "Correlate for pneumonia.": {"pneumonia": U},
    "A nodule not seen on the prior film.": {"nodule": P},
    "Opacity which may be secondary to atelectasis and/or infiltrate.": {
        "opacity": P,
        "atelectasis": U,
        "infiltrate": U,
    },
    "Interval clearing of the right pneumonia.": {"pneumonia": R},
    "Opacities possibly due to pneumonia.": {"opacity": P, "pneumonia": U},
    "Opacities may be compatible with mild pulmonary edema.": {"opacity": P, "edema": U},
    "Opacities consistent with moderate edema.": {"opacity": P, "edema": P},
    "Differential diagnosis includes pneumonia, small effusion, a mass.": {
        "pneumonia": U,
        "pleural_effusion": U,
        "mass": U,
    },
    "In the appropriate clinical setting, this is compatible with pneumonia.": {"pneumonia": U},
    "This could be pneumonia in the right clinical setting.": {"pneumonia": U},
    "Pneumonia is less likely but not entirely excluded.": {"pneumonia": U},
    "CT is more sensitive in detecting small nodules.": {"nodule": U},
    "Effusion, pneumothorax,\n and consolidation are absent.": {
        "pleural_effusion": A,
        "pneumothorax": A,
        "consolidation": A,
    },
    "No definite effusion; pneumothorax is absent.": {"pleural_effusion": A, "pneumothorax": A},
}


@pytest.mark.parametrize(("sentence", "expected"), HARD.items(), ids=HARD)
def test_the_hard_sentences_of_the_method(sentence, expected):
    assert said(sentence) == expected


@pytest.mark.parametrize(("sentence", "expected"), SCOPES.items(), ids=SCOPES)
def test_scopes_end_where_a_statement_does(sentence, expected):
    assert said(sentence) == expected


def test_a_bare_finding_in_the_indication_is_only_asked_about():
    assert said("Cough, pneumonia.", "INDICATION") == {"pneumonia": U}
    assert said("No pneumonia.", "INDICATION") == {"pneumonia": A}


@pytest.mark.parametrize(
    ("sentence", "expected"),
    [
        pytest.param("There are no XXXX of a pleural effusion.", {"pleural_effusion": A}, id="denied"),
        pytest.param(
            "No XXXX focal consolidation or effusion.", {"consolidation": A, "pleural_effusion": A}, id="list"
        ),
        pytest.param("XXXX represent atelectasis, XXXX seen.", {"atelectasis": P}, id="around"),
        pytest.param(
            "No ___ effusion; ___ opacity.", {"pleural_effusion": A, "opacity": P}, id="underscores"
        ),
        pytest.param("Blunting of the left costophrenic XXXX.", {"pleural_effusion": P}, id="half-a-name"),
    ],
)
def test_removed_words_stand_in_no_cues_way(sentence, expected):
    assert said(sentence) == expected


@pytest.mark.parametrize(
    "sentence",
    [
        "Rule out pneumonia.",
        "Question pneumonia.",
        "? pneumonia",
        "R/o pneumonia.",
        "Assess for pneumonia.",
        "Pneumonia?",
    ],
)
def test_what_the_indication_asks_is_uncertain(sentence):
    assert said(sentence, "INDICATION") == {"pneumonia": U}


def test_concepts_outside_the_lexicon_can_be_asserted_too():
    words = canonical("She denies fever, chills or night sweats.")
    begin, end = words.indices(words.text.index("night"), words.text.index(" ."))
    assert assertion_at(read_clause(words, [(begin, end)]), begin, end) is A


def test_a_cue_that_shares_words_with_the_concept_is_no_cue():
    words = canonical("He denies changes in hearing, no change in vision.")
    begin, end = words.indices(words.text.index("change in vision"), words.text.index(" ."))
    assert assertion_at(read_clause(words, [(begin, end)]), begin, end) is A
