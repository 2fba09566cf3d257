import pickle
from collections import Counter
from contextlib import contextmanager
from fractions import Fraction
from types import SimpleNamespace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.utils.data import DataLoader

from medcutmix_cli.errors import UsageError
from medcutmix_cli.loader import MixedPairs, MixShareSampler, collate
from medcutmix_cli.loader import mix_share as module
from medcutmix_cli.loader.originals import RowKinds
from tests.loader.mixes import write_originals
from tests.run_folders import make_row, write_run


@contextmanager
def invented(originals, mixes, group=5):
    """Let originals be numbered from 0, and mixes from 1000, without a file."""
    rows = [tuple(range(originals)), tuple(range(1000, 1000 + mixes))]
    first, second = ([own[k : k + group] for k in range(0, len(own), group)] for own in rows)
    found = RowKinds((*first, *[()] * len(second)), (*[()] * len(first), *second), 0)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "find_kinds", lambda _groups, _split: found)
        yield SimpleNamespace(groups=())


def is_mix(row):
    return row >= 1000


shares = st.sampled_from([0.1, 0.2, 0.25, 0.5, 1 / 3])


@given(
    st.integers(4, 80), st.integers(1, 12), st.integers(2, 9), shares, st.integers(1, 4), st.integers(0, 3)
)
@settings(max_examples=150, deadline=None)
def test_every_original_comes_once_and_each_batch_has_its_share(
    originals, mixes, batch_size, share, ranks, epoch
):
    with invented(originals, mixes) as pairs:
        seen, lengths = Counter(), set()
        for rank in range(ranks):
            sampler = MixShareSampler(pairs, batch_size, share=share, rank=rank, world_size=ranks)
            sampler.set_epoch(epoch)
            batches = list(sampler)
            assert len(batches) == len(sampler)
            lengths.add(tuple(map(len, batches)))
            exact = Fraction(share).limit_denominator(10_000) * batch_size
            for number, batch in enumerate(batches[:-1], start=1):
                assert len(batch) == batch_size
                assert sum(map(is_mix, batch)) - exact in (exact // 1 - exact, -(-exact // 1) - exact)
                drawn = sum(is_mix(row) for each in batches[:number] for row in each)
                assert drawn == int(number * exact)
            seen.update(row for batch in batches for row in batch)
        assert len(lengths) == 1
        own = [count for row, count in seen.items() if not is_mix(row)]
        assert own == [1] * (originals - originals % ranks)


def test_mixes_take_turns_over_ranks_and_epochs():
    with invented(30, 7) as pairs:
        seen = Counter()
        for epoch in range(5):
            for rank in range(2):
                sampler = MixShareSampler(pairs, 5, share=0.4, rank=rank, world_size=2)
                sampler.set_epoch(epoch)
                seen.update(row for batch in sampler for row in batch if is_mix(row))
            assert max(seen.values()) - min(seen[row] for row in range(1000, 1007)) <= 1


def test_orders_are_of_their_seed_epoch_and_rank():
    with invented(60, 9) as pairs:

        def batches(epoch=0, **how):
            sampler = MixShareSampler(pairs, 10, **how)
            sampler.set_epoch(epoch)
            return list(sampler)

        assert batches(1) == batches(1)
        assert len({str(each) for each in (batches(), batches(1), batches(seed=1))}) == 3
        places = {place for batch in batches() for place, row in enumerate(batch) if is_mix(row)}
        assert len(places) > 1  # not always at the end, where a split batch would have them in one half


@pytest.mark.parametrize("done", [0, 1, 4, 7])
def test_an_epoch_goes_on_where_it_stopped(done):
    with invented(60, 9) as pairs:
        whole = MixShareSampler(pairs, 10, seed=3)
        whole.set_epoch(2)
        rest = MixShareSampler(pairs, 10, seed=3)
        rest.set_epoch(2, batches_done=done)
        assert list(rest) == list(whole)[done:]
        assert len(rest) == len(whole) - done
        rest.set_epoch(3)
        assert len(rest) == len(whole)


def test_a_smaller_last_batch_may_be_left_out():
    with invented(20, 9) as pairs:
        assert [len(batch) for batch in MixShareSampler(pairs, 8, share=0.25)] == [8, 8, 8, 2]
        assert [len(batch) for batch in MixShareSampler(pairs, 8, share=0.25, drop_last=True)] == [8, 8, 8]


@pytest.mark.parametrize(("share", "size"), [(0, 8), (1, 8), (-0.1, 8), (0.9, 4), (0.5, 1), (0.1, 0)])
def test_a_share_that_leaves_no_room_is_refused(share, size):
    with invented(20, 9) as pairs, pytest.raises(UsageError, match="can be mixes"):
        MixShareSampler(pairs, size, share=share)


def test_there_is_no_other_rank_and_no_batch_behind_the_last():
    with invented(20, 9) as pairs:
        with pytest.raises(UsageError, match="rank 2 of 2"):
            MixShareSampler(pairs, 8, rank=2, world_size=2)
        sampler = MixShareSampler(pairs, 8)
        with pytest.raises(UsageError, match="cannot be done"):
            sampler.set_epoch(0, batches_done=len(sampler) + 1)


# Forked: two processes that load torch anew would cost ten seconds. What spawning asks for beside is that it pickles.
@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")  # Python 3.12
@pytest.mark.parametrize("workers", [0, 2])
def test_a_data_loader_reads_the_batches(tmp_path, workers):
    originals = write_originals(tmp_path / "originals", 36)
    run = write_run(tmp_path / "run", ([make_row(k, pair_id=f"{k}", study_id_a=f"{k}") for k in range(5)],))
    columns = ("image", "pair_id", "study_id_a")
    pairs = MixedPairs([str(originals), str(run)], columns=columns)
    sampler = MixShareSampler(pairs, 10, share=0.1)
    sent, gathered = pickle.loads(pickle.dumps((pairs, collate))) if workers else (pairs, collate)  # noqa: S301
    loaded = DataLoader(
        sent,
        batch_sampler=sampler,
        collate_fn=gathered,
        num_workers=workers,
        multiprocessing_context="fork" if workers else None,
    )
    batches = [[row["pair_id"] for row in batch["row"]] for batch in loaded]
    assert len(loaded) == len(batches) == 4
    assert [sum(not name.startswith("kept-") for name in names) for names in batches] == [1, 1, 1, 1]
    assert sum(len(names) for names in batches) == 40
