"""The examples run as they are written, one after the other, in processes of their own."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"


@pytest.fixture(scope="module")
def work(tmp_path_factory):
    return tmp_path_factory.mktemp("work")


def run(name, *arguments):
    command = [sys.executable, "-W", "error::DeprecationWarning:__main__", str(EXAMPLES / name)]
    done = subprocess.run([*command, *map(str, arguments)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout


def pairs_in(said, pattern):
    return int(re.search(pattern, said).group(1))


def test_the_examples_run_one_after_the_other(work):
    assert "verified: True" in run("01_augment_sample.py", work, 120)
    assert (work / "report.html").is_file()
    assert pairs_in(run("02_own_table.py", work), r"120 studies, (\d+) pairs written") > 0
    before, after = run("03_train_on_shards.py", work).rsplit("loss ", 1)[1].split(" -> ")
    assert float(after) < float(before)
    said = run("04_precomputed_maps.py", work)
    assert "same pairs as planned: True" in said
    assert pairs_in(said, r"(\d+) written") > 0
    before, after = run("05_train_with_loader.py", work).rsplit("loss ", 1)[1].split(" -> ")
    assert float(after) < float(before)


def test_every_example_is_in_the_list():
    listed = (EXAMPLES / "README.md").read_text()
    assert [path.name for path in sorted(EXAMPLES.glob("[!_]*.py")) if path.name not in listed] == []
