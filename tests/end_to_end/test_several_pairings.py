"""A run of several pairings has the rows of their runs, to the last value, and is refilled within their bounds."""

from collections import Counter

import pytest

from medcutmix_cli import loader, pipeline
from medcutmix_cli.errors import UsageError
from medcutmix_cli.run.folder import RunFolder
from medcutmix_cli.run.run_record import read_run
from medcutmix_cli.run.shards import read_rows
from medcutmix_cli.run.status import run_status
from tests.calls import medcutmix
from tests.shared_sample import shared_sample
from tests.trees import output_bytes

PAIRINGS = ("same-finding", "cross-finding", "normal-host")
OPTIONS = {"encoder": "bundled", "shard_size": 16, "unmixed": "drop", "pairs_per_study": 2, "workers": 2}


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    return shared_sample(tmp_path_factory.getbasetemp(), studies=60)


@pytest.fixture(scope="module")
def runs(source, tmp_path_factory):
    """Return a run of all three, and one of each, by name."""
    root = tmp_path_factory.mktemp("several")
    asked = {"all": PAIRINGS, **{name: name for name in PAIRINGS}}
    for name, pairing in asked.items():
        pipeline.augment(source, root / name, pairing=pairing, **OPTIONS)
    return {name: root / name for name in asked}


def all_rows(run):
    return [row for shard in (run / "data").glob("*.parquet") for row in read_rows(shard)]


def rows_of(run):
    """Return pair id -> its row as something that compares by value: NaN is no equal of itself."""
    return {row["pair_id"]: repr(row) for row in all_rows(run)}


def test_it_has_the_rows_of_a_run_of_each(runs):
    alone = [rows_of(runs[name]) for name in PAIRINGS]
    assert all(alone)
    assert rows_of(runs["all"]) == {key: row for rows in alone for key, row in rows.items()}


def test_what_was_left_out_adds_up(runs):
    together, alone = run_status(RunFolder(runs["all"])), [run_status(RunFolder(runs[n])) for n in PAIRINGS]
    for figure in ("planned", "written", "pairs_missing"):
        assert getattr(together, figure) == sum(getattr(each, figure) for each in alone)
    assert Counter(together.rejected) == sum((Counter(each.rejected) for each in alone), Counter())
    assert together.written + sum(together.rejected.values()) == together.planned


def test_the_loader_reads_it_as_it_reads_three(runs):
    columns = (*loader.BASIC, "pair_id")
    one = loader.MixedPairs(runs["all"], columns=columns)
    three = loader.MixedPairs([runs[name] for name in PAIRINGS], columns=columns)
    found = [sorted(pairs.row(k)["pair_id"] for k in range(len(pairs))) for pairs in (one, three)]
    assert found[0] == found[1]


def test_a_recipe_may_name_one_or_a_list(source, tmp_path):
    for number, said in enumerate(("'identity'", "['identity']")):
        (tmp_path / "recipe.toml").write_text(f"[plan]\npairing = {said}\n[encoder]\nname = 'bundled'\n")
        pipeline.augment(source, tmp_path / str(number), config=tmp_path / "recipe.toml")
    assert output_bytes(tmp_path / "0") == output_bytes(tmp_path / "1")
    assert read_run(RunFolder(tmp_path / "0")).settings["plan"]["pairing"] == ["identity"]


def test_the_command_line_names_each_once(source, tmp_path, capsys):
    said = [word for name in PAIRINGS for word in ("--pairing", name)]
    out = tmp_path / "out"
    assert medcutmix("plan", source, out, "--encoder", "bundled", *said, "--dry-run") == 0
    shown = capsys.readouterr().out
    for name in PAIRINGS:
        assert f"pairing: {name}" in shown
    assert medcutmix("plan", source, out, "--encoder", "bundled", "--dry-run") == 0
    assert "pairing: " not in capsys.readouterr().out


@pytest.mark.parametrize("unmixed", ["drop", "keep"])
def test_a_refill_lets_each_study_receive_and_give_as_often_as_all_pairings_do(source, tmp_path, unmixed):
    how = {**OPTIONS, "unmixed": unmixed, "reserve": 2.0, "pairs_per_study": 1, "max_uses_per_donor": 2}
    run = tmp_path / "run"
    status = pipeline.augment(source, run, pairing=PAIRINGS, **how)
    assert sum(each.pairs for each in status.refills) > 0
    assert status.planned == status.written + sum(status.rejected.values()) + sum(status.failed.values())
    rows = all_rows(run)
    mixes = [row for row in rows if row["finding"]]
    assert len({row["strategy"] for row in mixes}) == 3
    assert max(Counter(row["study_id_a"] for row in rows).values()) <= 3
    assert max(Counter(row["study_id_b"] for row in mixes).values()) <= 3 * 2
    assert (unmixed == "keep") == (len(rows) > len(mixes))


@pytest.mark.parametrize(
    ("pairing", "what"),
    [
        (("same-finding", "identity", "same-finding"), "names 'same-finding' twice"),
        ((), "names none"),
        (("same-finding", "nearst"), "nearst"),
    ],
)
def test_a_name_that_is_wrong_is_told_before_a_study_is_read(tmp_path, pairing, what, source, monkeypatch):
    monkeypatch.setattr("medcutmix_cli.planning.plan.read_all", pytest.fail)
    with pytest.raises(UsageError, match=what) as error:
        pipeline.plan(source, tmp_path / "out", encoder="bundled", pairing=pairing)
    assert error.value.hint


def test_each_has_options_of_its_own(source, tmp_path):
    """Embeddings go to whoever ranks by them, other options to the pairing whose table has them."""
    embeddings = tmp_path / "embeddings.parquet"
    assert medcutmix("embed", source, embeddings, "--encoder", "bundled", "-q") == 0
    recipe = tmp_path / "recipe.toml"
    recipe.write_text("[mixing.options.same-finding]\nattempts = 1\n[mixing.options.nearest]\nk = 2\n")
    both, alone = ("same-finding", "nearest"), tmp_path / "same"
    options = {"encoder": "bundled", "config": recipe, "unmixed": "drop"}
    pipeline.plan(source, tmp_path / "both", pairing=both, embeddings=embeddings, **options)
    counts = read_run(RunFolder(tmp_path / "both")).counts["pairs_by_pairing"]
    recipe.write_text("[mixing.options.same-finding]\nattempts = 1\n")
    pipeline.plan(source, alone, pairing="same-finding", **options)
    assert counts["same-finding"] == read_run(RunFolder(alone)).counts["pairs_by_pairing"]["same-finding"]
    assert counts["nearest"] > 0
    with pytest.raises(UsageError, match="no option 'embeddings'"):
        pipeline.plan(source, tmp_path / "none", pairing=PAIRINGS, embeddings=embeddings, **options)
