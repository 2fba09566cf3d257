"""`medcutmix evaluate reports`: the table, the ids, the document."""

import json

import pytest

from tests.calls import medcutmix

KEYS = {
    "disagreeing", "document", "macro_f1", "micro", "reports", "scores", "task", "uncertain", "without_report", "worst",
}  # fmt: skip
SCORE_KEYS = {"extra", "f1", "hits", "missed", "name", "positives", "precision", "recall"}


@pytest.fixture
def tables(tmp_path):
    texts, gold = tmp_path / "reports.csv", tmp_path / "gold.csv"
    texts.write_text("uid,findings\n1,Small effusion.\n2,A secret mass.\n")
    gold.write_text("filename,Effusion,Mass\nCXR1,1,0\nCXR2,1,0\n")
    return texts, gold


def test_scores_and_ids_are_shown_and_no_text(tables, capsys):
    texts, gold = tables
    assert medcutmix("evaluate", "reports", texts, "--gold", gold) == 0
    shown = capsys.readouterr().out
    assert "2 reports compared, 1 with a disagreement" in shown
    assert "CXR2" in shown
    assert "secret" not in shown
    assert max(map(len, shown.splitlines())) <= 80


def test_json_is_one_document_with_known_keys(tables, capsys):
    texts, gold = tables
    assert medcutmix("evaluate", "reports", texts, "--gold", gold, "--json", "--worst", 1) == 0
    document = json.loads(capsys.readouterr().out, parse_constant=pytest.fail)
    assert set(document) == KEYS
    assert set(document["micro"]) == SCORE_KEYS
    assert document["micro"]["f1"] == pytest.approx(2 / 3)
    assert document["worst"] == [{"identifier": "CXR2", "missed": ["Effusion"], "extra": []}]


def test_quiet_says_nothing(tables, capsys):
    assert medcutmix("evaluate", "reports", tables[0], "--gold", tables[1], "-q") == 0
    told = capsys.readouterr()
    assert told.out + told.err == ""


def test_a_missing_gold_is_a_usage_error(tables, capsys):
    assert medcutmix("evaluate", "reports", tables[0]) == 2
    assert "--gold" in capsys.readouterr().err


def test_help_of_the_part_has_examples(capsys):
    assert medcutmix("evaluate", "reports", "--help") == 0
    assert "medcutmix evaluate reports reports.csv --gold labels.csv" in capsys.readouterr().out
