"""How a command ends that leaves no pair, and when that is no error."""

import json

import pytest

from tests.calls import medcutmix
from tests.run_folders import make_row, write_run


@pytest.fixture
def empty(tmp_path):
    """Return a finished run of which no pair was written, by a rule."""
    return write_run(tmp_path / "run", ([],), rejected=3)


@pytest.mark.parametrize("form", ["", "--json", "-q"], ids=["plain", "json", "quiet"])
@pytest.mark.parametrize("word", ["status", "render"])
def test_a_finished_run_without_a_pair_exits_5_and_names_its_reasons(empty, capsys, word, form):
    assert medcutmix(word, empty, *form.split()) == 5
    shown = capsys.readouterr()
    assert "error: no pair was written: recipient-mask-too-small (3 pairs)" in shown.err
    assert "try: another --mask" in shown.err
    if form == "--json":
        document = json.loads(shown.out)
        assert (document["has_no_pair"], document["written"]) == (True, 0)


def test_a_shard_without_a_row_is_no_error_where_another_has_some(tmp_path):
    assert medcutmix("status", write_run(tmp_path / "run", ([], [make_row()]), rejected=3), "-q") == 0


def test_a_run_that_is_not_finished_may_still_write_pairs(tmp_path):
    assert medcutmix("status", write_run(tmp_path / "run", ([],), rejected=3, missing=1), "-q") == 0


def test_too_many_failures_are_told_before_that_nothing_was_written(tmp_path):
    assert medcutmix("status", write_run(tmp_path / "run", ([],), failed=3), "-q") == 3
