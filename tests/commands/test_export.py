import json

import pytest

from medcutmix_cli.configuration.registry import names
from tests.calls import medcutmix
from tests.mimic_trees import Tree
from tests.run_folders import make_row, write_run


@pytest.fixture
def run(tmp_path):
    return write_run(tmp_path / "run", ([make_row(0), make_row(1, report="")],))


def test_an_export_says_what_it_holds_and_how_it_is_checked(run, tmp_path, capsys):
    assert medcutmix("export", run, tmp_path / "x", "--to", "open-clip") == 0
    shown = capsys.readouterr().out
    assert "train: 1 mix" in shown
    assert "caption-empty 1" in shown
    assert "1 of 1 row" in shown
    assert "medcutmix verify" in shown
    assert medcutmix("verify", tmp_path / "x") == 0
    assert "verified 3 files, 1 row" in capsys.readouterr().out


def test_the_json_is_the_manifest(run, tmp_path, capsys):
    assert medcutmix("export", run, tmp_path / "x", "--to", "r2gen", "--json") == 0
    document = json.loads(capsys.readouterr().out)
    assert document["document"] == "export"
    assert document["rows"] == {"train": {"mix": 1}}
    assert document["request"]["profile"] == "r2gen"


def test_options_of_a_profile_are_typed_as_pairs(run, tmp_path):
    question = "What is = seen?"
    assert medcutmix("export", run, tmp_path / "x", "--to", "llava", "--option", f"question={question}") == 0
    assert question in (tmp_path / "x" / "train.json").read_text()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["RUN", "X"], "--to NAME"),
        (["RUN", "--to", "llava"], "RUN OUT"),
        (["RUN", "X", "Y", "--to", "llava"], "RUN OUT"),
        (["RUN", "X", "--to", "lava"], "did you mean 'llava'"),
        (["RUN", "X", "--to", "llava", "--option", "question"], "KEY=VALUE"),
        (["RUN", "X", "--to", "llava", "--option", "qestion=x"], "did you mean 'question'"),
        (["RUN", "X", "--to", "llava", "--split", "val"], "validate"),
    ],
)
def test_what_makes_no_sense_says_what_would(run, tmp_path, capsys, arguments, said):
    places = {"RUN": run, "X": tmp_path / "x", "Y": tmp_path / "y"}
    assert medcutmix("export", *(places.get(word, word) for word in arguments)) == 2
    assert said in " ".join(capsys.readouterr().err.split())
    assert not (tmp_path / "x").exists()


def test_every_profile_is_listed_in_the_help(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")
    medcutmix("export", "--help")
    shown = capsys.readouterr().out.replace(",", " ").replace(".", " ").split()
    assert set(names("export")) <= set(shown)


def test_the_sections_of_a_data_set_need_no_run(tmp_path, capsys):
    tree = Tree().write(tmp_path / "data")
    assert medcutmix("export", "sections", tree, tmp_path / "s.csv") == 0
    assert "findings 3" in capsys.readouterr().out
    assert (tmp_path / "s.csv").read_text().startswith("study,impression,findings,last_paragraph,comparison")


def test_the_sections_as_json(tmp_path, capsys):
    tree = Tree().write(tmp_path / "data")
    assert (
        medcutmix("export", "sections", tree, tmp_path / "s.csv", "--json", "--section-rules", "strict") == 0
    )
    assert json.loads(capsys.readouterr().out)["rows"] == 3
