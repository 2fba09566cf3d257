"""The options of commands come from the settings tree: each is there, under its name, and reaches the API."""

import inspect
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

import medcutmix_cli
from medcutmix_cli.cluster.submission import slurm_job
from medcutmix_cli.commands.setting_options import _matching_files, read_option, with_settings
from medcutmix_cli.configuration import keywords
from medcutmix_cli.configuration.settings import COLUMNS, SETTINGS, TREE, settings_of
from medcutmix_cli.dry_run.estimator import estimate_render
from medcutmix_cli.errors import UsageError
from tests.calls import options_of_command
from tests.pages.keywords import CLASSES

WORDS = {
    "plan": ("plan",),
    "render": ("render",),
    "calibrate": ("calibrate",),
    "slurm": ("batch", "slurm"),
    "embed": ("embed",),
    "prepare": ("prepare",),
    "attend": ("attend",),
    "maps": ("evaluate", "maps"),
    "mixes": ("evaluate", "mixes"),
    "detect": ("evaluate", "detect"),
    "reports": ("evaluate", "reports"),
    "read": ("read",),
    "shortcuts": ("shortcuts",),
    "check": ("check",),
    "doctor": ("doctor",),
    "verify": ("verify",),
    "inspect": ("inspect",),
    "export": ("export",),
}
"""Every command that takes settings, by its name in a declaration."""

FUNCTIONS = {
    "plan": (medcutmix_cli.plan, medcutmix_cli.augment, medcutmix_cli.estimate_augment),
    "render": (medcutmix_cli.render, estimate_render),
    "calibrate": (medcutmix_cli.calibrate,),
    "slurm": (slurm_job,),
    "embed": (medcutmix_cli.embed,),
    "prepare": (medcutmix_cli.prepare,),
    "shortcuts": (medcutmix_cli.find_shortcuts,),
    "check": (medcutmix_cli.check_dataset,),
    "doctor": (medcutmix_cli.examine,),
    "attend": (medcutmix_cli.attend,),
}


OWN = {
    "maps": {"--encoder", "--seed"},
    "mixes": {"--seed"},
    "detect": {"--seed"},
    "attend": {"--finding"},
    "export": {"--split"},
}
"""Options of a command that have the name of a setting and are none."""


def test_every_command_that_a_declaration_names_is_one():
    named = set().union(
        *(one.declared.commands for one in (*SETTINGS.values(), COLUMNS) if one.declared.keyword)
    )
    assert named == set(WORDS)


@pytest.mark.parametrize("command", WORDS)
def test_a_command_has_the_options_that_are_declared_for_it_and_no_other_setting(command):
    options = options_of_command(*WORDS[command])
    declared = {part for one in settings_of(command) for part in one.flag.split("/")}
    assert declared
    assert declared <= options
    everywhere = {part for one in SETTINGS.values() if one.declared.keyword for part in one.flag.split("/")}
    assert (options & everywhere) - declared == OWN.get(command, set())


def test_augment_has_the_options_of_plan():
    assert options_of_command("plan") - options_of_command("augment") == set()


@pytest.mark.parametrize("command", FUNCTIONS)
def test_the_functions_of_the_api_take_the_keywords_of_their_command(command):
    name, _ = CLASSES[command]
    keywords_class = getattr(keywords, name)
    assert set(keywords_class.__annotations__) == {one.declared.keyword for one in settings_of(command)}
    for function in FUNCTIONS[command]:
        last = list(inspect.signature(function).parameters.values())[-1]
        assert last.kind is inspect.Parameter.VAR_KEYWORD, function
        assert last.annotation == f"Unpack[{name}]", function


@pytest.mark.parametrize("key", SETTINGS)
def test_a_declaration_says_what_its_setting_needs(key):
    one = SETTINGS[key]
    declared = one.declared
    assert declared.help.endswith((".", "`.")), "a sentence"
    assert bool(declared.keyword) == bool(declared.panel)
    assert not (declared.path and declared.semantic), "a path is known by the hash of what lies there"
    assert (
        one.default in ("", (), {}) or not declared.choices or _chosen(one.default) <= set(declared.choices)
    )
    if declared.metavar == "KEY=VALUE":
        assert declared.example


def _chosen(default):
    return set(default) if isinstance(default, tuple) else {default}


def test_no_two_settings_share_a_name_where_they_meet():
    for command in WORDS:
        taken = [name for one in settings_of(command) for name in (one.flag, one.declared.keyword)]
        assert len(taken) == len(set(taken)), command
    assert len({one.variable for one in SETTINGS.values()}) == len(SETTINGS) == sum(map(len, TREE.values()))


def test_a_text_of_a_command_may_differ_from_the_declared_one():
    @with_settings("read", nlp_model="Another text.")
    def command(settings):
        """Do nothing."""

    told = {
        name: p.annotation.__metadata__[0].help for name, p in inspect.signature(command).parameters.items()
    }
    assert told["nlp_model"] == "Another text."
    assert told["section_rules"].startswith(SETTINGS["reports.section_rules"].declared.help)


read_columns = partial(read_option, COLUMNS)
read_findings = partial(read_option, SETTINGS["plan.findings"])
read_engine_options = partial(read_option, SETTINGS["run.engine_options"])


@given(st.dictionaries(st.text("abc_", min_size=1), st.text("xyz =", min_size=1).filter(str.strip)))
def test_columns_are_read_as_they_are_written(columns):
    expected = {field: column.strip() for field, column in columns.items()}
    assert (read_columns([f"{f}={c}" for f, c in columns.items()]) or {}) == expected


@pytest.mark.parametrize("pair", ["image", "=file", "image="])
def test_a_column_without_its_other_half_is_refused(pair):
    with pytest.raises(UsageError, match="is not FIELD=COLUMN") as caught:
        read_columns([pair])
    assert caught.value.hint == "for example: --column image=file_path"


@pytest.mark.parametrize("pair", ["address", "=auto"])
def test_an_option_without_its_key_is_refused(pair):
    with pytest.raises(UsageError, match="is not KEY=VALUE"):
        read_engine_options([pair])


def test_options_of_a_part_are_read_as_a_recipe_has_them():
    typed = ["a=3", "b=true", "c=plain text", "d='3'", "e="]
    assert read_engine_options(typed) == {"a": 3, "b": True, "c": "plain text", "d": "3", "e": ""}


def test_several_values_may_be_given_either_way():
    assert read_findings(["mass", "nodule, effusion"]) == ("mass", "nodule", "effusion")
    assert read_findings([]) is None


def test_the_shell_is_offered_the_files_that_begin_so(tmp_path, monkeypatch):
    (tmp_path / "inner").mkdir()
    for name in ("reports.zip", "recipe.toml", "inner/r[1].csv"):
        (tmp_path / name).touch()
    monkeypatch.chdir(tmp_path)
    assert _matching_files("re") == ["recipe.toml", "reports.zip"]
    assert _matching_files("inner/r[") == ["inner/r[1].csv"]
    assert _matching_files(f"{tmp_path}/rep") == [f"{tmp_path}/reports.zip"]
