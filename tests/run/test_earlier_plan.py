from dataclasses import replace

import pytest

from medcutmix_cli.configuration.settings import Settings, plain
from medcutmix_cli.errors import RunConflictError, RunError
from medcutmix_cli.run.earlier_plan import check_empty, is_planned
from medcutmix_cli.run.folder import RunFolder
from medcutmix_cli.run.run_record import read_run, write_run
from tests import run_folders


@pytest.fixture
def run(tmp_path):
    return RunFolder(run_folders.write_run(tmp_path / "run"))


def with_seed(seed):
    tree = plain(Settings())
    return {**tree, "plan": {**tree["plan"], "seed": seed}}


def test_where_nothing_is_no_plan_lies(run, tmp_path):
    assert not is_planned(RunFolder(tmp_path / "none"), read_run(run))


def test_the_plan_of_the_same_fingerprint_is_the_same(run):
    assert is_planned(run, replace(read_run(run), settings=with_seed(1)))


def test_another_plan_is_a_conflict_that_names_what_differs(run):
    record = read_run(run)
    other = replace(record, fingerprint="0" * 64, settings=with_seed(1), sources={"manifest": "1"})
    with pytest.raises(RunConflictError) as caught:
        is_planned(run, other)
    assert "seed: 0 -> 1; other content: manifest" in caught.value.what
    assert caught.value.where == str(run.root)


def test_another_plan_takes_the_place_of_one_without_a_pair_and_the_same_does_not(run):
    record = replace(read_run(run), shards=[])
    write_run(run, record)
    assert is_planned(run, record)
    assert not is_planned(run, replace(record, fingerprint="0" * 64))


def test_a_folder_that_is_new_or_empty_is_empty(tmp_path):
    check_empty(RunFolder(tmp_path / "none"))
    check_empty(RunFolder(tmp_path))


@pytest.mark.parametrize(
    ("left", "said"),
    [
        pytest.param("notes.txt", r"1 other file\(s\), for example 'notes.txt'", id="of somebody else"),
        pytest.param("data/part-00000.parquet", "run.json is gone", id="a shard without its run"),
        pytest.param("state/part-00000.json", "run.json is gone", id="a state without its run"),
    ],
)
def test_what_belongs_to_no_run_is_left_alone(tmp_path, left, said):
    (tmp_path / left).parent.mkdir(exist_ok=True)
    (tmp_path / left).touch()
    with pytest.raises(RunError, match=said):
        check_empty(RunFolder(tmp_path))
    assert (tmp_path / left).is_file()


def test_a_file_is_no_folder(tmp_path):
    (tmp_path / "out").touch()
    with pytest.raises(RunError, match="a file, not a folder"):
        check_empty(RunFolder(tmp_path / "out"))
