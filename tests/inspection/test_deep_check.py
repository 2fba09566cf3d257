from dataclasses import replace

import pytest

from medcutmix_cli.assembly.relocation import HERE
from medcutmix_cli.errors import RunError
from medcutmix_cli.inspection.deep_check import open_deep_check
from medcutmix_cli.rendering.calibration import Calibration, read_calibration
from medcutmix_cli.run.failure_list import read_outcomes
from medcutmix_cli.run.plan_file import read_plan
from medcutmix_cli.run.run_record import read_run
from medcutmix_cli.run.shards import read_rows
from tests.flips import SpotEncoder, write_runs
from tests.toy_encoder import use_encoder


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        use_encoder(patch.setattr, lambda _settings: SpotEncoder())
        yield write_runs(tmp_path_factory.mktemp("deep"))[0]


def opened(run, *, maps):
    return open_deep_check(run, read_run(run), read_calibration(run.calibration_file), HERE, maps=maps)


def problems(run, check, shard, outcomes):
    """Go over the rows of a shard as `verify` does."""
    pairs = {pair.pair_id: pair for pair in read_plan(run.plan_file, shard)}
    own = check.of_shard(shard, outcomes)
    found = [p for row in read_rows(run.shard_file(shard)) for p in own.compare(pairs[row["pair_id"]], row)]
    return [*found, *own.finish()]


@pytest.mark.parametrize("maps", [False, True], ids=["by-stored-maps", "by-the-encoder"])
def test_each_shard_of_a_run_is_made_again(run, maps):
    check = opened(run, maps=maps)
    for shard in range(len(read_run(run).shards)):
        assert problems(run, check, shard, read_outcomes(run.failures_file(shard))) == []


def rejecting_shard(run):
    shards = range(len(read_run(run).shards))
    return next(shard for shard in shards if read_outcomes(run.failures_file(shard)))


def test_a_pair_that_is_not_rejected_when_rendered_again_is_found(run):
    shard = rejecting_shard(run)
    outcomes = read_outcomes(run.failures_file(shard))
    said = [replace(outcomes[0], reason="another"), *outcomes[1:]]
    assert [p.rule for p in problems(run, opened(run, maps=True), shard, said)] == ["remade"]
    assert problems(run, opened(run, maps=False), shard, said) == []


def test_maps_cannot_be_judged_without_a_calibration_and_none_is_made(run):
    with pytest.raises(RunError, match="no calibration"):
        open_deep_check(run, read_run(run), Calibration("", {}), HERE, maps=True)
