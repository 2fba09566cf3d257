"""Findings that only a model knows, from the command line to the shards: a list of words, and a trained network."""

import json

import pytest

from medcutmix_cli.inspection.verification import verify
from medcutmix_cli.planning import plan as planning
from medcutmix_cli.planning import reading
from medcutmix_cli.run.folder import RunFolder
from medcutmix_cli.run.run_record import read_run
from medcutmix_cli.run.shards import read_rows
from tests.builders import make_report
from tests.calls import medcutmix
from tests.ner_models import ruler_model, trained_model
from tests.toy_encoder import ToyEncoder, use_encoder
from tests.trees import output_bytes, write_manifest

WORDS = ("scoliosis", "thyroid goiter", "thyroid goiters", "pleural effusion", "dextrocardia")
REPORTS = (
    ("There is a small right pleural effusion.", "No scoliosis."),
    ("There is a mild scoliosis.", "Normal heart size."),
    ("A large scoliosis is present.", "No effusion."),
    ("No effusion or scoliosis.", "Normal heart size."),
    ("There is a large thyroid goiter.", "Normal heart size."),
    ("Small thyroid goiters are seen.", "No pneumothorax."),
    ("A large right pleural effusion is present.", "Possible scoliosis."),
)


@pytest.fixture(autouse=True)
def _toy(monkeypatch):
    use_encoder(monkeypatch.setattr, lambda _settings: ToyEncoder())


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    """Write a data set whose reports name scoliosis and goitres, and dextrocardia once."""
    folder = write_manifest(tmp_path_factory.mktemp("data"), studies=22)
    lines = (folder / "manifest.jsonl").read_text().splitlines()
    rows = [json.loads(line) for line in lines]
    for number, row in enumerate(rows):
        row["report"] = make_report(*REPORTS[number % len(REPORTS)])
    rows[21]["report"] = make_report("There is dextrocardia.")
    (folder / "manifest.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return folder


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return ruler_model(tmp_path_factory.mktemp("models") / "one", WORDS)


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    return trained_model(tmp_path_factory.mktemp("models") / "trained", WORDS)


def augmented(source, out, *options):
    how = ("--encoder", "bundled", "--gate", "none", "--align", "none", "--shard-size", "5", "--quiet")
    return medcutmix("augment", source, out, *how, "--unmixed", "drop", *options)


def rows_of(run):
    return [row for path in sorted((run / "data").glob("*.parquet")) for row in read_rows(path)]


@pytest.mark.parametrize("kind", ["model", "trained"])
def test_open_findings_are_exchanged_for_the_same_and_recorded_like_others(source, kind, request, tmp_path):
    run, model = tmp_path / "run", request.getfixturevalue(kind)
    assert augmented(source, run, "--diagnostic", "both", "--nlp-model", model) == 0
    rows = rows_of(run)
    assert {row["finding"] for row in rows} == {
        "pleural_effusion",
        "entity:scoliosis",
        "entity:thyroid goiter",
    }
    for row in rows:
        assert row["finding_a"] == row["finding"]
        named = [e for e in row["entities"] if e["finding"] == row["finding"] and e["assertion"] == "present"]
        assert named
        assert row["sentence_b"] in " ".join(row["report"].split())
    assert verify(run, deep=True).ok


def test_no_name_that_one_patient_has_leaves_the_rows(source, model, tmp_path):
    run = tmp_path / "run"
    augmented(source, run, "--diagnostic", "both", "--nlp-model", model)
    kept = (RunFolder(run).run_file, run / "README.md")
    assert not any("dextrocardia" in path.read_text() for path in kept)
    assert read_run(RunFolder(run)).counts["texts"]["open_findings"] == 13


def test_entities_alone_leave_out_what_the_model_does_not_know(source, tmp_path):
    model = ruler_model(tmp_path / "model", ("scoliosis",))
    run = tmp_path / "run"
    assert augmented(source, run, "--diagnostic", "entities", "--nlp-model", model) == 0
    assert {row["finding"] for row in rows_of(run)} == {"entity:scoliosis"}
    assert read_run(RunFolder(run)).counts["refused"]["recipient-has-no-diagnostic-sentence"] > 0


def test_the_lexicon_decides_where_nothing_is_said(source, model, tmp_path):
    augmented(source, tmp_path / "with", "--nlp-model", model)
    augmented(source, tmp_path / "without")
    with_model, without = rows_of(tmp_path / "with"), rows_of(tmp_path / "without")
    assert [row["pair_id"] for row in with_model] == [row["pair_id"] for row in without]
    assert {row["finding"] for row in with_model} == {"pleural_effusion"}


@pytest.mark.parametrize("named", ["entity:scoliosis", "pleural_effusion"])
def test_only_findings_that_are_named_are_exchanged(source, model, named, tmp_path):
    run = tmp_path / "run"
    augmented(source, run, "--diagnostic", "both", "--nlp-model", model, "--finding", named)
    assert {row["finding"] for row in rows_of(run)} == {named}


def test_processes_that_read_and_choose_change_no_byte(source, trained, tmp_path, monkeypatch):
    how = ("--diagnostic", "both", "--nlp-model", trained, "--workers")
    augmented(source, tmp_path / "one", *how, "1")
    monkeypatch.setattr(reading, "_PARALLEL_FROM", 1)
    monkeypatch.setattr(planning, "_TOGETHER_FROM", 1)
    augmented(source, tmp_path / "two", *how, "2")
    one, two = output_bytes(tmp_path / "one"), output_bytes(tmp_path / "two")
    assert {name: one[name] == two[name] for name in one} == dict.fromkeys(one, True)


def test_the_model_and_the_strategy_are_part_of_what_a_run_is(source, tmp_path):
    first, second = (ruler_model(tmp_path / name, words) for name, words in (("a", WORDS), ("b", WORDS[:1])))
    prints = []
    for number, how in enumerate(
        (("both", first), ("entities", first), ("both", second), ("both", first), ("lexicon", first))
    ):
        run = tmp_path / f"run{number}"
        augmented(source, run, "--diagnostic", how[0], "--nlp-model", how[1])
        prints.append(read_run(RunFolder(run)).fingerprint)
    assert prints[0] == prints[3]
    assert len(set(prints)) == 4
    said = read_run(RunFolder(tmp_path / "run0")).sources["nlp_pipeline"]
    assert said.startswith("en_ruler 1.2.3 (entity_ruler), spaCy ")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--diagnostic", "entities"), "needs a model"),
        (("--diagnostic", "both"), "pip install --no-deps"),
        (("--finding", "entity:scoliosis"), "--diagnostic both"),
        (("--diagnostic", "all"), "there is no 'all'"),
    ],
)
def test_what_cannot_be_is_one_clear_error(source, tmp_path, options, said, capsys):
    assert augmented(source, tmp_path / "run", *options) == 2
    assert said in " ".join(capsys.readouterr().err.split())


def test_open_findings_are_exchanged_by_no_other_strategy(source, model, tmp_path, capsys):
    how = ("--diagnostic", "both", "--nlp-model", model, "--pairing", "cross-finding")
    assert augmented(source, tmp_path / "run", *how, "--finding", "entity:scoliosis") == 2
    assert "for the same only" in " ".join(capsys.readouterr().err.split())
