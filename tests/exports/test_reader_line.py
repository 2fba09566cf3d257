"""What an export says of its own files: every path that it names is there, whatever was asked for."""

import re
from pathlib import Path

import pytest

from medcutmix_cli.configuration.registry import names
from medcutmix_cli.exports.export import ORIGINALS, export
from medcutmix_cli.exports.manifest import ExportFolder, read_manifest
from medcutmix_cli.exports.reader_line import example_line, reader_line
from tests.calls import medcutmix
from tests.exports.runs import run_of_both

PROFILES = names("export")
SPLITS = ("train", "validate", "test")


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """Return a run with a mix of every split, and a study as it is in a shard by itself."""
    return run_of_both(tmp_path_factory.mktemp("run"), SPLITS)


def named_paths(text, folder):
    """Yield every path below a folder that a text names; a range in braces is each of its numbers."""
    for found in re.findall(rf"{re.escape(str(folder))}(?:/[\w./{{}}-]+)?", text):
        before, opening, rest = found.rstrip(".").partition("{")
        if not opening:
            yield Path(before)
            continue
        numbers, _, after = rest.partition("}")
        first, last = numbers.split("..")
        for number in range(int(first), int(last) + 1):
            yield Path(f"{before}{number:0{len(first)}d}{after}")


def files_of(paths):
    return {path for path in paths if path.suffix}


@pytest.mark.parametrize("originals", ORIGINALS)
@pytest.mark.parametrize("to", PROFILES)
def test_every_path_that_an_export_names_is_there(run, tmp_path, monkeypatch, capsys, to, originals):
    out = tmp_path / "x"
    monkeypatch.setenv("COLUMNS", "1000")
    assert medcutmix("export", run, out, "--to", to, "--originals", originals) == 0
    printed = capsys.readouterr().out
    card = (out / "README.md").read_text()
    for text in (printed, card.replace("OUT", str(out))):
        assert not re.search(r"\b(LAST|SPLIT)\b", text)
        paths = list(named_paths(text, out))
        assert paths
        assert not [path for path in paths if not path.exists()]
    told = {path.relative_to(out).parts[0] for path in named_paths(printed, out) if path != out}
    if originals == "apart" and to != "medclip-sentences":
        assert {"mixes", "originals"} <= told


@pytest.mark.parametrize("split", SPLITS)
@pytest.mark.parametrize("to", [name for name in PROFILES if name != "medclip-sentences"])  # of train only
def test_a_split_alone_is_named_as_its_files_are(run, tmp_path, to, split):
    export(run, tmp_path / "x", to=to, splits=(split,))
    [line] = read_manifest(ExportFolder(tmp_path / "x")).readers.values()
    paths = list(named_paths(line.replace("OUT", str(tmp_path / "x")), tmp_path / "x"))
    assert not [path for path in paths if not path.exists()]
    assert split == "train" or "train." not in line


def test_all_tars_of_a_split_are_named(run, tmp_path):
    export(run, tmp_path / "x", to="webdataset")
    [line] = read_manifest(ExportFolder(tmp_path / "x")).readers.values()
    named = files_of(named_paths(line.replace("OUT", str(tmp_path / "x")), tmp_path / "x"))
    assert named == set((tmp_path / "x").glob("train-*.tar"))
    assert len(named) > 1


def test_a_line_says_folder_name_and_last_number():
    line = "x 'OUT/SPLIT-{00000..LAST}.tar' --workers 1"
    found = reader_line(line, "mixes", {"validate": 12}, ["mixes/valid-00000.tar"])
    assert found == "x 'OUT/mixes/valid-{00000..00011}.tar' --workers 1"


def test_a_line_for_pages_is_of_train():
    assert example_line("`OUT/SPLIT.csv`") == "`OUT/train.csv`"
