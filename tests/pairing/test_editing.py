import pytest
from hypothesis import given
from hypothesis import strategies as st

from medcutmix_cli.pairing.editing import splice
from medcutmix_cli.records import Edit


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
