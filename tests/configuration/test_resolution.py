import pytest
from hypothesis import given
from hypothesis import strategies as st

from medcutmix_cli.assembly.parts import resolve_options
from medcutmix_cli.attention import check_energy
from medcutmix_cli.configuration.resolution import (
    check_value,
    difference,
    fingerprint,
    from_plain,
    named_values,
    resolve,
    spread_options,
)
from medcutmix_cli.configuration.semantics import semantic
from medcutmix_cli.configuration.settings import (
    ENERGIES,
    SETTINGS,
    TREE,
    PlanSettings,
    Settings,
    plain,
    settings_of,
)
from medcutmix_cli.errors import UsageError


@pytest.fixture
def recipe(tmp_path):
    def write(text):
        path = tmp_path / "recipe.toml"
        path.write_text(text)
        return path

    return write


def test_flags_win_over_environment_over_file_over_defaults(recipe):
    file = recipe("[plan]\nseed = 1\npairs_per_study = 2\nmax_uses_per_donor = 3\n")
    environ = {"MEDCUTMIX_PLAN_SEED": "10", "MEDCUTMIX_PLAN_PAIRS_PER_STUDY": "20", "OTHER": "x"}
    resolved = resolve({"plan.seed": 100, "run.workers": None}, file, environ)
    plan = resolved.settings.plan
    assert (plan.seed, plan.pairs_per_study, plan.max_uses_per_donor) == (100, 20, 3)
    names = ("plan.seed", "plan.pairs_per_study", "plan.max_uses_per_donor", "run.workers")
    assert [resolved.origins[n] for n in names] == ["flag", "environment", "file", "default"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param("[plann]\nseed = 1", "did you mean 'plan'", id="unknown-table"),
        pytest.param("[plan]\nsede = 1", "did you mean 'seed'", id="unknown-key"),
        pytest.param("[plan]\nseed = 'one'", "whole number", id="wrong-type"),
        pytest.param("[plan]\nseed = true", "whole number", id="a-boolean-is-no-number"),
        pytest.param("[plan]\nseed = -1", "at least 0", id="below-the-least"),
        pytest.param("[image]\ncanvas = 450", "multiple of 112", id="odd-canvas"),
        pytest.param("seed = 1", "stand in a table", id="no-table"),
        pytest.param("[plan", "no valid TOML", id="no-toml"),
    ],
)
def test_a_recipe_that_makes_no_sense_is_refused(recipe, text, message):
    with pytest.raises(UsageError, match=message):
        resolve({}, recipe(text), {})


@pytest.mark.parametrize(
    "text",
    [
        "[plann]\nseed = 1",
        "[plan]\nsede = 1",
        "[plan]\nseed = 'one'",
        "[plan]\nseed = -1",
        "[image]\ncanvas = 450",
    ],
)
def test_what_a_recipe_says_wrongly_is_told_with_its_name(recipe, text):
    file = recipe(text)
    with pytest.raises(UsageError) as caught:
        resolve({}, file, {})
    assert caught.value.where == str(file)


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("MEDCUTMIX_PLAN_SEED", "one"),
        ("MEDCUTMIX_PLAN_SEED", ""),
        ("MEDCUTMIX_PLAN_SEDE", "1"),
        ("MEDCUTMIX_IMAGE_CANVAS", "450"),
    ],
)
def test_what_a_variable_says_wrongly_is_told_with_its_name(variable, value):
    with pytest.raises(UsageError) as caught:
        resolve({}, None, {"MEDCUTMIX_PLAN_PAIRS_PER_STUDY": "2", variable: value})
    assert caught.value.where == variable


@pytest.mark.parametrize(
    ("text", "advice"),
    [
        pytest.param("plan = 3", "[plan] on a line of its own", id="a-table-as-a-value"),
        pytest.param("seed = 3", "the line [plan] above it", id="a-setting-above-all-tables"),
        pytest.param("plann = 3", "did you mean 'plan'", id="neither"),
    ],
)
def test_what_stands_in_no_table_is_told_where_it_belongs(recipe, text, advice):
    with pytest.raises(UsageError) as caught:
        resolve({}, recipe(text), {})
    assert advice in caught.value.hint


def test_a_byte_order_mark_is_not_part_of_a_recipe(tmp_path):
    (tmp_path / "recipe.toml").write_text("[plan]\nseed = 3\n", encoding="utf-8-sig")
    assert resolve({}, tmp_path / "recipe.toml", {}).settings.plan.seed == 3


def test_a_recipe_in_utf_16_is_told_to_be_so(tmp_path):
    (tmp_path / "recipe.toml").write_text("[plan]\nseed = 3\n", encoding="utf-16")
    with pytest.raises(UsageError, match="not UTF-8") as caught:
        resolve({}, tmp_path / "recipe.toml", {})
    assert "utf-16" in caught.value.hint


def test_a_recipe_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(UsageError, match="does not exist"):
        resolve({}, tmp_path / "no.toml", {})


def test_an_unknown_variable_is_refused():
    with pytest.raises(UsageError, match=r"plan\.sed"):
        resolve({}, None, {"MEDCUTMIX_PLAN_SED": "1"})


def test_other_keys_of_an_open_table_are_the_plugins_options(recipe):
    settings = resolve({}, recipe("[encoder]\nname = 'clip'\nlayer = 9\n"), {}).settings
    assert (settings.encoder.name, settings.encoder.options) == ("clip", {"layer": 9})


def test_settings_come_back_from_plain_values(recipe):
    file = recipe("[plan]\nsplits = ['train', 'test']\n[mixing.options.topk]\nfraction = 0.1\n")
    settings = resolve({"dataset.root": "/d"}, file, {}).settings
    assert from_plain(plain(settings)) == settings


def test_places_and_workers_do_not_count_as_semantic():
    decisive = semantic(Settings())
    assert "root" not in decisive["dataset"]
    assert "workers" not in decisive["run"]
    assert decisive["plan"]["seed"] == PlanSettings().seed


def test_where_the_tables_lie_is_no_semantic_option():
    here, there = (semantic(resolve({"dataset.tables": at}, None, {}).settings) for at in ("/a", "/b"))
    assert here == there


def test_the_difference_names_each_value():
    before, after = {"a": {"b": 1, "c": 2}}, {"a": {"b": 1, "c": 3, "d": 4}}
    assert difference(before, after) == ["a.c: 2 -> 3", "a.d: None -> 4"]


@given(st.dictionaries(st.text(max_size=5), st.integers(), max_size=5))
def test_the_order_of_keys_does_not_change_a_fingerprint(values):
    backwards = dict(reversed(list(values.items())))
    assert fingerprint(values) == fingerprint(backwards)


def test_the_energies_that_can_be_set_are_those_that_there_are():
    for energy in ENERGIES:
        check_energy(energy)
    with pytest.raises(UsageError, match=r"mixing\.energy: there is no 'flat'"):
        resolve({"mixing.energy": "flat"})


NAMES_OF_SETTINGS = [
    (one.key, inner.name) for one in SETTINGS.values() if one.declared.opens for inner in TREE[one.table]
]


@pytest.mark.parametrize(("key", "name"), NAMES_OF_SETTINGS)
def test_an_option_of_a_part_does_not_override_a_setting(key, name):
    with pytest.raises(UsageError, match=f"it is the setting {key.partition('.')[0]}.{name}"):
        spread_options({key: {name: "other"}})


def test_an_encoder_is_named_in_one_way(tmp_path):
    with pytest.raises(UsageError, match=r"setting encoder\.name") as caught:
        resolve_options(tmp_path, None, {"encoder": "bundled", "encoder_options": {"name": "clip"}})
    assert caught.value.hint == "say it with --encoder"


def test_an_option_said_by_flag_wins_over_the_same_one_of_a_recipe_and_leaves_the_others(tmp_path, recipe):
    file = recipe("[encoder]\nname = 'clip'\nlayers = 1\nheads = 'mean'\n")
    settings = resolve_options(tmp_path, file, {"encoder_options": {"layers": 3}}).settings
    assert settings.encoder.options == {"layers": 3, "heads": "mean"}


BOUNDS = [
    *(
        (key, one.declared.least - 1, "at least|between")
        for key, one in SETTINGS.items()
        if one.declared.least is not None
    ),
    *(
        (key, one.declared.most + 1, "between")
        for key, one in SETTINGS.items()
        if one.declared.most is not None
    ),
    *((key, "nobody", "there is no 'nobody'") for key, one in SETTINGS.items() if one.declared.choices),
    *((key, one.default + 1, "multiple of") for key, one in SETTINGS.items() if one.declared.multiple > 1),
    *((key, object(), "must be") for key in SETTINGS),
]


@pytest.mark.parametrize(("key", "value", "said"), BOUNDS)
def test_a_value_outside_of_what_is_declared_is_refused_by_name(key, value, said):
    with pytest.raises(UsageError, match=said) as caught:
        check_value(SETTINGS[key], value)
    assert key in str(caught.value)


@pytest.mark.parametrize("key", SETTINGS)
def test_every_setting_can_be_said_by_recipe_and_by_variable(recipe, key):
    one, table = SETTINGS[key], key.partition(".")[0]
    value, text = _another(one)
    by_variable = resolve({}, None, {one.variable: text})
    by_recipe = resolve({}, recipe(f"[{table}]\n{one.name} = {text}\n"), {})
    for resolved, origin in ((by_variable, "environment"), (by_recipe, "file")):
        assert resolved.explicit_value(key) == value
        assert resolved.origins[key] == origin


def _another(one):
    """Return a value that is not the default, and how TOML writes it."""
    if isinstance(one.default, bool):
        return True, "true"
    if isinstance(one.default, int | float):
        other = one.default + (one.declared.multiple if isinstance(one.default, int) else 0.1)
        return other, repr(other)
    if isinstance(one.default, dict):
        return {"key": {}}, "{ key = {} }"
    name = one.declared.choices[-1] if one.declared.choices else "other"
    return ((name,), f"['{name}']") if isinstance(one.default, tuple) else (name, f"'{name}'")


@pytest.mark.parametrize("keyword", ["dataset", "reports", "weights"])
def test_an_empty_place_is_said_to_be_none_where_that_means_something(keyword):
    if keyword == "dataset":
        with pytest.raises(UsageError, match="--dataset names no place"):
            named_values(settings_of("render"), {keyword: ""})
    else:
        assert list(named_values(settings_of("render"), {keyword: ""}).values()) == [""]
