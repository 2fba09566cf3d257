"""Parts of an export: one that no row is left of leaves no file, in any profile."""

import json

import pytest

from medcutmix_cli.configuration.registry import names
from medcutmix_cli.exports.export import ORIGINALS, export
from tests.exports.runs import run_of_both


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """Return a run of four shards: mixes, a study as it is, a row without words, mixes."""
    return run_of_both(tmp_path_factory.mktemp("run"), ("train",))


def numbers(folder, pattern):
    return sorted(int(path.stem.rpartition("-")[2].rpartition(".")[2]) for path in folder.rglob(pattern))


@pytest.mark.parametrize("originals", ORIGINALS)
@pytest.mark.parametrize("to", names("export"))
def test_no_file_is_without_a_row(run, tmp_path, to, originals):
    export(run, tmp_path / "x", to=to, originals=originals)
    sizes = list((tmp_path / "x").rglob("sizes.json"))
    assert sizes
    for path in sizes:
        rows = json.loads(path.read_text())
        assert rows
        assert 0 not in rows.values()
        assert {tar.relative_to(path.parent).as_posix() for tar in path.parent.glob("*.tar")} <= set(rows)


@pytest.mark.parametrize(
    ("to", "pattern"), [("litdata", "part-*.parquet"), ("mds", "shard.*.mds"), ("webdataset", "train-*.tar")]
)
def test_numbers_of_files_have_no_gap_where_a_shard_is_left_out(run, tmp_path, to, pattern):
    export(run, tmp_path / "x", to=to, originals="apart")
    assert numbers(tmp_path / "x" / "mixes", pattern) == [0, 1]


def test_a_folder_of_which_no_row_is_left_is_not_made(tmp_path):
    run = run_of_both(tmp_path, ("train",), mixes=False)
    export(run, tmp_path / "x", to="open-clip", originals="apart")
    assert {path.name for path in (tmp_path / "x").iterdir() if path.is_dir()} == {"originals"}
