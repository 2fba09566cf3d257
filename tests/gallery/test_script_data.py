import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from medcutmix_cli.gallery.script_data import data_block, data_json, data_script

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text()
    | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)  # fmt: skip


@given(VALUES)
def test_a_value_comes_back_as_it_was(value):
    assert json.loads(data_json(value)) == value


@given(st.text())
def test_no_text_ends_a_script_or_steers_a_terminal(text):
    for written in (data_json(text), data_script(text, {text: text}), data_block("index-0", text)):
        inner = written.removeprefix('<script type="application/json" id="index-0">').removesuffix(
            "</script>"
        )
        assert not set(inner) & set("<>&'")
        assert all(sign == "\n" or 32 <= ord(sign) < 127 for sign in inner)


@pytest.mark.parametrize("text", ["</script>", "<!--", "]]>", "\u2028", "\x1b]0;x\x07", "__proto__"])
def test_a_script_holds_text_and_no_code(text):
    script = data_script("pairs-0", {text: text})
    name, value = json.loads(f"[{script.removeprefix('medcutmixTake(').removesuffix(');' + chr(10))}]")
    assert (name, json.loads(value)) == ("pairs-0", {text: text})


def test_numbers_that_are_none_become_null():
    assert data_json([float("nan"), float("inf"), 1.5, (1, None)]) == "[null,null,1.5,[1,null]]"
