import pytest
from hypothesis import given
from hypothesis import strategies as st

from medcutmix_cli.attention import check_energy
from medcutmix_cli.configuration.resolution import difference, fingerprint, from_plain, resolve
from medcutmix_cli.configuration.settings import ENERGIES, PlanSettings, Settings, plain
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
    semantic = Settings().semantic()
    assert "root" not in semantic["dataset"]
    assert "workers" not in semantic["run"]
    assert semantic["plan"]["seed"] == PlanSettings().seed


def test_where_the_tables_lie_is_no_semantic_option():
    here, there = (resolve({"dataset.tables": place}, None, {}).settings.semantic() for place in ("/a", "/b"))
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
