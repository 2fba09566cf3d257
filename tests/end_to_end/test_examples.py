"""Each example runs as it is written, in a process of its own: in an empty folder, or in that of the first one."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from medcutmix_cli.run.shards import read_rows

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
FIRST = "01_augment_sample.py"
RUNS = {
    FIRST: "run",
    "02_own_table.py": "run-of-table",
    "03_train_on_shards.py": "run",
    "04_precomputed_maps.py": "run-of-maps",
    "05_train_with_loader.py": "run",
}
"""Folder of the run that each example writes, or trains on."""

SAID = {
    FIRST: "verified: True",
    "02_own_table.py": "120 studies",
    "04_precomputed_maps.py": "same pairs as planned: True",
}
FALLS = ("03_train_on_shards.py", "05_train_with_loader.py")
"""Examples that train: their loss falls."""

IN_AN_EMPTY_FOLDER = ("05_train_with_loader.py",)
"""Beside the first example: it makes a sample and a run itself, as those that train do where there are none."""


def run(name, *arguments):
    command = [sys.executable, "-W", "error::DeprecationWarning:__main__", str(EXAMPLES / name)]
    return subprocess.run([*command, *map(str, arguments)], capture_output=True, text=True)


@pytest.fixture(scope="module")
def first(tmp_path_factory):
    """Run the first example in an empty folder; return the folder, and what came of it."""
    folder = tmp_path_factory.mktemp("work")
    return folder, run(FIRST, folder)


@pytest.mark.parametrize("name", sorted(RUNS))
def test_an_example_writes_pairs(name, first, tmp_path):
    shared, done = first
    folder = tmp_path if name in IN_AN_EMPTY_FOLDER else shared
    if name != FIRST:
        done = run(name, folder)
    assert done.returncode == 0, done.stderr[-2000:]
    assert SAID.get(name, "") in done.stdout
    shards = sorted((folder / RUNS[name] / "data").glob("part-*.parquet"))
    assert (
        sum(row["strategy"] != "identity" for shard in shards for row in read_rows(shard, ["strategy"])) > 0
    )
    if name in FALLS:
        before, after = re.findall(r"loss ([\d.]+) -> ([\d.]+)", done.stdout)[-1]
        assert float(after) < float(before)


@pytest.mark.parametrize("name", [FIRST, "02_own_table.py", "04_precomputed_maps.py"])
def test_an_example_that_writes_nothing_says_why_and_leaves_with_an_error(tmp_path, name):
    subprocess.run(
        [sys.executable, "-m", "medcutmix_cli", "sample", tmp_path / "sample", "--studies", "1", "-q"],
        check=True,
    )
    done = run(name, tmp_path)
    assert done.returncode == 1
    assert "no pair" in done.stderr


def test_the_list_of_runs_has_every_example():
    assert sorted(RUNS) == sorted(path.name for path in EXAMPLES.glob("[0-9]*.py"))


def test_every_example_is_in_the_list():
    listed = (EXAMPLES / "README.md").read_text()
    assert [path.name for path in sorted(EXAMPLES.glob("[!_]*.py")) if path.name not in listed] == []
