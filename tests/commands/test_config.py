import json

import pytest

from medcutmix_cli.configuration.settings import SETTINGS
from tests.calls import medcutmix


@pytest.fixture
def recipe(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "recipe.toml").write_text('[plan]\nseed = 3\nexclude_ids = "ids.txt"\n[encoder]\nlayer = 9\n')
    return "recipe.toml"


def line(shown, key):
    return next(line.split() for line in shown.splitlines() if line.split()[:1] == [key])


def test_every_value_is_shown_with_who_says_it(recipe, capsys, monkeypatch, tmp_path):
    monkeypatch.setenv("MEDCUTMIX_RUN_WORKERS", "2")
    assert medcutmix("config", "show", recipe, "--mask", "topk") == 0
    shown = capsys.readouterr().out
    assert line(shown, "seed") == ["seed", "3", "recipe.toml"]
    assert line(shown, "mask") == ["mask", '"topk"', "flag"]
    assert line(shown, "workers") == ["workers", "2", "MEDCUTMIX_RUN_WORKERS"]
    assert line(shown, "canvas") == ["canvas", "448", "default"]
    assert line(shown, "layer") == ["layer", "9", "recipe.toml"]
    assert {key.partition(".")[2] for key in SETTINGS} - {"root", "options"} <= {
        line.split()[0] for line in shown.splitlines() if line.startswith("  ") and line.strip()
    }
    assert list(tmp_path.iterdir()) == [tmp_path / "recipe.toml"]


def test_as_json_paths_are_absolute_as_in_a_run(recipe, capsys, tmp_path):
    assert medcutmix("config", "show", recipe, "--json") == 0
    document = json.loads(capsys.readouterr().out)
    assert document["document"] == "config"
    assert document["settings"]["plan"]["exclude_ids"] == str(tmp_path / "ids.txt")
    assert document["origins"]["plan.seed"] == "file"


def test_the_template_of_a_recipe_is_a_recipe_that_says_the_same(recipe, capsys, tmp_path):
    assert medcutmix("config", "show", recipe, "--template", "--blend", "hard") == 0
    text = capsys.readouterr().out
    for said in (
        "\nseed = 3\n",
        '\nexclude_ids = "ids.txt"\n',
        '\nblend = "hard"\n',
        '\n#mask = "region-growing"\n',
    ):
        assert said in text
    (tmp_path / "again.toml").write_text(text)
    assert medcutmix("config", "show", "again.toml", "--template") == 0
    assert capsys.readouterr().out == text


def test_a_key_that_there_is_not_is_an_error(tmp_path, capsys):
    (tmp_path / "recipe.toml").write_text("[plan]\nsede = 3\n")
    assert medcutmix("config", "show", tmp_path / "recipe.toml") == 2
    assert "plan.sede" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('[plan]\npairing = "same"\n', "same-finding"),
        ('[plan]\nfindings = ["pleural_efusion"]\n', "pleural_effusion"),
        ("[mixing.options.region-growing]\nfraction = 5\n", "fraction"),
        ("[mixing.options.region-growing]\nfracton = 0.5\n", "fracton"),
        ("[mixing.options.topk]\nfraction = 0.5\n", "topk"),
        ("[plan.policy.foo]\nx = 1\n", "foo"),
        ('[run]\nengine = "slrm"\n', "slrm"),
        ('[reports]\nfindings = "none.toml"\n', "none.toml"),
    ],
)
@pytest.mark.parametrize("more", [(), ("--json",), ("--template",)], ids=["shown", "json", "template"])
def test_what_a_plan_would_refuse_without_looking_at_data_is_refused_here(tmp_path, capsys, text, told, more):
    (tmp_path / "recipe.toml").write_text(text)
    assert medcutmix("config", "show", tmp_path / "recipe.toml", *more) == 2
    shown = capsys.readouterr()
    assert told in shown.err
    assert shown.out == ""
