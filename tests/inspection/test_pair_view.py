from dataclasses import asdict

import pytest
from hypothesis import given
from hypothesis import strategies as st

from medcutmix_cli.errors import UsageError
from medcutmix_cli.inspection.pair_record import IMAGE_WORDS
from medcutmix_cli.inspection.pair_view import has_pair, pair_view, report_diff
from medcutmix_cli.records import IMAGE_MODES
from tests.run_folders import INSERTED, RECIPIENT_REPORT, REMOVED, make_row, write_run


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    shards = ([make_row(n) for n in range(40)], [make_row(0xAB00), make_row(0xAC00)])
    return write_run(tmp_path_factory.mktemp("view") / "run", shards)


@pytest.mark.parametrize(
    ("index", "study", "shard"),
    [
        pytest.param(0, "s0", "part-00000.parquet", id="the-first"),
        pytest.param(33, "s33", "part-00000.parquet", id="in-the-second-row-group"),
        pytest.param(41, f"s{0xAC00}", "part-00001.parquet", id="in-the-second-shard"),
    ],
)
def test_a_pair_is_found_by_its_position(run, index, study, shard):
    view = pair_view(run, index=index)
    assert (view.index, view.recipient.study_id, view.shard) == (index, study, shard)


def test_a_pair_is_found_by_the_first_digits_of_its_id(run):
    assert pair_view(run, pair_id="000000000000ab").index == 40


@pytest.mark.parametrize(("pair_id", "there"), [("000000000000AB", True), ("0", True), ("ff", False)])
def test_whether_a_row_has_an_id_is_known(run, pair_id, there):
    assert has_pair(run, pair_id) is there


@pytest.mark.parametrize(
    ("choice", "said"),
    [
        pytest.param({"index": 42}, "no pair at index 42", id="a-position-past-the-end"),
        pytest.param({"index": -1}, "no pair at index -1", id="a-position-before-the-first"),
        pytest.param({"pair_id": "ff"}, "no pair with this id", id="an-unknown-id"),
        pytest.param({"pair_id": "0"}, "several pairs", id="an-id-that-several-share"),
    ],
)
def test_a_pair_that_is_not_there_is_refused(run, choice, said):
    with pytest.raises(UsageError, match=said):
        pair_view(run, **choice)


def test_an_unknown_id_is_answered_with_where_ids_are_listed(run):
    shard = next(run.glob("data/*.parquet"))
    with pytest.raises(UsageError) as caught:
        pair_view(shard, pair_id="ff")
    assert caught.value.hint.startswith("give the run folder")
    with pytest.raises(UsageError) as caught:
        pair_view(run, pair_id="ff")
    assert caught.value.hint.startswith("ids are 16 hex digits, such as 0")
    assert f"medcutmix inspect {run} --html FILE lists all" in caught.value.hint


def test_the_picture_is_read_only_where_it_is_asked_for(run):
    assert pair_view(run).picture is None
    picture = pair_view(run, picture=True).picture
    assert picture is not None
    assert picture.startswith(b"\x89PNG")


def test_the_exchange_is_told_by_section(run):
    (swap,) = pair_view(run).swaps
    assert (swap.section, swap.removed, swap.inserted) == ("findings", REMOVED, INSERTED)


def test_the_diff_holds_both_reports(run):
    view = pair_view(run)
    without_removed = "".join(piece.text for piece in view.diff if piece.change != "removed")
    without_inserted = "".join(piece.text for piece in view.diff if piece.change != "inserted")
    assert (without_removed, without_inserted) == (view.report, RECIPIENT_REPORT)


@given(
    st.text(max_size=60), st.lists(st.tuples(st.integers(0, 60), st.text(max_size=8)), max_size=4), st.data()
)
def test_no_character_of_the_recipients_report_is_lost(report, cuts, data):
    bounds = sorted(
        data.draw(st.lists(st.integers(0, len(report)), min_size=2 * len(cuts), max_size=2 * len(cuts)))
    )
    edits = [
        {"start": bounds[2 * n], "end": bounds[2 * n + 1], "text": text} for n, (_, text) in enumerate(cuts)
    ]
    pieces = report_diff(report, edits)
    assert "".join(piece.text for piece in pieces if piece.change != "inserted") == report


def test_entities_shift_and_flags_are_read(tmp_path):
    entity = {
        "start": 3,
        "end": 9,
        "finding": "mass",
        "assertion": "absent",
        "side": "none",
        "section": "findings",
    }
    row = make_row(0, entities=[entity], shift_y=3, shift_x=-4, prompted_a=True, image_mode="box")
    view = pair_view(write_run(tmp_path / "run", ([row],)))
    assert [asdict(found) for found in view.entities] == [entity]
    assert (view.shift, view.image_mode, view.recipient.prompted, view.donor.prompted) == (
        (3, -4),
        "box",
        True,
        False,
    )


@pytest.mark.parametrize(
    ("edits", "said"),
    [
        pytest.param([("old", "new")], "in place of", id="a-swap"),
        pytest.param([("", "new")], "donor's text put in", id="an-insertion"),
        pytest.param([("", "new"), ("old", "")], "what speaks against it taken out", id="a-finding-put-in"),
        pytest.param([("old", "")], "taken out", id="a-deletion"),
        pytest.param([], "as it was", id="no-edit"),
    ],
)
def test_what_was_done_to_the_report_is_said(tmp_path, edits, said):
    whole = make_row()["edits"][0]
    row = make_row(0, edits=[whole | {"removed": gone, "text": come} for gone, come in edits])
    assert said in pair_view(write_run(tmp_path / "run", ([row],))).edited


def test_every_way_of_mixing_pictures_has_its_words():
    assert set(IMAGE_WORDS) == set(IMAGE_MODES)


def test_report_text_is_in_no_repr(run):
    assert "effusion is seen" not in repr(pair_view(run))
