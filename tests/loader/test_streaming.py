import copy
from contextlib import contextmanager
from itertools import pairwise, product
from pathlib import Path

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import distributed
from torch.utils.data import DataLoader

from medcutmix_cli.errors import UsageError
from medcutmix_cli.loader import IterableMixedPairs, collate
from medcutmix_cli.loader import streaming as module
from medcutmix_cli.loader.rows import RowGroup
from tests.loader.mixes import write_rows

IDS = ("pair_id",)


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    return write_rows(tmp_path_factory.mktemp("loader") / "run", 67, 0, 1, 35)


def ids(pairs):
    return [int(pair["row"]["pair_id"]) for pair in pairs]


@contextmanager
def invented(sizes, worker=None):
    """Let row groups of the given sizes be there without a file."""
    with pytest.MonkeyPatch.context() as patch:
        places = tuple(RowGroup(Path("shard"), k, size) for k, size in enumerate(sizes))
        starts = [sum(sizes[:k]) for k in range(len(sizes))]
        patch.setattr(module, "find_groups", lambda source, partial, wanted: places)
        patch.setattr(module, "read_groups", lambda places, _columns: [starts[p.group] for p in places])
        patch.setattr(module, "table_row", lambda start, k: {"pair_id": start + k})
        yield lambda number, count: patch.setattr(module, "worker_place", lambda: (number, count))


sizes = st.lists(st.integers(0, 9), max_size=8)


@given(sizes, st.integers(1, 5), st.integers(1, 4), st.integers(0, 12), st.integers(0, 3), st.booleans())
@settings(max_examples=150)
def test_every_row_comes_exactly_once_over_all_ranks_and_workers(
    sizes, ranks, workers, buffer, epoch, shuffle
):
    with invented(sizes) as as_worker:
        seen, per_rank = [], []
        for rank in range(ranks):
            pairs = IterableMixedPairs(
                "run", columns=IDS, rank=rank, world_size=ranks, buffer=buffer, shuffle=shuffle, seed=5
            )
            pairs.set_epoch(epoch)
            own = []
            for number in range(workers):
                as_worker(number, workers)
                own += ids(pairs)
            assert len(own) == pairs.rows
            per_rank.append(len(own))
            seen += own
    assert sorted(seen) == list(range(sum(sizes)))
    assert max(per_rank) - min(per_rank) <= 1


@given(sizes, st.integers(1, 5), st.integers(1, 4))
@settings(max_examples=80)
def test_with_drop_uneven_all_ranks_see_the_same_number(sizes, ranks, workers):
    with invented(sizes) as as_worker:
        seen, counts = [], set()
        for rank in range(ranks):
            pairs = IterableMixedPairs("run", columns=IDS, rank=rank, world_size=ranks, drop_uneven=True)
            own = []
            for number in range(workers):
                as_worker(number, workers)
                own.append(ids(pairs))
            counts.add(tuple(len(part) for part in own))
            seen += [k for part in own for k in part]
    assert len(counts) == 1  # worker by worker: as many batches on every rank
    assert len(seen) == len(set(seen)) == sum(sizes) // ranks * ranks


def test_the_order_depends_on_seed_and_epoch_alone(run):
    def order(seed, epoch):
        pairs = IterableMixedPairs(run, columns=IDS, seed=seed, buffer=16)
        pairs.set_epoch(epoch)
        return ids(pairs)

    assert order(1, 2) == order(1, 2)
    assert len({tuple(order(*each)) for each in product((1, 2), (0, 1))}) == 4
    assert sorted(order(1, 0)) == list(range(103))


def test_rows_of_one_group_are_spread_by_the_buffer(run):
    order = ids(IterableMixedPairs(run, columns=IDS, buffer=64))
    assert sum(abs(a - b) == 1 for a, b in pairwise(order)) < 20


def test_without_shuffling_the_rows_come_in_order(run):
    assert ids(IterableMixedPairs(run, columns=IDS, shuffle=False)) == list(range(103))


@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")  # Python 3.12
@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_workers_that_persist_are_told_the_epoch(run, method):
    pairs = IterableMixedPairs(run, columns=IDS, buffer=8, rank=1, world_size=2)
    loader = DataLoader(
        pairs,
        batch_size=8,
        num_workers=2,
        multiprocessing_context=method,
        collate_fn=collate,
        persistent_workers=True,
    )
    epochs = []
    for epoch in (0, 1, 0):
        pairs.set_epoch(epoch)
        epochs.append([int(row["pair_id"]) for batch in loader for row in batch["row"]])
    assert epochs[0] == epochs[2]
    assert epochs[0] != epochs[1]
    assert [len(set(epoch)) for epoch in epochs] == [pairs.rows] * 3


@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")  # Python 3.12
@pytest.mark.parametrize("workers", [0, 2])
@pytest.mark.parametrize("drop_last", [True, False])
def test_an_epoch_goes_on_with_the_rows_that_are_left(run, workers, drop_last):
    pairs = IterableMixedPairs(run, columns=IDS, buffer=16, seed=4, rank=0, world_size=2)
    how = {"num_workers": workers, "drop_last": drop_last, "collate_fn": collate, "batch_size": 7}
    if workers:
        how["multiprocessing_context"] = "fork"
    loader = DataLoader(pairs, **how)
    pairs.set_epoch(5)
    whole = [[row["pair_id"] for row in batch["row"]] for batch in loader]
    for done in (1, 3, len(whole) - 1, len(whole)):
        pairs.set_epoch(5, batches_done=done, batch_size=7, drop_last=drop_last)
        rest = [[row["pair_id"] for row in batch["row"]] for batch in loader]
        assert sorted(map(sorted, rest)) == sorted(map(sorted, whole[done:]))
    pairs.set_epoch(5)
    assert [[row["pair_id"] for row in batch["row"]] for batch in loader] == whole


@pytest.mark.parametrize(("done", "size"), [(-1, 8), (3, 0)])
def test_batches_of_no_size_cannot_be_done(run, done, size):
    with pytest.raises(UsageError, match="cannot be done"):
        IterableMixedPairs(run, columns=IDS).set_epoch(0, batches_done=done, batch_size=size)


def test_a_copy_has_an_epoch_of_its_own_that_its_workers_see(run):
    pairs = IterableMixedPairs(run, columns=IDS, seed=3)
    other = copy.deepcopy(pairs)
    assert other._state.is_shared()
    other.set_epoch(7)
    assert pairs._epoch == 0
    assert ids(other) != ids(pairs)


def test_the_rank_is_that_of_the_process_group_also_in_workers(run, tmp_path):
    distributed.init_process_group("gloo", init_method=f"file://{tmp_path}/group", rank=0, world_size=1)
    try:
        pairs = IterableMixedPairs(run, columns=IDS)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(distributed, "get_rank", lambda: 2)
            patch.setattr(distributed, "get_world_size", lambda: 3)
            assert pairs.rows == 35
            spawned = pairs.__getstate__()
    finally:
        distributed.destroy_process_group()
    assert spawned["_place"] == (2, 3)
    assert pairs.rows == 103


@pytest.mark.parametrize("place", [(2, 2), (-1, 2), (0, None), (None, 2), (0, 0)])
def test_a_rank_that_cannot_be_is_refused(run, place):
    with pytest.raises(UsageError, match="rank"):
        IterableMixedPairs(run, rank=place[0], world_size=place[1])


def test_pairs_are_tensors_and_transformed(run):
    pairs = IterableMixedPairs(run, transform=lambda pair: pair["image"].mean(), world_size=100, rank=3)
    means = list(pairs)
    assert len(means) == pairs.rows == 1
    assert torch.isclose(means[0], torch.tensor(90 / 255))


@pytest.mark.parametrize("workers", [0, 1, 2])
@pytest.mark.parametrize("drop_last", [True, False])
def test_the_number_of_batches_is_known_before_they_come(run, workers, drop_last):
    pairs = IterableMixedPairs(run, columns=IDS, rank=0, world_size=2)
    options = {"num_workers": workers, "drop_last": drop_last, "collate_fn": collate}
    loader = DataLoader(pairs, batch_size=7, **options)
    assert pairs.batches(7, workers, drop_last=drop_last) == len(list(loader)) > 0
