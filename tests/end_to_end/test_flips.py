"""Any flipped bit of any file of a run is found by plain `verify`; the long run is `python -m tests.flips`."""

import pytest

from medcutmix_cli.inspection.verification import verify
from tests.flips import KINDS, SpotEncoder, files_of, flip_bits, write_runs
from tests.toy_encoder import use_encoder

TIMES = 6


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """Return a finished run with every kind of file, and one that was interrupted."""
    with pytest.MonkeyPatch.context() as patch:
        use_encoder(patch.setattr, lambda _settings: SpotEncoder())
        yield write_runs(tmp_path_factory.mktemp("flips"))


def test_the_runs_hold_every_kind_of_file(runs):
    finished, interrupted = runs
    assert [kind for kind in KINDS if not files_of(finished, kind)] == ["attempts"]
    assert [kind for kind in KINDS if not files_of(interrupted, kind)] == []


def test_the_finished_run_is_right_and_the_other_lacks_a_shard(runs):
    finished, interrupted = runs
    assert verify(finished.root).problems == ()
    assert {problem.rule for problem in verify(interrupted.root).problems} == {"missing", "incomplete"}


@pytest.mark.parametrize("seed", range(TIMES))
@pytest.mark.parametrize("which", [0, 1], ids=["finished", "interrupted"])
def test_every_flipped_bit_is_found_and_named(runs, which, seed):
    flips = list(flip_bits(runs[which], len(KINDS), 100 + seed))
    assert [flip for flip in flips if not flip.found] == []


@pytest.mark.parametrize("kind", KINDS)
def test_a_file_that_is_cut_short_or_made_longer_is_found(runs, kind):
    folder = runs[1] if kind == "attempts" else runs[0]
    path = files_of(folder, kind)[0]
    content = path.read_bytes()
    for shorter in (content[:-1], content + b"\n"):
        path.write_bytes(shorter)
        assert any(path.name in problem.where for problem in verify(folder.root).problems)
    path.write_bytes(content)


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind not in ("run.json", "page", "attempts")])
def test_a_file_that_is_gone_is_found(runs, kind):
    path = files_of(runs[0], kind)[0]
    content = path.read_bytes()
    path.unlink()
    assert any(path.stem in problem.where for problem in verify(runs[0].root).problems)
    path.write_bytes(content)
