from io import StringIO

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from medcutmix_cli.run.reasons import find_reason
from medcutmix_cli.terminal.words import plain_table, printable, quantity, reasons_hint, size, unbroken
from tests.terminal.printing import printed


@given(st.text())
def test_no_text_can_steer_the_terminal(text):
    shown = printable(text)
    assert not any(ord(character) < 32 and character not in "\n\t" for character in shown)
    assert "\x1b" not in shown
    assert "\x9b" not in shown
    assert len(shown) == len(text.replace("\r", ""))


@pytest.mark.parametrize(
    ("count", "said"),
    [(0, "0 B"), (999, "999 B"), (1000, "1.0 kB"), (5_300_000, "5.3 MB"), (2 * 10**12, "2.0 TB")],
)
def test_sizes_are_written_as_people_do(count, said):
    assert size(count) == said


def test_one_is_singular():
    assert (quantity(1, "shard"), quantity(1024, "shard")) == ("1 shard", "1,024 shards")


def test_the_hint_names_the_most_frequent_reason_as_it_can_be_typed():
    hint = reasons_hint({"report-empty": 2, "split-not-mixed:test": 0}, {"recipient-mask-too-small": 5})
    assert hint.endswith("medcutmix reasons recipient-mask-too-small")
    assert find_reason(hint.rpartition(" ")[2]).advice
    assert reasons_hint({}, {"report-empty": 0}) == ""


def test_a_table_that_is_unbroken_is_as_wide_as_its_words():
    table = plain_table("finding", "value")
    table.add_row("enlarged_cardiomediastinum", "1 of 2")
    assert printed(table, width=20).count("enlarged_cardiomediastinum") == 0
    assert unbroken(table).width == len("enlarged_cardiomediastinum") + 3 + len("1 of 2")


CELLS = (
    ("Enlarged Cardiomediastinum", "present", "never-denied", "0.952 - 0.963"),
    ("donor-evidence-left-out", "absent", "-", "1"),
    ("over 1/4", "-", "not-said", "0.1"),
)
HEADERS = ("observation", "recipient", "state", "interval")


def narrow(width, *headers):
    table = plain_table(*headers)
    for cells in CELLS:
        table.add_row(*cells[: len(headers)])
    console = Console(width=width, file=StringIO(), markup=False, highlight=False)
    console.print(table)
    return console.file.getvalue()


@pytest.mark.parametrize("width", range(28, 101))
@pytest.mark.parametrize("columns", [2, 3, 4])
def test_a_table_of_any_width_breaks_no_word_and_is_cut_nowhere(width, columns):
    said = narrow(width, *HEADERS[:columns])
    there = {word.strip(",") for word in said.split()}
    told = {word for cells in CELLS for cell in cells[:columns] for word in cell.split()}
    assert told | set(HEADERS[1:columns]) <= there
    assert max(len(line) for line in said.splitlines()) <= width


def test_a_table_that_fits_is_as_it_was():
    assert narrow(100, *HEADERS[:2]).splitlines()[0].split() == list(HEADERS[:2])
