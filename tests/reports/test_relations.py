import re

import pytest

from medcutmix_cli.reports.lexicon import finding_ids
from medcutmix_cli.reports.relations import advises, is_strong, points_back, relation_of
from medcutmix_cli.reports.tables import table

ENTRIES = table("relations")["relation"]


def test_every_finding_of_the_lexicon_has_one_entry():
    assert sorted(entry["finding"] for entry in ENTRIES) == sorted(finding_ids())


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry["finding"])
def test_related_findings_are_of_the_lexicon_and_never_the_finding_itself(entry):
    assert set(entry["findings"]) <= set(finding_ids()) - {entry["finding"]}


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry["finding"])
def test_every_macro_that_is_used_is_declared(entry):
    used = {
        name
        for listed in entry.values()
        if isinstance(listed, list)
        for phrase in listed
        for name in re.findall(r"\{([a-z_]+)\}", phrase)
    }
    assert used <= set(table("relations")["macro"])


@pytest.mark.parametrize(
    ("finding", "text", "kind"),
    [
        ("pneumothorax", "There is mediastinal shift to the left.", "sign"),
        ("pneumothorax", "Deep sulcus on the right.", "sign"),
        ("pneumothorax", "A visceral pleural line is seen.", "sign"),
        ("pleural_effusion", "Adjacent compressive atelectasis.", "sequel"),
        ("pleural_effusion", "Blunting of the left costophrenic angle.", "sign"),
        ("atelectasis", "Volume loss in the left lung.", "sign"),
        ("pneumonia", "Air bronchograms are present.", "sign"),
        ("pneumonia", "Repeat films after treatment to document clearing.", "sequel"),
        ("consolidation", "Aspiration is also possible.", "sequel"),
        ("cardiomegaly", "Degenerative changes of the spine.", ""),
    ],
)
def test_a_sentence_that_speaks_of_a_finding_is_seen_by_its_kind(finding, text, kind):
    assert relation_of(finding).kind_of_reference(text) == kind


def test_a_midline_trachea_contradicts_only_a_large_or_complete_collapse():
    collapse = relation_of("atelectasis")
    assert collapse.contradicted_by("The trachea is midline.", strong=True)
    assert not collapse.contradicted_by("The trachea is midline.")


@pytest.mark.parametrize(
    "text",
    [
        "These may be scars.",
        "Decreased from the prior film.",
        "The etiology of these is unclear.",
        "Aspiration is also possible.",
        "It measures 3 cm.",
    ],
)
def test_a_sentence_without_a_subject_of_its_own_points_back(text):
    assert points_back(text)


@pytest.mark.parametrize("text", ["The heart is normal in size.", "Degenerative changes of the spine."])
def test_a_sentence_with_its_own_subject_does_not_point_back(text):
    assert not points_back(text)


def test_advice_and_strength_are_words_of_the_table():
    assert advises("Recommend CT for further evaluation.")
    assert not advises("No pneumothorax.")
    assert is_strong("Complete collapse of the left lung.")
    assert not is_strong("Small left effusion.")


def test_a_finding_outside_the_table_has_no_relations():
    assert relation_of("unheard_of").kind_of_reference("Mediastinal shift.") == ""
