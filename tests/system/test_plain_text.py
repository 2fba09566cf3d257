import json
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from medcutmix_cli.system.plain_text import escape_html, harmless_json, printable
from tests.hostile_text import steers


@given(st.text())
def test_no_text_can_steer_what_shows_it(text):
    assert not steers(printable(text))


@given(st.text())
def test_a_document_is_harmless_and_says_the_same(text):
    document = harmless_json(json.dumps({text: [text]}, ensure_ascii=False))
    assert not steers(document)
    assert json.loads(document) == {text: [text]}


@pytest.mark.parametrize("code", [code for code in range(0x3000) if steers(chr(code))])
def test_what_steers_is_a_control_a_format_or_a_separator(code):
    assert unicodedata.category(chr(code)) in {"Cc", "Cf", "Zl", "Zp"}
    assert printable(chr(code)) in {"\ufffd", ""}


def test_text_stands_for_itself():
    assert escape_html("<a href='x'>&\x1b[31m\r\n\t") == "&lt;a href=&#x27;x&#x27;&gt;&amp;\ufffd[31m\n\t"
    assert escape_html(3) == "3"
