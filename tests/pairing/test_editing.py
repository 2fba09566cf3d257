import pytest
from hypothesis import given
from hypothesis import strategies as st

from medcutmix_cli.pairing.editing import splice, swap_edits
from medcutmix_cli.pairing.statements import Refusal, donor_statement, recipient_statement
from medcutmix_cli.records import Edit
from medcutmix_cli.reports.reader import ReportReader
from tests.builders import make_report

READER = ReportReader()
DONOR = make_report(
    "A large right pleural effusion obscures the right base.", impression=("Large right effusion.",)
)


def swapped(report, donor=DONOR, finding="pleural_effusion"):
    leaving = recipient_statement(READER.read(report), finding)
    coming = donor_statement(READER.read(donor), finding)
    assert not isinstance(leaving, Refusal)
    assert not isinstance(coming, Refusal)
    edits = swap_edits(report, leaving, coming)
    assert not isinstance(edits, Refusal)
    return splice(report, edits)


@st.composite
def reports_with_edits(draw):
    report = draw(st.text(max_size=60))
    cuts = sorted(draw(st.lists(st.integers(0, len(report)), max_size=6)))
    spans = list(zip(cuts[::2], cuts[1::2], strict=False))
    texts = draw(st.lists(st.text(max_size=8), min_size=len(spans), max_size=len(spans)))
    return report, [Edit(s, e, t, "findings", "") for (s, e), t in zip(spans, texts, strict=True)]


@given(reports_with_edits())
def test_splice_keeps_every_character_it_was_not_told_to_change(case):
    report, edits = case
    mixed = splice(report, edits)
    position = shift = 0
    for edit in edits:
        assert mixed[position + shift : edit.start + shift] == report[position : edit.start]
        assert mixed[edit.start + shift :].startswith(edit.text)
        position, shift = edit.end, shift + len(edit.text) - (edit.end - edit.start)
    assert mixed[position + shift :] == report[position:]


@pytest.mark.parametrize("span", [(3, 2), (0, 99), (-1, 2)])
def test_an_edit_outside_the_report_is_an_error(span):
    with pytest.raises(ValueError, match="overlaps another or leaves"):
        splice("abcdef", [Edit(*span, "x", "findings", "")])


def test_findings_and_impression_are_edited_in_step():
    report = make_report(
        "The heart is normal in size. There is a small right pleural effusion. No pneumothorax.",
        impression=("Small right pleural effusion.",),
    )
    assert swapped(report) == make_report(
        "The heart is normal in size. A large right pleural effusion obscures the right base. No pneumothorax.",
        impression=("Large right effusion.",),
    )


def test_a_list_number_stays_when_its_sentence_is_replaced():
    report = make_report(impression=("\n \n 1. Small right pleural effusion.\n 2. Normal heart size.",))
    assert "1. Large right effusion.\n 2. Normal heart size." in swapped(report)


def test_a_second_sentence_of_the_statement_is_deleted():
    report = make_report(
        "There is a right pleural effusion. The right effusion is moderate in size. The heart is normal in size."
    )
    assert swapped(report) == make_report(
        "A large right pleural effusion obscures the right base. The heart is normal in size."
    )


def test_a_sentence_over_two_lines_is_replaced_whole():
    report = make_report("No pneumothorax. There is a small right\n pleural effusion. Normal heart size.")
    assert swapped(report) == make_report(
        "No pneumothorax. A large right pleural effusion obscures the right base. Normal heart size."
    )
