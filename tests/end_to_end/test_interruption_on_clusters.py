"""The short form of `tests.cluster.interruptions`, and that it would see what it looks for."""

import random
import shutil
from dataclasses import replace
from importlib.util import find_spec

import pytest

from tests.cluster import one_node_slurm
from tests.cluster.interruptions import engine_of, finish, interrupt_many, is_done, planned, timed


@pytest.fixture(scope="module")
def made():
    with planned(studies=48) as ready:
        yield ready


@pytest.fixture(
    params=[
        pytest.param(
            "slurm", marks=pytest.mark.skipif(bool(one_node_slurm.why_not()), reason="no Slurm here")
        ),
        pytest.param(
            "ray", marks=pytest.mark.skipif(find_spec("ray") is None, reason="ray is not installed")
        ),
    ]
)
def engine(request):
    with engine_of(request.param) as started:
        yield started


def test_what_is_interrupted_on_a_cluster_leaves_nothing_half_written_and_ends_with_the_same_bytes(
    engine, made
):
    assert timed(engine, made) > 0, "an undisturbed run has the bytes of one process"
    seen, completed = interrupt_many(engine, made, 3, 10, random.Random(3))
    assert completed >= 1
    assert len(seen) >= 3
    assert not [one for one in seen if one.wrong], seen


def test_a_run_with_other_bytes_is_seen(made):
    run = shutil.copytree(made.folder / "whole", made.folder / "other")
    assert is_done(run)
    expected = {**made.whole, "data/part-00000.parquet": b"other"}
    with pytest.raises(SystemExit, match=r"another run than without interruptions: .*part-00000"):
        finish(replace(made, whole=expected), run)
