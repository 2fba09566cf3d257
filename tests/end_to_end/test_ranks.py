"""Two processes of a real group (gloo) train on one run: what each sees, together and in the middle of an epoch."""

import json
from collections import Counter

import pytest
from torch import multiprocessing

from tests.loader.mixes import as_it_is
from tests.loader.rank import BEFORE, WORKERS, read_as_rank
from tests.run_folders import make_row, write_run

# Python 3.12 warns of it.
pytestmark = pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
RANKS, KEPT, MIXES = 2, 90, 39  # odd: without drop_uneven one rank has a batch more


@pytest.fixture(scope="module")
def seen(tmp_path_factory):
    """Return rank -> name -> workers -> the ids of each batch; an odd number of rows, and some of another split."""
    folder = tmp_path_factory.mktemp("ranks")
    kept = [as_it_is(k) for k in range(KEPT)]
    mixes = [make_row(k, pair_id=f"mix-{k}", study_id_a=str(k)) for k in range(MIXES)]
    others = [make_row(k, pair_id=f"other-{k}", study_id_a=str(k), split="validate") for k in range(9)]
    runs = [
        write_run(folder / "originals", (kept,)),
        write_run(folder / "run", (mixes[:20] + others, mixes[20:])),
    ]
    sources = [str(run) for run in runs]
    # Forked: each would import torch otherwise, which takes longer than all that is tested here.
    multiprocessing.start_processes(
        read_as_rank, (RANKS, sources, str(folder)), nprocs=RANKS, start_method="fork"
    )
    return [json.loads((folder / f"rank-{rank}.json").read_text()) for rank in range(RANKS)]


def rows(batches):
    return [name for batch in batches for name in batch]


@pytest.mark.parametrize("workers", [str(workers) for workers in WORKERS])
@pytest.mark.parametrize("name", ["stream", "sampler", "share"])
def test_ranks_share_the_rows_and_make_the_same_steps(seen, name, workers):
    parts = [rank[name][workers] for rank in seen]
    assert len({len(part["whole"]) for part in parts}) == 1  # and none of them waited for ever
    counts = Counter(row for part in parts for row in rows(part["whole"]))
    assert sum(name.startswith("kept-") for name in counts) >= KEPT - (name == "stream")
    assert not any(name.startswith("other-") for name in counts)
    if name == "stream":
        assert set(counts.values()) == {1}
        assert len(counts) == (KEPT + MIXES) // RANKS * RANKS
    else:
        assert {counts[f"kept-{k}"] for k in range(KEPT)} == {1}


@pytest.mark.parametrize("workers", [str(workers) for workers in WORKERS])
@pytest.mark.parametrize("name", ["stream", "sampler", "share"])
def test_a_training_that_stopped_has_the_batches_that_are_left(seen, name, workers):
    for rank in seen:
        part = rank[name][workers]
        assert sorted(map(sorted, part["rest"])) == sorted(map(sorted, part["whole"][BEFORE:]))


def test_workers_change_no_batch_of_the_sampler_and_no_row_of_a_rank(seen):
    for rank in seen:
        none, two = (rank["sampler"][str(workers)]["whole"] for workers in WORKERS)
        assert none == two
        for name in ("stream", "share"):
            none, two = (rows(rank[name][str(workers)]["whole"]) for workers in WORKERS)
            assert {k for k in none if k.startswith("kept-")} == {k for k in two if k.startswith("kept-")}
