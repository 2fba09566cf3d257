import io

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from medcutmix_cli.exports.row import CAPTIONS, RowTexts, plain_key, readable

PANDAS_MISSING = [
    "",
    " ",
    "#N/A",
    "N/A",
    "NA",
    "NULL",
    "NaN",
    "None",
    "n/a",
    "nan",
    "null",
    "<NA>",
    "-nan",
    "#NA",
]


@pytest.mark.parametrize("text", [*PANDAS_MISSING, "...", "___", " - "])
def test_what_a_reader_takes_for_nothing_is_nothing(text):
    assert readable(text) == ""


@given(st.text(alphabet=st.sampled_from("aNnu/l#<> .\tA\"'\n"), max_size=8))
def test_whatever_pandas_reads_as_missing_is_no_caption(text):
    written = pd.DataFrame({"title": [readable(text)]}).to_csv(index=False)
    read = pd.read_csv(io.StringIO(written), skip_blank_lines=False)["title"][0]
    assert isinstance(read, str) == bool(readable(text))


def test_a_caption_stands_on_one_line():
    assert RowTexts(" FINDINGS:\n\n  Clear\n lungs. ").caption("report") == "FINDINGS: Clear lungs."


def test_without_findings_and_impression_the_last_paragraph_or_the_report_speaks():
    assert RowTexts("x y", last_paragraph="Clear.").caption("sections") == "Clear."
    assert RowTexts("x y").caption("sections") == "x y"


@pytest.mark.parametrize("which", ["findings", "impression"])
def test_a_section_that_is_missing_is_not_replaced_by_another(which):
    assert RowTexts("All of it.", last_paragraph="Clear.").caption(which) == ""


def test_every_caption_is_of_a_report():
    whole = RowTexts("R", "F", "I", "L", "X")
    assert [whole.caption(which) for which in CAPTIONS] == ["F I", "R", "F", "I"]


@given(st.text(min_size=1), st.text(min_size=1))
def test_keys_are_plain_and_as_different_as_what_they_stand_for(one, other):
    keys = plain_key(one), plain_key(other)
    assert all(
        set(key) <= set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-") for key in keys
    )
    assert (keys[0] == keys[1]) == (one == other)


def test_a_key_that_is_plain_stays_as_it_is():
    assert plain_key("02aa804e-bde0afdd_112c") == "02aa804e-bde0afdd_112c"
