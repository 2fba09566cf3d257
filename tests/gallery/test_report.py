import re

from hypothesis import given
from hypothesis import strategies as st

from medcutmix_cli.gallery.report import diff_html
from medcutmix_cli.inspection.pair_record import EntityView, Piece
from medcutmix_cli.system.plain_text import escape_html as escape
from tests.gallery.outlines import Outline

WORDS = st.characters(exclude_categories=["Cc", "Cs"])


def test_the_words_that_differ_are_stressed():
    pieces = [Piece("removed", "Small left effusion."), Piece("inserted", "Large left effusion.")]
    html = re.sub(r'<span class="heard">.*?</span>', "", diff_html(pieces))
    assert html == "<del><b>Small</b> left effusion.</del> <ins><b>Large</b> left effusion.</ins>"


def test_sentences_with_nothing_in_common_are_not_compared():
    pieces = [Piece("removed", "Small left effusion"), Piece("inserted", "Normal")]
    assert "<b>" not in diff_html(pieces)


@given(
    st.lists(
        st.builds(Piece, st.sampled_from(["same", "removed", "inserted"]), st.text(WORDS, min_size=1)),
        max_size=6,
    )
)
def test_the_diff_is_well_formed_and_loses_no_word(pieces):
    outline = Outline()
    outline.feed(diff_html(pieces))
    assert outline.open == []
    shown = "".join("".join(outline.text).split())
    assert all("".join(piece.text.split()) in shown for piece in pieces)


def test_line_ends_of_other_systems_leave_no_trace():
    assert escape("No effusion.\r\nNormal.\x1b") == "No effusion.\nNormal.\ufffd"


def mentioned(start, end, assertion="present"):
    return EntityView(start, end, "pleural_effusion", assertion, "left", "findings")


def test_findings_of_the_mixed_report_are_marked_with_what_is_said_of_them():
    pieces = [Piece("same", "No mass. "), Piece("removed", "Old."), Piece("inserted", "Left effusion.")]
    html = diff_html(pieces, [EntityView(3, 7, "mass", "absent", "none", "findings"), mentioned(14, 22)])
    assert '<mark class="absent" title="mass: absent">mass</mark>' in html
    assert '<mark class="present" title="pleural effusion: present, left">effusion</mark>' in html
    assert "Old" in html


def test_a_finding_that_an_edit_cuts_is_marked_on_both_sides():
    html = diff_html([Piece("same", "pleural "), Piece("inserted", "effusion")], [mentioned(0, 16)])
    assert html.count("<mark") == 2


@given(
    st.lists(
        st.builds(Piece, st.sampled_from(["same", "removed", "inserted"]), st.text(WORDS, min_size=1)),
        max_size=6,
    ),
    st.lists(st.tuples(st.integers(0, 20), st.integers(0, 8)), max_size=3),
)
def test_marks_change_no_word_of_the_diff(pieces, spans):
    def words(html):
        outline = Outline()
        outline.feed(html)
        assert outline.open == []
        return "".join(outline.text)

    entities = [mentioned(start, start + length) for start, length in spans]
    assert words(diff_html(pieces, entities)) == words(diff_html(pieces))
