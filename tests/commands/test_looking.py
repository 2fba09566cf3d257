"""`inspect`, `status` and `verify` on runs that lie on disk."""

import json

import pytest

from medcutmix_cli import verification
from medcutmix_cli.verification import Problem, Verification
from tests.calls import medcutmix
from tests.run_folders import INSERTED, make_row, write_run

INSPECTION_KEYS = {
    "bytes", "demonstration", "document", "encoder", "fingerprint", "findings", "html", "kind", "pair", "path",
    "patients", "rows", "schema", "schema_version", "settings", "shards", "splits", "status", "strategies",
    "synthetic", "terms", "weights",
}  # fmt: skip
PAIR_KEYS = {
    "diff", "donor", "donor_weights", "finding", "grid", "index", "label_mixed", "label_order", "label_w", "mask",
    "pair_id", "recipient", "report", "shard", "split", "strategy", "swaps", "weights",
}  # fmt: skip


@pytest.fixture
def run(tmp_path):
    return write_run(tmp_path / "run", ([make_row(0), make_row(1, "mass")],))


def test_inspect_shows_counts_and_the_first_pair(run, capsys):
    assert medcutmix("inspect", run) == 0
    shown = capsys.readouterr().out
    for said in ("Run: 2 pairs in 1 shard", "pleural_effusion", "lam_img_area", "pair 0 of 2", INSERTED):
        assert said in shown


def test_inspect_shows_the_pair_that_was_asked_for_and_no_more(run, capsys):
    assert medcutmix("inspect", run, "--index", 1) == 0
    shown = capsys.readouterr().out
    assert "pair 1 of 2" in shown
    assert "Fingerprint" not in shown


def test_inspect_json_is_one_document_with_known_keys(run, capsys):
    assert medcutmix("inspect", run, "--json") == 0
    document = json.loads(capsys.readouterr().out)
    assert set(document) == INSPECTION_KEYS
    assert (document["document"], document["pair"]) == ("inspection", None)


def test_a_pair_as_json_has_known_keys_and_no_nan(run, capsys):
    assert medcutmix("inspect", run, "--json", "--index", 0) == 0
    pair = json.loads(capsys.readouterr().out, parse_constant=pytest.fail)["pair"]
    assert set(pair) == PAIR_KEYS
    assert pair["recipient"]["map"][0] is None


def test_the_schema_is_told_with_meanings(run, capsys):
    assert medcutmix("inspect", run, "--schema") == 0
    shown = capsys.readouterr().out
    assert "study_id_a, _b" in shown
    assert "16 hex digits" in shown


def test_a_page_is_written_where_it_was_asked_for(run, tmp_path, capsys):
    assert medcutmix("inspect", run, "--html", tmp_path / "new" / "page.html", "--pairs", 1) == 0
    assert capsys.readouterr().out == f"pairs: 1, page: {tmp_path / 'new' / 'page.html'}\n"
    assert (tmp_path / "new" / "page.html").read_text().startswith("<!doctype html>")


def test_two_ways_to_choose_a_pair_are_one_too_many(run, capsys):
    assert medcutmix("inspect", run, "--pair", "0", "--index", 1) == 2
    assert "both choose a pair" in capsys.readouterr().err


def test_inspect_of_an_unfinished_run_shows_no_pair(tmp_path, capsys):
    run = write_run(tmp_path / "run", ([],), missing=1)
    assert medcutmix("inspect", run) == 0
    assert "pair 0" not in capsys.readouterr().out


def test_status_tells_what_waits(tmp_path, capsys):
    assert medcutmix("status", write_run(tmp_path / "run", missing=2)) == 0
    assert "3 planned: 1 written, 0 rejected, 0 failed, 2 waiting" in capsys.readouterr().out


def test_no_report_is_in_what_status_says(run, capsys):
    medcutmix("status", run, "--json")
    assert "effusion is" not in capsys.readouterr().out


@pytest.fixture
def verdict(monkeypatch):
    """Return a function that decides what `verify` finds."""

    def decide(*problems):
        found = Verification(shards=1, rows=2, deep=False, problems=problems)
        monkeypatch.setattr(verification, "verify", lambda *_, **__: found)

    return decide


def test_a_run_that_keeps_its_promises_exits_0(run, verdict, capsys):
    verdict()
    assert medcutmix("verify", run) == 0
    assert "verified 1 shard, 2 rows" in capsys.readouterr().out


@pytest.mark.parametrize("form", ["", "-q"], ids=["plain", "quiet"])
def test_a_broken_rule_exits_4_and_is_told_even_if_quiet(run, verdict, capsys, form):
    verdict(Problem("part-00000.parquet", "hash", "is not the file that was written"))
    assert medcutmix("verify", run, *form.split()) == 4
    assert "hash" in capsys.readouterr().out


def test_problems_are_in_the_json(run, verdict, capsys):
    verdict(Problem("part-00000.parquet", "hash", "is not the file that was written"))
    assert medcutmix("verify", run, "--json") == 4
    document = json.loads(capsys.readouterr().out)
    assert set(document) == {"document", "deep", "ok", "out", "problems", "rows", "shards"}
    assert document["problems"] == [
        {"where": "part-00000.parquet", "rule": "hash", "detail": "is not the file that was written"}
    ]
