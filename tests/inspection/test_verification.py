import json

import pytest

import medcutmix_cli
from medcutmix_cli.errors import DatasetError, RunError, UsageError
from medcutmix_cli.inspection import shard_check
from medcutmix_cli.inspection.findings import Level
from medcutmix_cli.inspection.verification import verify
from medcutmix_cli.run.plan_file import read_plan, write_plan
from medcutmix_cli.run.shard_state import read_state
from medcutmix_cli.run.shards import read_rows
from tests.breaking_runs import broken_rules, rewrite
from tests.sealed_files import change_sealed, mend_manifest
from tests.trees import write_picture


def test_a_run_as_it_was_written_is_right(run):
    checked = verify(run.root, deep=True)
    assert checked.ok
    assert checked.rows == sum(read_state(run, k).written for k in range(checked.shards))


@pytest.mark.parametrize(
    ("change", "column"),
    [
        pytest.param(lambda row: row.update(gain=row["gain"] * 1.2), "gain", id="recipe-touched"),
        pytest.param(lambda row: row["label_mixed"].__setitem__(0, 0.0), "label_mixed", id="label-touched"),
    ],
)
def test_a_row_that_cannot_be_made_again_is_found_by_a_deep_check_only(run, change, column):
    rewrite(run, change)
    assert broken_rules(run) == set()
    (problem,) = verify(run.root, deep=True).problems
    assert (problem.rule, problem.detail) == ("remade", f"made again, other values come out in {column}")


def test_a_changed_parent_is_found_by_a_deep_check(run, tmp_path):
    row = next(iter(read_rows(run.shard_file(0))))
    write_picture(tmp_path / "in" / row["image_path_a"], seed=99)
    assert "pixels" in broken_rules(run, deep=True)


def test_a_parent_that_is_gone_is_named(run, tmp_path):
    row = next(iter(read_rows(run.shard_file(0))))
    (tmp_path / "in" / row["image_path_a"]).unlink()
    assert "parent" in broken_rules(run, deep=True)


def test_a_deep_check_needs_the_data_set(run, tmp_path):
    (tmp_path / "in").rename(tmp_path / "moved")
    with pytest.raises(DatasetError) as caught:
        verify(run.root, deep=True)
    assert caught.value.where == str(tmp_path / "in")
    assert verify(run.root, deep=True, dataset=tmp_path / "moved").ok


def test_an_empty_folder_is_no_run(tmp_path):
    with pytest.raises(RunError, match="no run"):
        verify(tmp_path)


def test_a_shallow_check_reads_no_row_and_hashes_no_shard(run, monkeypatch):
    def refuse(*_arguments, **_options):
        pytest.fail("a shard was read")

    for name in ("read_rows", "read_plan", "file_sha256"):
        monkeypatch.setattr(shard_check, name, refuse)
    checked = verify(run.root, shallow=True)
    assert checked.ok
    assert checked.rows == sum(read_state(run, k).written for k in range(checked.shards))


@pytest.mark.parametrize(
    ("options", "level"),
    [
        pytest.param({"shallow": True}, "shallow", id="shallow"),
        pytest.param({}, "thorough", id="thorough-where-nothing-is-said"),
        pytest.param({"deep": True}, "deep", id="deep"),
    ],
)
def test_a_verification_says_how_much_was_looked_at(run, options, level):
    assert verify(run.root, **options).level == Level(level)


def test_deep_and_shallow_at_once_is_a_usage_error(run):
    with pytest.raises(UsageError, match="deep or shallow"):
        verify(run.root, deep=True, shallow=True)


def change_state(folder, **changes):
    change_sealed(folder.state_file(0), lambda said: said.update(changes))


@pytest.mark.parametrize(
    ("breaking", "rule"),
    [
        pytest.param(lambda run: run.shard_file(0).unlink(), "damaged", id="shard-gone"),
        pytest.param(
            lambda run: run.shard_file(0).write_bytes(run.shard_file(0).read_bytes()[:-1]),
            "damaged",
            id="shard-cut-short",
        ),
        pytest.param(lambda run: run.state_file(0).unlink(), "missing", id="state-gone"),
        pytest.param(lambda run: run.state_file(0).write_text("{"), "seal", id="state-damaged"),
        pytest.param(lambda run: run.failures_file(0).unlink(), "missing", id="failure-list-gone"),
        pytest.param(lambda run: run.plan_file.unlink(), "missing", id="plan-gone"),
        pytest.param(lambda run: change_state(run, bytes=7), "size", id="another-size"),
        pytest.param(lambda run: change_state(run, written=3), "sums", id="wrong-sum"),
        pytest.param(
            lambda run: run.shard_file(9).write_bytes(run.shard_file(0).read_bytes()),
            "numbering",
            id="shard-too-many",
        ),
        pytest.param(
            lambda run: (write_plan(run.plan_file, read_plan(run.plan_file, 0), 2), mend_manifest(run)),
            "plan",
            id="another-plan",
        ),
    ],
)
def test_a_shallow_check_finds_what_small_files_and_footers_tell(copied, breaking, rule):
    breaking(copied)
    assert rule in broken_rules(copied, shallow=True)


def test_a_run_json_that_cannot_be_read_is_named_and_nothing_else_is_looked_at(run):
    run.run_file.write_bytes(b"\xff" + run.run_file.read_bytes())
    (problem,) = verify(run.root).problems
    assert (problem.where, problem.rule) == ("run.json", "damaged")
    assert "restore it" in problem.detail or "edited" in problem.detail


def as_earlier(folder):
    """Make a run look as an earlier version left it: nothing sealed, nothing listed."""
    for path in (folder.run_file, *folder.root.glob("state/*.json")):
        said = json.loads(path.read_text())
        for name in ("seal", "files", "failures"):
            said.pop(name, None)
        if path == folder.run_file:
            said["format"] = 1
        path.write_text(json.dumps(said))
    folder.card_file.write_text(folder.card_file.read_text().partition("<!-- sha256")[0])


def test_a_run_of_an_earlier_version_is_right_and_says_how_much_of_it_has_no_seal(run):
    as_earlier(run)
    found = verify(run.root, deep=True)
    assert found.problems == ()
    shards = range(found.shards)
    states = {f"state/part-{n:05d}.json" for n in shards} | {f"failures/part-{n:05d}.jsonl" for n in shards}
    assert set(found.unsealed) == {"run.json", "README.md", *states}


def test_a_run_of_an_earlier_version_goes_on_and_its_new_files_have_seals(run):
    before = run.shard_file(0).read_bytes()
    as_earlier(run)
    run.state_file(0).unlink()
    medcutmix_cli.render(run.root, workers=1)
    assert run.shard_file(0).read_bytes() == before
    found = verify(run.root)
    assert found.problems == ()
    assert "state/part-00000.json" not in found.unsealed


def test_what_has_lost_its_seal_is_a_problem_in_a_run_that_has_them(run):
    said = json.loads(run.state_file(0).read_text())
    del said["seal"]
    run.state_file(0).write_text(json.dumps(said))
    assert ("state/part-00000.json", "seal") in {(p.where, p.rule) for p in verify(run.root).problems}


def test_splits_are_proved_by_a_table_and_the_rows_alone(run, tmp_path):
    rows = [f"s{number:04d},p{number},train\n" for number in range(12)]
    table = tmp_path / "split.csv"
    table.write_text("study_id,subject_id,split\n" + "".join(rows))
    assert verify(run.root, split_file=table).ok
    table.write_text(table.read_text().replace("p1,train", "p1,test"))
    run.plan_file.unlink()  # the plan has no say
    assert "split-file" in broken_rules(run, split_file=table)


@pytest.mark.parametrize(
    ("options", "what"),
    [
        pytest.param({"maps": True}, "deep check only", id="maps-without-deep"),
        pytest.param({"shallow": True, "split_file": "x.csv"}, "reads no row", id="shallow-with-split-file"),
    ],
)
def test_options_that_ask_for_nothing_are_usage_errors(run, options, what):
    with pytest.raises(UsageError, match=what):
        verify(run.root, **options)


def test_a_deep_check_says_which_columns_it_made_again(run):
    assert verify(run.root).remade == ()
    found = verify(run.root, deep=True)
    assert found.not_remade == ("features", "feature_dim", "map_a", "map_b")
    assert verify(run.root, deep=True, maps=True).not_remade == ()
