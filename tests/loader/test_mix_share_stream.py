import copy
from collections import Counter
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.utils.data import DataLoader

from medcutmix_cli.errors import UsageError
from medcutmix_cli.loader import MixedPairs, MixShareSampler, MixShareStream, collate, streaming
from medcutmix_cli.loader import mix_share_stream as module
from medcutmix_cli.loader.originals import RowKinds
from medcutmix_cli.loader.rows import RowGroup
from tests.loader.mixes import write_originals
from tests.run_folders import make_row, write_run

COLUMNS = ("image", "pair_id")


@contextmanager
def invented(originals, mixes, group=5):
    """Let originals be numbered from 0 and mixes from `originals`, in row groups of two shards, without a file."""
    numbers = [range(originals), range(originals, originals + mixes)]
    groups, kinds, opened = [], [], Counter()
    for shard, own in enumerate(numbers):
        parts = [tuple(own[k : k + group]) for k in range(0, len(own), group)]
        groups += [RowGroup(Path(f"{shard}"), k, len(part)) for k, part in enumerate(parts)]
        kinds.append(parts)
    first, second = kinds
    found = RowKinds((*first, *[()] * len(second)), (*[()] * len(first), *second), 0)
    starts = {group: start for group, (start, *_) in zip(groups, [*first, *second], strict=True)}

    def read(places, _columns):
        opened.update(place.path.name for place in places)
        return [starts[RowGroup(place.path, place.group, place.rows)] for place in places]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "find_kinds", lambda _groups, _split: found)
        patch.setattr(module, "to_pair", lambda row, _dtype: row)
        patch.setattr(streaming, "read_groups", read)
        patch.setattr(streaming, "table_row", lambda start, k: start + k)
        pairs = SimpleNamespace(groups=tuple(groups), columns=COLUMNS, dtype="uint8", transform=None)
        as_worker = lambda *place: patch.setattr(module, "worker_place", lambda: place)  # noqa: E731
        yield SimpleNamespace(pairs=pairs, as_worker=as_worker, opened=opened)


def by_worker(there, stream, workers):
    """Return the batches of each worker."""
    batches = []
    for number in range(workers):
        there.as_worker(number, workers)
        batches.append(list(stream))
    return batches


@given(
    st.integers(8, 80), st.integers(1, 12), st.integers(2, 9), st.sampled_from([0.1, 0.25, 0.5]),
    st.integers(1, 3), st.integers(1, 3), st.integers(0, 2),
)  # fmt: skip
@settings(max_examples=100)
def test_every_original_comes_once_over_ranks_and_workers_and_each_batch_has_its_share(
    originals, mixes, batch_size, share, ranks, workers, epoch
):
    with invented(originals, mixes) as there:
        seen, steps = Counter(), set()
        for rank in range(ranks):
            stream = MixShareStream(
                there.pairs, batch_size, share=share, rank=rank, world_size=ranks, buffer=16
            )
            stream.set_epoch(epoch)
            batches = by_worker(there, stream, workers)
            assert sum(map(len, batches)) == stream.batches(workers)
            steps.add(tuple(tuple(map(len, own)) for own in batches))
            for own in batches:
                drawn = [sum(row >= originals for row in batch) for batch in own[:-1]]
                assert [len(batch) for batch in own[:-1]] == [batch_size] * len(drawn)
                expected = [
                    int((k + 1) * share * batch_size) - int(k * share * batch_size) for k in range(len(drawn))
                ]
                assert drawn == expected
            seen.update(row for own in batches for batch in own for row in batch)
        assert len(steps) == 1  # as many batches, of as many rows, on every rank
        own = [count for row, count in seen.items() if row < originals]
        assert own == [1] * (originals - originals % ranks)


def test_mixes_take_turns_over_ranks_workers_and_epochs():
    with invented(30, 7) as there:
        seen = Counter()
        for epoch in range(4):
            for rank in range(2):
                stream = MixShareStream(there.pairs, 5, share=0.4, rank=rank, world_size=2)
                stream.set_epoch(epoch)
                batches = by_worker(there, stream, 2)
                seen.update(row for own in batches for batch in own for row in batch if row >= 30)
            assert max(seen.values()) - min(seen[row] for row in range(30, 37)) <= 1


def test_workers_read_each_row_group_once_and_those_at_their_borders_twice():
    with invented(400, 60) as there:
        by_worker(there, MixShareStream(there.pairs, 20), 4)
        assert there.opened["0"] <= 80 + 3
        assert there.opened["1"] <= 12 + 3


def test_orders_are_of_their_seed_and_epoch():
    with invented(60, 9) as there:

        def batches(epoch=0, **how):
            stream = MixShareStream(there.pairs, 10, **how)
            stream.set_epoch(epoch)
            return list(stream)

        assert batches(1) == batches(1)
        assert len({str(each) for each in (batches(), batches(1), batches(seed=1))}) == 3
        stream = MixShareStream(there.pairs, 10)
        other = copy.deepcopy(stream)
        other.set_epoch(1)
        assert list(stream) == batches()
        assert list(other) == batches(1)


@pytest.mark.parametrize(("share", "size"), [(0, 8), (1, 8), (0.9, 4), (0.1, 0)])
def test_what_cannot_be_is_refused_at_once(share, size):
    with invented(20, 9) as there:
        with pytest.raises(UsageError, match="can be mixes"):
            MixShareStream(there.pairs, size, share=share)
        with pytest.raises(UsageError, match="rank 2 of 2"):
            MixShareStream(there.pairs, 8, rank=2, world_size=2)
        with pytest.raises(UsageError, match="cannot be done"):
            MixShareStream(there.pairs, 8).set_epoch(0, batches_done=-1)


@pytest.fixture(scope="module")
def pairs(tmp_path_factory):
    folder = tmp_path_factory.mktemp("loader")
    originals = write_originals(folder / "originals", 70)
    mixes = [make_row(k, pair_id=f"{k}", study_id_a=f"{k}") for k in range(5)]
    return MixedPairs([originals, write_run(folder / "run", (mixes,))], columns=COLUMNS)


def ids(batches):
    return [[row["pair_id"] for row in batch["row"]] for batch in batches]


def test_a_data_loader_that_makes_batches_of_batches_is_told_what_to_say(pairs):
    with pytest.raises(UsageError, match="not of lists") as raised:
        next(iter(DataLoader(MixShareStream(pairs, 10), collate_fn=collate)))
    assert "batch_size=None" in raised.value.hint


@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")  # Python 3.12
@pytest.mark.parametrize("workers", [0, 2])
def test_a_data_loader_reads_the_stream_and_goes_on_where_it_stopped(pairs, workers):
    stream = MixShareStream(pairs, 10, share=0.1)
    context = "fork" if workers else None
    loaded = DataLoader(
        stream, batch_size=None, collate_fn=collate, num_workers=workers, multiprocessing_context=context
    )
    whole = ids(loaded)
    assert len(whole) == stream.batches(workers)
    names = [name for batch in whole for name in batch]
    kept = [name for name in names if name.startswith("kept-")]
    assert len(kept) == len(set(kept)) == 70
    sampled = [MixShareSampler(pairs, 10, share=0.1)]
    assert len(names) - 70 == pytest.approx(sum(len(b) for b in sampled[0]) - 70, abs=1)
    stream.set_epoch(0, batches_done=3)
    assert sorted(map(sorted, ids(loaded))) == sorted(map(sorted, whole[3:]))
