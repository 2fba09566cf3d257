import json
from dataclasses import replace

import pytest

from medcutmix_cli.run.bounds import find_bounds
from medcutmix_cli.run.shard_state import ShardState

GPU = "cuda:0 (a card)"


def state(shard=0, device=GPU, encoder=0.0, workers=0.0, seconds=10.0, planned=100):
    return ShardState(
        shard,
        planned,
        planned,
        {},
        {},
        "0" * 64,
        1,
        seconds,
        device,
        1,
        encoder_seconds=encoder,
        worker_seconds=workers,
    )


@pytest.mark.parametrize(
    ("device", "encoder", "workers", "helps"),
    [
        (GPU, 9.5, 3, "a lower --precision, a larger --batch-size or more GPUs would help"),
        (GPU, 9.5, 9.5, "a lower --precision, a larger --batch-size or more GPUs would help"),
        (GPU, 7.1, 9.6, "more CPU workers would help"),
        (GPU, 3, 3, "neither was the limit"),
        ("cpu", 7, 9.5, "a GPU, or more CPU workers, would help"),
        ("cpu", 1, 9.5, "more CPU workers would help"),
        ("cpu", 1, 3, "neither was the limit"),
    ],
)
def test_what_would_help_is_what_was_busy(device, encoder, workers, helps):
    found = find_bounds([state(device=device, encoder=encoder, workers=workers)])
    assert found.helps.startswith(helps)
    assert (found.encoder, found.workers) == (encoder / 10, workers / 10)


def test_each_alone_would_do_the_pairs_in_its_own_time():
    found = find_bounds([state(encoder=2, workers=8), state(1, encoder=3, workers=2, planned=50)])
    assert (found.encoder, found.workers) == (0.25, 0.5)
    assert (found.encoder_pairs, found.worker_pairs) == (150 / 5, 150 / 10)


def test_shards_of_an_earlier_version_are_left_out():
    timed, untimed = state(encoder=5, workers=5), state(1)
    assert find_bounds([]) is find_bounds([untimed]) is None
    assert find_bounds([timed, untimed]) == find_bounds([timed])
    assert json.dumps(find_bounds([timed]).helps)


def test_an_encoder_that_took_no_time_has_no_bound_of_its_own():
    found = find_bounds([replace(state(workers=9), encoder_seconds=0.0)])
    assert found.encoder_pairs is None
    assert found.encoder == 0
