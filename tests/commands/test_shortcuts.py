import json

import pytest

from medcutmix_cli.main import main
from tests.assembly.test_shortcuts import write_confounded


def run(*arguments):
    with pytest.raises(SystemExit) as left:
        main([str(argument) for argument in arguments])
    return left.value.code


def test_the_strongest_is_told_with_the_option_that_would_break_it(tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "120")
    source = write_confounded(tmp_path / "in")
    assert run("shortcuts", source, "-q", "--json") == 0
    document = json.loads(capsys.readouterr().out)
    assert document["document"] == "shortcuts"
    assert document["pairs"][0]["cells"] == {"both": 30, "finding_only": 3, "value_only": 3, "neither": 30}
    assert run("shortcuts", source) == 0
    text = capsys.readouterr().out
    assert "consolidation" in text
    assert "30 of 33" in text
    assert f"medcutmix plan {source} RUN --pairing normal-host --target consolidation@view=PA" in text


@pytest.mark.parametrize("columns", ["40", "80"])
def test_what_can_be_copied_is_on_a_line_of_its_own_and_no_word_is_broken(
    tmp_path, capsys, monkeypatch, columns
):
    monkeypatch.setenv("COLUMNS", columns)
    source = write_confounded(tmp_path / "in")
    assert run("shortcuts", source) == 0
    lines = capsys.readouterr().out.splitlines()
    assert "  --target consolidation@view=PA" in lines
    (row,) = [line for line in lines if line.startswith("consolidation")]
    assert row.split()[:2] == ["consolidation", "view=AP"]
    assert "30 of 33" in row


def test_what_was_typed_of_the_data_set_is_typed_again(tmp_path, capsys):
    source = write_confounded(tmp_path / "in")
    options = ["--split", "train", "--column", "image=image", "--labels", "rules", "--workers", "1"]
    assert run("shortcuts", source, *options) == 0
    said = "--split train --labels rules --column image=image --pairing normal-host"
    assert said in " ".join(capsys.readouterr().out.split())


def test_what_it_names_can_be_planned(tmp_path, capsys):
    source = write_confounded(tmp_path / "in", 12, 2, 4, 16)
    options = [
        "--pairing",
        "normal-host",
        "--target",
        "consolidation@view=PA",
        "--encoder",
        "bundled",
        "--gate",
        "none",
    ]
    assert run("plan", source, tmp_path / "out", *options) == 0
    assert "consolidation@view=PA: 2 there, 12 wanted, 10 planned" in capsys.readouterr().out


def test_a_dry_run_tells_what_would_become_of_a_target(tmp_path, capsys):
    source = write_confounded(tmp_path / "in", 12, 2, 4, 16)
    options = ["--pairing", "normal-host", "--target", "consolidation@view=PA", "--encoder", "bundled"]
    assert run("plan", source, tmp_path / "out", *options, "--gate", "none", "--dry-run") == 0
    assert "consolidation@view=PA: 2 there, 12 wanted, 10 planned" in capsys.readouterr().out
    assert not (tmp_path / "out").exists()


def test_a_recipe_may_name_targets_as_well(tmp_path, capsys):
    source = write_confounded(tmp_path / "in", 12, 2, 4, 16)
    recipe = tmp_path / "recipe.toml"
    recipe.write_text(
        '[plan]\ntarget = ["consolidation@view=PA:+3"]\npairing = "normal-host"\n[mixing]\ngate = "none"\n'
    )
    assert run("plan", source, tmp_path / "out", "--config", recipe, "--encoder", "bundled") == 0
    assert "2 there, 5 wanted, 3 planned" in capsys.readouterr().out


def test_a_mistyped_target_is_an_error_before_a_report_is_read(tmp_path, capsys):
    source = write_confounded(tmp_path / "in", 1, 1, 1, 1)
    options = ["--pairing", "normal-host", "--encoder", "bundled", "--target", "consolidation@vew=PA"]
    assert run("plan", source, tmp_path / "out", *options) == 2
    told = " ".join(capsys.readouterr().err.split())
    assert "did you mean 'view'" in told
    assert "reading" not in told


def test_a_set_without_shortcuts_says_so(tmp_path, capsys):
    assert run("shortcuts", write_confounded(tmp_path / "in", 15, 15, 15, 15)) == 0
    assert "none goes together" in " ".join(capsys.readouterr().out.split())


def test_only_so_many_are_printed(tmp_path, capsys):
    assert run("shortcuts", write_confounded(tmp_path / "in"), "--most", "0") == 2
    capsys.readouterr()
