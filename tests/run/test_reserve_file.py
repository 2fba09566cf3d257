from dataclasses import replace

import pytest

from medcutmix_cli.errors import RunError
from medcutmix_cli.run.plan_file import piece_of, plan_rows, read_plan, write_plan
from medcutmix_cli.run.reserve_file import read_uses, write_piece, write_reserve
from tests.builders import make_pair

CELL = "train/consolidation@device=no"


def pairs():
    return [replace(make_pair(), pair_id=f"{number:016x}") for number in range(7)]


def reserve(tmp_path, planned=None, dropped=None):
    write_reserve(tmp_path / "reserve.parquet", pairs() if planned is None else planned, dropped or {})
    return tmp_path / "reserve.parquet"


def test_a_candidate_is_known_by_studies_cells_and_why_its_recipient_was_left_out(tmp_path):
    pair = replace(pairs()[0], cells=(CELL,))
    [found] = read_uses(reserve(tmp_path, [pair], {pair.recipient.study_id: "in-reserve"}))
    assert (found.pair_id, found.recipient, found.donor, found.cells, found.drop) == (
        *(pair.pair_id, pair.recipient.study_id, pair.donor.study_id),
        *((CELL,), "in-reserve"),
    )


def test_without_targets_a_pair_counts_for_its_finding(tmp_path):
    write_plan(tmp_path / "plan.parquet", pairs()[:1], 1)
    [found] = read_uses(tmp_path / "plan.parquet")
    assert (found.cells, found.drop) == (("train/pleural_effusion",), "")


def test_an_empty_reserve_is_a_reserve(tmp_path):
    assert read_uses(reserve(tmp_path, [])) == []


@pytest.mark.parametrize("group", [1, 3, 1000])
@pytest.mark.parametrize(("taken", "size"), [((0, 2, 6), 2), ((5,), 9), (tuple(range(7)), 3)])
def test_a_piece_holds_what_was_taken_in_shards(tmp_path, monkeypatch, group, taken, size):
    monkeypatch.setattr("medcutmix_cli.run.reserve_file._GROUP", group)
    plan = tmp_path / "plan.parquet"
    write_plan(plan, pairs()[:3], 2)
    write_piece(piece_of(plan, 1), reserve(tmp_path), taken, size)
    sizes = plan_rows(plan, 1)[2:]
    assert (sum(sizes), max(sizes)) == (len(taken), min(size, len(taken)))
    read = [pair for shard in range(2, 2 + len(sizes)) for pair in read_plan(plan, shard)]
    assert [repr(pair) for pair in read] == [repr(pairs()[number]) for number in taken]


@pytest.mark.parametrize("damage", [lambda p: p.unlink(), lambda p: p.write_bytes(p.read_bytes()[:-9])])
def test_a_reserve_that_cannot_be_read_is_an_error_with_its_place(tmp_path, damage):
    path = reserve(tmp_path)
    damage(path)
    with pytest.raises(RunError, match=r"reserve\.parquet"):
        read_uses(path)
    with pytest.raises(RunError, match=r"reserve\.parquet"):
        write_piece(tmp_path / "plan-1.parquet", path, [0], 1)
