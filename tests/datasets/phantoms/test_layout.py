"""A report file is wrapped as MIMIC-CXR's are, and every sentence can be found again by its offsets."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from medcutmix_cli.datasets.phantoms.layout import WIDTH, Page, SectionBlock

WORD = st.text("abcdefgh.,-_", min_size=1, max_size=12)
SENTENCE = st.lists(WORD, min_size=1, max_size=25).map(" ".join)
PARAGRAPHS = st.lists(st.lists(SENTENCE, min_size=1, max_size=5).map(tuple), min_size=1, max_size=3).map(
    tuple
)


@given(PARAGRAPHS, st.booleans(), st.booleans())
def test_offsets_slice_back_to_every_sentence_in_order(paragraphs, numbers, inline):
    page = Page()
    page.block(SectionBlock("FINDINGS", paragraphs, numbers, inline))
    found = [" ".join(page.text[start:end].split()) for start, end in page.spans]
    assert found == [sentence for paragraph in paragraphs for sentence in paragraph]


@given(PARAGRAPHS, st.booleans())
def test_no_line_is_longer_than_the_wrap_and_each_begins_with_a_space(paragraphs, inline):
    page = Page()
    page.block(SectionBlock("IMPRESSION", paragraphs, inline=inline))
    lines = page.text.splitlines()
    assert all(line.startswith(" ") and len(line) <= WIDTH for line in lines)


def test_headers_stand_in_capitals_after_one_space():
    page = Page()
    page.block(SectionBlock("FINDINGS", (("Clear lungs.",),)))
    page.block(SectionBlock("IMPRESSION", (("Normal.", "No change."),), numbers=True))
    assert page.text.splitlines()[1:] == [
        " FINDINGS: ",
        " ",
        " Clear lungs.",
        " ",
        " IMPRESSION: ",
        " ",
        " 1. Normal.",
        " 2. No change.",
        " ",
    ]
