"""`medcutmix inspect` on runs that lie on disk."""

import json
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from medcutmix_cli.run.columns import COLUMNS, SCHEMA_VERSION
from medcutmix_cli.run.failure_list import read_outcomes
from medcutmix_cli.run.folder import RunFolder
from medcutmix_cli.run.shards import METADATA_KEY
from tests.calls import medcutmix
from tests.refused_runs import refused_run, toy_encoders
from tests.run_folders import INSERTED, make_row, write_run

ROOT = Path(__file__).resolve().parents[2]
INSPECTION_KEYS = {
    "bytes", "demonstration", "document", "encoder", "fingerprint", "findings", "html", "image_modes",
    "inconsistent", "kind", "least_confidence", "left", "pair", "path", "patients", "prompted", "refused", "rows",
    "schema", "schema_version", "settings", "shards", "sheet", "splits", "status", "strategies", "synthetic", "terms",
    "unmixed", "weights",
}  # fmt: skip
PAIR_KEYS = {
    "align_quality", "diff", "donor", "donor_weights", "entities", "faults", "finding", "finding_a", "grid",
    "image_mode", "impression_consistent", "index", "label_mixed", "label_order", "label_states", "label_w",
    "mask", "pair_id", "recipient", "report", "shard", "shift", "split", "strategy", "swaps", "weights",
}  # fmt: skip


@pytest.fixture
def run(tmp_path):
    return write_run(tmp_path / "run", ([make_row(0), make_row(1, "mass")],))


def test_inspect_shows_counts_and_the_first_pair(run, capsys):
    assert medcutmix("inspect", run) == 0
    shown = capsys.readouterr().out
    for said in ("Run: 2 pairs in 1 shard", "pleural_effusion", "lam_img_area", "pair 1 of 2", INSERTED):
        assert said in shown


def test_inspect_shows_a_mix_first_and_what_was_asked_for_when_asked(tmp_path, capsys):
    plain = make_row(0, finding="", finding_a="")
    folder = str(write_run(tmp_path / "run", ([plain, make_row(1, "mass")],)))
    for asked, shown in ((), "pair 2 of 2"), (("--index", 0), "pair 1 of 2"):
        assert medcutmix("inspect", folder, *asked) == 0
        assert shown in capsys.readouterr().out


def test_inspect_shows_the_pair_that_was_asked_for_and_no_more(run, capsys):
    assert medcutmix("inspect", run, "--index", 1) == 0
    shown = capsys.readouterr().out
    assert "pair 2 of 2" in shown
    assert "index 1" in shown
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


def test_the_schema_is_told_without_any_shard(capsys):
    assert medcutmix("inspect", "--schema") == 0
    shown = capsys.readouterr().out
    for said in ("study_id_a, _b", "16 hex digits", "report[start:end]", f"Schema {SCHEMA_VERSION}"):
        assert said in shown


def test_the_schema_as_json_has_every_column_of_the_code(capsys):
    assert medcutmix("inspect", "--schema", "--json") == 0
    document = json.loads(capsys.readouterr().out)
    assert document["document"] == "schema"
    assert [column["name"] for column in document["columns"]] == [column.name for column in COLUMNS]
    assert document["readable"]
    assert document["lacks"] == document["unknown"] == document["differs"] == []


def test_telling_the_schema_loads_no_model():
    code = (
        "import sys; from tests.calls import medcutmix; medcutmix('inspect', '--schema');"
        "sys.exit(bool({'torch', 'spacy', 'transformers', 'pydicom'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True).returncode == 0


def test_a_shard_of_an_older_schema_tells_its_own_columns_and_what_it_lacks(run, tmp_path, capsys):
    old = older_shard(run, tmp_path / "old.parquet")
    assert medcutmix("inspect", old, "--schema") == 0
    shown = " ".join(capsys.readouterr().out.split())
    for said in ("Schema 2", "cannot read the rows", "lacks finding_a, image_mode", "besides old_column"):
        assert said in shown
    assert medcutmix("inspect", old, "--schema", "--json") == 0
    document = json.loads(capsys.readouterr().out)
    assert (document["schema_version"], document["readable"]) == (2, False)
    assert document["differs"] == ["gain"]


def older_shard(run, target):
    """Write a shard as a version 2 might have been: two columns fewer, one more, one of another type."""
    table = pq.read_table(run / "data" / "part-00000.parquet").drop_columns(["finding_a", "image_mode"])
    gain = table.schema.get_field_index("gain")
    table = table.set_column(gain, "gain", table["gain"].cast("double"))
    table = table.append_column("old_column", [[None] * table.num_rows])
    origin = json.loads(table.schema.metadata[METADATA_KEY]) | {"schema_version": 2}
    pq.write_table(table.replace_schema_metadata({METADATA_KEY: json.dumps(origin)}), target)
    return target


@pytest.mark.parametrize("place", ["", "data"], ids=["a-run", "a-folder-of-shards"])
def test_the_schema_of_a_folder_is_that_of_its_first_shard(run, place, capsys):
    assert medcutmix("inspect", run / place, "--schema", "--json") == 0
    assert json.loads(capsys.readouterr().out)["path"].endswith("part-00000.parquet")


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        pytest.param([], 2, "which run or shard?", id="neither-a-path-nor-the-schema"),
        pytest.param(["--schema", "--index", "1"], 2, "columns, not pairs", id="the-schema-of-a-pair"),
        pytest.param(["EMPTY", "--schema"], 1, "no shard here", id="a-folder-without-shards"),
        pytest.param(["TEXT", "--schema"], 1, "no readable Parquet", id="a-text-file"),
        pytest.param(["FOREIGN", "--schema"], 1, "not written by medcutmix", id="a-foreign-parquet-file"),
    ],
)
def test_what_cannot_be_told_is_refused_by_name(tmp_path, arguments, code, said, capsys):
    (tmp_path / "EMPTY").mkdir()
    (tmp_path / "TEXT").write_text("text")
    pq.write_table(pa.table({"a": [1]}), tmp_path / "FOREIGN")
    places = [tmp_path / word if word.isupper() else word for word in arguments]
    assert medcutmix("inspect", *places) == code
    assert said in capsys.readouterr().err


def test_a_page_is_written_where_it_was_asked_for(run, tmp_path, capsys):
    assert medcutmix("inspect", run, "--html", tmp_path / "new" / "page.html", "--pairs", 1) == 0
    assert capsys.readouterr().out == f"pairs: 1, page: {tmp_path / 'new' / 'page.html'}\n"
    assert (tmp_path / "new" / "page.html").read_text().startswith("<!doctype html>")


def test_a_sheet_is_written_where_it_was_asked_for(run, tmp_path, capsys):
    assert medcutmix("inspect", run, "--sheet", tmp_path / "sheet.png", "--json") == 0
    assert json.loads(capsys.readouterr().out)["sheet"] == {"file": str(tmp_path / "sheet.png"), "pairs": 2}
    assert (tmp_path / "sheet.png").read_bytes().startswith(b"\x89PNG")


def test_a_page_of_one_file_has_nothing_beside_it(run, tmp_path, capsys):
    assert medcutmix("inspect", run, "--html", tmp_path / "page.html", "--self-contained", "--quiet") == 0
    assert not (tmp_path / "page_files").exists()
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    ("way", "begin"),
    [("blocks", "Pictures: recipient, donor, mix"), ("kitty", "\x1b_G"), ("sixel", "\x1bPq")],
)
def test_pictures_are_printed_into_a_pipe_only_where_it_was_said_how(run, capsys, way, begin):
    assert medcutmix("inspect", run, "--index", 0) == 0
    quiet = capsys.readouterr().out
    assert "Pictures:" not in quiet
    assert "\x1b" not in quiet
    assert medcutmix("inspect", run, "--index", 0, "--pictures", way) == 0
    assert begin in capsys.readouterr().out


def test_a_way_to_print_pictures_that_there_is_not_is_refused(run, capsys):
    assert medcutmix("inspect", run, "--pictures", "ascii") == 2
    assert "blocks" in capsys.readouterr().err


def test_a_pair_that_was_not_written_is_shown_with_its_rule(tmp_path, capsys):
    with toy_encoders():
        run = refused_run(tmp_path)
        outcome = read_outcomes(RunFolder(run).failures_file(0))[-1]
        assert medcutmix("inspect", run, "--pair", outcome.pair_id[:12]) == 0
        shown = capsys.readouterr().out
        assert medcutmix("inspect", run, "--pair", outcome.pair_id, "--json") == 0
        document = json.loads(capsys.readouterr().out)
    for said in (outcome.pair_id, "not written", outcome.reason, "To do"):
        assert said in shown
    assert document["pair"] is None
    assert (document["refused"]["pair_id"], document["refused"]["rule"]) == (outcome.pair_id, outcome.reason)


def test_an_id_that_no_pair_has_is_refused(run, capsys):
    assert medcutmix("inspect", run, "--pair", "abcabc") == 2
    assert "no pair with this id" in capsys.readouterr().err


def test_two_ways_to_choose_a_pair_are_one_too_many(run, capsys):
    assert medcutmix("inspect", run, "--pair", "0", "--index", 1) == 2
    assert "both choose a pair" in capsys.readouterr().err


def test_inspect_of_an_unfinished_run_shows_no_pair(tmp_path, capsys):
    run = write_run(tmp_path / "run", ([],), missing=1)
    assert medcutmix("inspect", run) == 0
    assert "pair 1" not in capsys.readouterr().out
