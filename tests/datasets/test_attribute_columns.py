"""Columns that are no attributes are told by reason, and those called as findings with what to do."""

import pytest

from medcutmix_cli.datasets.attribute_columns import named_like_findings, tell_left_out
from medcutmix_cli.reports.tables import read_lexicon, use_lexicon


def test_a_line_for_each_reason_names_all_its_columns():
    told = list(tell_left_out({"note": "too-many-values", "kind": "one-value", "path": "too-many-values"}))
    assert told == [
        "the column 'kind' of --attributes is left out: one-value",
        "the columns 'note', 'path' of --attributes are left out: too-many-values",
    ]
    assert list(tell_left_out({})) == []


def test_what_to_do_about_the_name_of_a_finding_is_said():
    [told] = tell_left_out({"pneumonia": "names-a-finding"})
    assert "another name" in told


@pytest.mark.parametrize("name", ["pleural_effusion", "pleural-effusion", "pneumonia"])
def test_a_name_is_a_findings_however_its_words_are_divided(name):
    assert named_like_findings([name, "site"]) == {name}


def test_findings_of_a_users_lexicon_count(tmp_path):
    assert named_like_findings(["scoliosis"]) == set()
    own = tmp_path / "own.toml"
    own.write_text('[[finding]]\nid = "scoliosis"\nterms = ["scoliosis"]\n')
    with use_lexicon(read_lexicon(str(own))):
        assert named_like_findings(["scoliosis"]) == {"scoliosis"}
