"""Every option that names a path is refused at once where nothing, or a folder for a file, lies there."""

import pytest

from medcutmix_cli.assembly.parts import resolve_options
from medcutmix_cli.configuration.settings import SETTINGS, settings_of
from medcutmix_cli.errors import UsageError

OPENED_BY_OTHERS = {"dataset.root", "run.prepared", "run.stage_dir"}
ASKED = sorted(
    (command, one.flag, one.declared.keyword, one.declared.metavar)
    for command in {name for known in SETTINGS.values() for name in known.declared.commands} - {"doctor"}
    for one in settings_of(command)
    if one.declared.path and one.table and one.key not in OPENED_BY_OTHERS
)
OF_FILES = [one for one in ASKED if one[3] == "FILE"]


def refusal(command, keyword, path):
    with pytest.raises(UsageError) as raised:
        resolve_options(path.parent, None, {keyword: str(path)}, command=command)
    return raised.value


def test_there_are_such_options_of_many_commands():
    assert {flag for _, flag, *_ in ASKED} >= {
        "--attributes",
        "--exclude-ids",
        "--findings",
        "--label-table",
        "--nlp-model",
        "--reports",
        "--unpaired",
        "--weights",
    }


@pytest.mark.parametrize(("command", "flag", "keyword", "metavar"), ASKED)
def test_what_is_not_there_is_refused_by_the_option_with_the_nearest_name(
    tmp_path, command, flag, keyword, metavar
):
    error = refusal(command, keyword, tmp_path / "lables.csv")
    assert f"given with {flag} does not exist" in error.what
    assert error.where == str(tmp_path / "lables.csv")
    assert error.hint
    (tmp_path / "labels.csv").touch()
    assert "labels.csv" in refusal(command, keyword, tmp_path / "lables.csv").hint


@pytest.mark.parametrize(("command", "flag", "keyword", "metavar"), OF_FILES)
def test_a_folder_is_no_file_and_is_not_guessed_to_be_meant(tmp_path, command, flag, keyword, metavar):
    (tmp_path / "mine").mkdir()
    error = refusal(command, keyword, tmp_path / "mine")
    assert error.what == f"{flag} was given a folder, not a file"
    assert "did you mean" not in error.hint


@pytest.mark.parametrize(("command", "flag", "keyword", "metavar"), ASKED)
def test_what_is_there_is_taken(tmp_path, command, flag, keyword, metavar):
    (tmp_path / "there").touch()
    resolve_options(tmp_path, None, {keyword: str(tmp_path / "there")}, command=command)


def test_a_recipe_is_asked_likewise(tmp_path):
    (tmp_path / "recipe.toml").write_text('[plan]\nattributes = "nowhere.csv"\n')
    with pytest.raises(UsageError, match="given with --attributes does not exist"):
        resolve_options(tmp_path, tmp_path / "recipe.toml", {})
