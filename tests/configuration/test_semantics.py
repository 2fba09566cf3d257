import pytest

import medcutmix_cli
from medcutmix_cli.assembly.parts import resolve_options
from medcutmix_cli.configuration.semantics import semantic
from medcutmix_cli.configuration.settings import SETTINGS, Settings
from medcutmix_cli.run.folder import RunFolder
from medcutmix_cli.run.run_record import read_run
from tests.nih_trees import write_nih

PATHS = [key for key, one in SETTINGS.items() if one.declared.path]


@pytest.mark.parametrize("key", SETTINGS)
def test_the_fingerprint_knows_a_setting_exactly_where_it_is_declared_so(key):
    table, _, name = key.partition(".")
    assert (name in semantic(Settings())[table]) == SETTINGS[key].declared.semantic


@pytest.mark.parametrize("key", PATHS)
def test_every_path_is_made_absolute_whoever_says_it(tmp_path, monkeypatch, key):
    monkeypatch.chdir(tmp_path)
    table, _, name = key.partition(".")
    recipe = tmp_path / "recipe.toml"
    recipe.write_text(f"[{table}]\n{name} = 'here'\n")
    (tmp_path / "here").touch()
    settings = resolve_options("here", recipe, {}).settings
    assert getattr(getattr(settings, table), name) == str(tmp_path / "here")


@pytest.mark.parametrize("kind", ["", "kind = 'mimic-cxr'\n"], ids=["recognised", "said"])
def test_options_of_a_data_set_that_are_paths_are_made_absolute_and_do_not_decide(
    tmp_path, monkeypatch, kind
):
    monkeypatch.chdir(tmp_path)
    recipe = tmp_path / "recipe.toml"
    recipe.write_text(
        f"[dataset]\n{kind}tables = 'tables'\nsplit = 'train'\n[dataset.unpaired_options]\ntables = 'u'\n"
    )
    settings = resolve_options("data", recipe, {}).settings
    assert settings.dataset.options == {"tables": str(tmp_path / "tables"), "split": "train"}
    assert settings.dataset.unpaired_options == {"tables": str(tmp_path / "u")}
    decisive = semantic(settings)["dataset"]
    assert (decisive["options"], decisive["unpaired_options"]) == ({"split": "train"}, {})


def test_a_run_whose_tables_were_said_relative_is_rendered_from_another_folder(tmp_path, monkeypatch):
    source = write_nih(tmp_path / "data" / "nih", studies=24)
    tables = tmp_path / "data" / "tables"
    tables.mkdir()
    for name in ("Data_Entry_2017_v2020.csv", "train_val_list.txt", "test_list.txt"):
        (source / name).rename(tables / name)
    (tmp_path / "data" / "recipe.toml").write_text("[dataset]\ntables = 'tables'\n")
    monkeypatch.chdir(tmp_path / "data")
    options = {"encoder": "bundled", "gate": "none", "align": "none", "pairing": "mixgen"}
    options["dataset_kind"] = "nih-chestxray14"  # its table does not lie in its folder
    status = medcutmix_cli.plan("nih", tmp_path / "run", config="recipe.toml", **options)
    assert status.planned
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    assert medcutmix_cli.render(tmp_path / "run").written == status.planned
    assert read_run(RunFolder(tmp_path / "run")).settings["dataset"]["options"]["tables"] == str(tables)
