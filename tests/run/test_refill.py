"""What a refill decides, from the states of shards and the order of the plan alone."""

import json
from collections import Counter
from dataclasses import asdict, replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from medcutmix_cli.errors import RunError
from medcutmix_cli.run import refill as module
from medcutmix_cli.run.failure_list import PairOutcome
from medcutmix_cli.run.folder import RunFolder
from medcutmix_cli.run.plan_file import piece_of, plan_rows, write_plan
from medcutmix_cli.run.refill import RefilledElsewhereError, RefillPass, refill_plan, refills_rendered
from medcutmix_cli.run.reserve_file import PairUse, write_reserve
from medcutmix_cli.run.run_record import read_run
from medcutmix_cli.run.seals import write_json
from medcutmix_cli.system.atomic_files import write_text
from tests.builders import make_pair
from tests.run_folders import write_run

A, B = "train/a", "train/b"


def pair(number, host=None, donor=0, cells=(A,)):
    recipient = replace(make_pair().recipient, study_id=f"h{number if host is None else host}")
    given_by = replace(make_pair().donor, study_id=f"d{donor}")
    return replace(
        make_pair(), pair_id=f"{number:016x}", recipient=recipient, donor=given_by, cells=tuple(cells)
    )


def rejected_run(root, planned, reserve, wanted, rejected, dropped=()):
    """Write a run of one shard, with its plan and reserve; its rows are not looked at."""
    write_run(root, ([],), rejected=len(planned))
    folder = RunFolder(root)
    write_plan(folder.plan_file, planned, 100)
    write_reserve(folder.reserve_file, reserve, dict(dropped))
    outcomes = [
        PairOutcome(f"{n:016x}", "", "", "rejected" if n in rejected else "failed", "mask", "")
        for n in range(len(planned))
    ]
    lines = "".join(json.dumps(asdict(outcome)) + "\n" for outcome in outcomes)
    write_text(folder.failures_file(0), lines)
    record = read_run(folder)
    counts = {**record.counts, "goals": wanted, "reserved": len(reserve)}
    write_json(folder.run_file, asdict(replace(record, counts=counts, shards=[len(planned)])))
    return folder


def taken(folder, number=1):
    ids = module.read_uses(piece_of(folder.plan_file, number))
    return [int(each.pair_id, 16) for each in ids]


def test_as_many_are_taken_as_were_rejected_the_first_of_the_reserve_first(tmp_path):
    planned, reserve = [pair(n) for n in range(3)], [pair(n) for n in range(10, 16)]
    folder = rejected_run(tmp_path / "run", planned, reserve, {A: 3}, {0, 2})
    assert refill_plan(folder) == RefillPass(1, 2, {A: 2})
    assert taken(folder) == [10, 11]
    record = read_run(folder)
    assert (record.shards, refills_rendered(record)) == ([3, 2], 1)
    assert plan_rows(folder.plan_file, 1) == record.shards


def test_a_pair_fills_only_what_lacks_one(tmp_path):
    reserve = [pair(10, cells=[B]), pair(11, cells=[A, B]), pair(12, cells=[A])]
    folder = rejected_run(tmp_path / "run", [pair(0), pair(1, cells=[B])], reserve, {A: 1, B: 1}, {0})
    refill_plan(folder)
    assert taken(folder) == [11]


def test_a_host_that_stands_is_no_recipient_again_and_one_that_was_rejected_is(tmp_path):
    planned = [pair(n, host=n) for n in range(2)]
    reserve = [pair(10, host=1), pair(11, host=0), pair(12, host=0)]
    folder = rejected_run(tmp_path / "run", planned, reserve, {A: 4}, {0})
    assert refill_plan(folder).pairs == 1
    assert taken(folder) == [11]


def test_nobody_gives_more_often_than_allowed(tmp_path):
    planned = [pair(n, donor=7) for n in range(5)]
    reserve = [pair(n, donor=7) for n in range(10, 14)]
    folder = rejected_run(tmp_path / "run", planned, reserve, {A: 9}, {0, 1})
    refill_plan(folder)
    assert taken(folder) == [10, 11]


def test_without_targets_each_finding_gets_as_many_as_were_planned_and_no_donor_too_large_a_share(tmp_path):
    planned = [pair(n, donor=n, cells=[]) for n in range(4)]
    reserve = [pair(n, donor=1, cells=[]) for n in range(10, 13)] + [pair(20, donor=5, cells=[])]
    folder = rejected_run(tmp_path / "run", planned, reserve, {}, {0, 2, 3})
    assert refill_plan(folder).lacking == {"train/pleural_effusion": 3}
    assert taken(folder) == [10, 20]  # two rows of one donor, whatever its share


def test_studies_that_receive_for_the_first_time_are_left_out_no_longer(tmp_path):
    dropped = {"h10": "view-unknown", "h12": "report-empty"}
    planned, reserve = [pair(0), pair(1)], [pair(10), pair(11, host=0), pair(12)]
    folder = rejected_run(tmp_path / "run", planned, reserve, {A: 2}, {0, 1}, dropped)
    before = read_run(folder).counts
    refill_plan(folder)
    after = read_run(folder).counts
    assert before["dropped"] == {"report-empty": 2, "view-unknown": 1}
    assert after["dropped"] == {"report-empty": 2}
    assert after["studies"]["planned"] == before["studies"]["planned"] + 1
    assert after["studies"]["dropped"] == before["studies"]["dropped"] - 1


@pytest.mark.parametrize(
    ("reserve", "wanted", "rejected", "short"),
    [
        pytest.param([pair(9)], {A: 2}, set(), "", id="full"),
        pytest.param([pair(9, cells=[B])], {A: 2, B: 0}, {0}, "reserve-unfit", id="of-another-cell"),
        pytest.param([pair(9, host=1)], {A: 2}, {0}, "reserve-unfit", id="of-a-host-that-stands"),
        pytest.param([], {A: 2}, {0}, "no-reserve", id="no-reserve"),
    ],
)
def test_the_last_look_says_why_cells_stay_short(tmp_path, reserve, wanted, rejected, short):
    folder = rejected_run(tmp_path / "run", [pair(0), pair(1)], reserve, wanted, rejected)
    decided = refill_plan(folder)
    assert (decided.pairs, decided.shards, decided.short) == (0, 0, short)
    assert not piece_of(folder.plan_file, 1).exists()
    assert len(read_run(folder).refills) == bool(reserve)


def test_looking_twice_writes_nothing_new(tmp_path):
    folder = rejected_run(tmp_path / "run", [pair(0)], [pair(9)], {A: 1}, set())
    refill_plan(folder)
    before = folder.run_file.stat().st_mtime_ns
    refill_plan(folder)
    assert folder.run_file.stat().st_mtime_ns == before


def test_a_refill_that_another_process_overtook_is_not_written(tmp_path, monkeypatch):
    folder = rejected_run(tmp_path / "run", [pair(0)], [pair(9)], {A: 1}, {0})
    original = module.write_piece

    def overtaken(*given):
        original(*given)
        record = read_run(folder)
        write_json(folder.run_file, asdict(replace(record, shards=[*record.shards, 1, 1])))

    monkeypatch.setattr(module, "write_piece", overtaken)
    with pytest.raises(RefilledElsewhereError, match="another process"):
        refill_plan(folder)
    assert len(read_run(folder).shards) == 3


def test_a_refill_of_another_process_since_all_shards_were_found_complete_is_no_missing_shard(tmp_path):
    folder = rejected_run(tmp_path / "run", [pair(0)], [pair(9)], {A: 1}, {0})
    assert refill_plan(folder, 1).shards == 1
    with pytest.raises(RefilledElsewhereError):
        refill_plan(folder, 1)
    with pytest.raises(RunError, match="1 of 2 shards are not complete"):
        refill_plan(folder, 2)


def test_a_shard_that_is_missing_stops_it(tmp_path):
    folder = rejected_run(tmp_path / "run", [pair(0)], [pair(9)], {A: 1}, {0})
    folder.state_file(0).unlink()
    with pytest.raises(RunError, match="1 of 1 shards are not complete"):
        refill_plan(folder)


def as_it_is(number, host, cells=()):
    return replace(pair(number, host=host, cells=cells), finding="")


def test_a_study_that_a_target_repeats_may_receive_for_another_cell(tmp_path):
    """The plan does not count repeats against `pairs_per_study` either."""
    planned = [pair(0, host=0), as_it_is(1, 1, [B]), as_it_is(2, 1, [B])]
    folder = rejected_run(tmp_path / "run", planned, [pair(10, host=1)], {A: 1, B: 2}, {0})
    refill_plan(folder)
    assert taken(folder) == [10]


def test_a_study_kept_beside_targets_may_receive_and_a_rejected_host_gets_its_own_row(tmp_path):
    planned = [pair(0, host=0), pair(1, host=1, donor=1), as_it_is(2, 2)]
    reserve = [pair(10, host=2), as_it_is(11, 0), as_it_is(12, 1), as_it_is(13, 2)]
    folder = rejected_run(tmp_path / "run", planned, reserve, {A: 2}, {0})
    assert refill_plan(folder) == RefillPass(1, 2, {A: 1}, unmixed=1)
    assert taken(folder) == [10, 11]


def test_without_targets_a_study_that_is_kept_does_not_receive_as_well(tmp_path):
    planned = [pair(0, host=0, cells=()), as_it_is(1, 1)]
    folder = rejected_run(tmp_path / "run", planned, [pair(10, host=1, cells=())], {}, {0})
    assert refill_plan(folder).pairs == 0


def test_where_only_studies_as_they_are_are_left_the_reserve_is_empty(tmp_path):
    folder = rejected_run(tmp_path / "run", [pair(0), pair(1)], [as_it_is(9, 1)], {A: 3}, {0})
    assert refill_plan(folder).short == "reserve-empty"


CELLS = st.lists(st.sampled_from([A, B]), min_size=1, max_size=2, unique=True)
CANDIDATES = st.lists(st.tuples(st.integers(0, 6), st.integers(0, 3), CELLS), max_size=12)


@settings(max_examples=60, deadline=None)
@given(CANDIDATES, CANDIDATES, st.integers(0, 6), st.integers(0, 6), st.integers(1, 2), st.integers(1, 3))
def test_whatever_stands_no_cap_is_broken_and_no_cell_asks_in_vain(standing, reserve, a, b, receives, gives):
    wanted = {A: a, B: b}
    cells = module._Cells(wanted, receives, gives)
    held = [PairUse(f"r{n}", f"h{h}", f"d{d}", tuple(c)) for n, (h, d, c) in enumerate(reserve)]
    stand = [PairUse(f"p{n}", f"h{h}", f"d{d}", tuple(c)) for n, (h, d, c) in enumerate(standing)]
    for each in stand:
        cells._count(each)
    chosen = [each for each in held if cells.take(each)]
    for who, most in (("recipient", receives), ("donor", gives)):
        before = Counter(getattr(each, who) for each in stand)
        after = before + Counter(getattr(each, who) for each in chosen)
        assert all(after[study] <= max(most, before[study]) for study in after)
    counts = Counter(cell for each in [*stand, *chosen] for cell in each.cells)
    for each in [each for each in held if each not in chosen]:
        lacks = any(counts[cell] < wanted[cell] for cell in each.cells)
        used = Counter(x.recipient for x in [*stand, *chosen])[each.recipient] >= receives
        spent = Counter(x.donor for x in [*stand, *chosen])[each.donor] >= gives
        assert not lacks or used or spent
