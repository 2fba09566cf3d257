"""Each example runs as it is written, in a process of its own, in the folder of the first one."""

import importlib
import re
import runpy
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import medcutmix_cli
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

FEWER = 72
"""So many studies are drawn: most of the time goes into their pairs."""

SAID = {
    FIRST: "verified: True",
    "02_own_table.py": f"{FEWER} studies",
    "04_precomputed_maps.py": "same pairs as planned: True",
}
FALLS = ("03_train_on_shards.py", "05_train_with_loader.py")
"""Examples that train: their loss falls."""


def run(name, *arguments):
    command = [sys.executable, "-W", "error::DeprecationWarning:__main__", str(EXAMPLES / name)]
    return subprocess.run([*command, *map(str, arguments)], capture_output=True, text=True)


@pytest.fixture(scope="module")
def first(tmp_path_factory):
    """Run the first example in an empty folder; return the folder, and what came of it."""
    folder = tmp_path_factory.mktemp("work")
    return folder, run(FIRST, folder, FEWER)


@pytest.mark.parametrize("name", sorted(RUNS))
def test_an_example_writes_pairs(name, first):
    folder, done = first
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


@pytest.fixture
def start(monkeypatch):
    """Return the module that the examples begin with, imported as they do."""
    monkeypatch.syspath_prepend(str(EXAMPLES))
    monkeypatch.delitem(sys.modules, "_start", raising=False)
    return importlib.import_module("_start")


def test_enough_studies_are_drawn_where_nobody_says_how_many(start):
    assert start.STUDIES >= FEWER


def test_examples_that_train_make_a_sample_and_a_run_where_there_are_none(tmp_path, start, monkeypatch):
    recipe = tmp_path / "recipe.toml"
    recipe.write_text('[encoder]\nname = "bundled"\n[mixing]\ngate = "none"\n')
    monkeypatch.setattr(start, "RECIPE", recipe)
    run_folder = start.run_in(tmp_path, studies=24)
    assert run_folder == tmp_path / "run"
    assert (run_folder / "data" / "part-00000.parquet").is_file()


@pytest.fixture(scope="module")
def one_study(tmp_path_factory):
    folder = tmp_path_factory.mktemp("one-study")
    medcutmix_cli.write_sample(folder / "sample", studies=1)
    return folder / "sample"


@pytest.mark.parametrize("name", [FIRST, "02_own_table.py", "04_precomputed_maps.py"])
def test_an_example_that_writes_nothing_says_why_and_leaves_with_an_error(
    name, one_study, tmp_path, monkeypatch, start
):
    shutil.copytree(one_study, tmp_path / "sample")
    monkeypatch.setattr(sys, "argv", [name, str(tmp_path)])
    with pytest.raises(SystemExit, match="no pair"):  # a text: Python prints it and leaves with 1
        runpy.run_path(str(EXAMPLES / name), run_name="__main__")


def test_the_list_of_runs_has_every_example():
    assert sorted(RUNS) == sorted(path.name for path in EXAMPLES.glob("[0-9]*.py"))


def test_every_example_is_in_the_list():
    listed = (EXAMPLES / "README.md").read_text()
    assert [path.name for path in sorted(EXAMPLES.glob("[!_]*.py")) if path.name not in listed] == []
