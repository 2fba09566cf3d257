import re
import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from medcutmix_cli.configuration.resolution import resolve
from medcutmix_cli.configuration.settings import DEFAULTS, OF_TABLES, SETTINGS, TREE
from medcutmix_cli.configuration.template import recipe_keys, recipe_template, toml_value
from tests.docs import EXAMPLE_RECIPE
from tests.pages.keywords import example_recipe

SAID = {
    "plan.seed": 7,
    "plan.findings": ("edema", "pneumothorax"),
    "plan.policy": {"edema": {"image": "soft"}},
    "mixing.mask": "topk",
    "mixing.options": {"topk": {"fraction": 0.5}, "null-max": {"least": 9}},
    "dataset.columns": {"image": "a file", "report": 'te"xt'},
    "dataset.split": "train",
    "encoder.name": "clip",
    "encoder.method": "gradient",
    "run.engine_options": {"address": "auto", "actors": 2},
    "image.features": True,
}


def written(tmp_path, text):
    path = tmp_path / "recipe.toml"
    path.write_text(text, encoding="utf-8")
    return resolve({}, path, environ={})


def test_a_template_says_what_was_said_and_nothing_else(tmp_path):
    said = resolve(SAID, environ={})
    again = written(tmp_path, recipe_template(said))
    assert again.settings == said.settings
    changed = {key for key, origin in again.origins.items() if origin != "default"}
    assert changed == {key for key, origin in said.origins.items() if origin != "default"}
    assert recipe_template(again) == recipe_template(said)


def test_a_template_of_nothing_has_comments_only_and_every_key_once(tmp_path):
    text = recipe_template(resolve({}, environ={}))
    assert written(tmp_path, text).settings == DEFAULTS
    plain = re.sub(r"^#(?! )", "", text, flags=re.MULTILINE)
    everything = tomllib.loads(plain)
    assert {f"{t}.{key}" for t, values in everything.items() for key in values} == {
        setting.key for table in TREE for setting in recipe_keys(table)
    }
    kept = written(tmp_path, plain).settings
    assert (kept.plan, kept.mixing, kept.run, kept.image) == (
        DEFAULTS.plan,
        DEFAULTS.mixing,
        DEFAULTS.run,
        DEFAULTS.image,
    )


def test_every_setting_is_a_key_but_the_data_set_and_the_tables_that_stand_open():
    keys = {setting.key for table in TREE for setting in recipe_keys(table)}
    assert {*SETTINGS, *(one.key for one in OF_TABLES)} - keys == {
        "dataset.root",
        "dataset.options",
        "encoder.options",
    }


def test_the_example_has_every_table_and_is_what_the_command_writes():
    text = EXAMPLE_RECIPE.read_text(encoding="utf-8")
    assert text == example_recipe(EXAMPLE_RECIPE), "run `make docs`"
    assert set(tomllib.loads(text)) == set(TREE)


VALUES = st.recursive(
    st.integers() | st.booleans() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@given(VALUES)
def test_what_is_written_is_read_back(value):
    assert tomllib.loads(f"value = {toml_value(value)}", parse_float=float)["value"] == value


@pytest.mark.parametrize("width", [120])
def test_no_line_is_long(width):
    assert max(map(len, recipe_template(resolve({}, environ={})).splitlines())) <= width
