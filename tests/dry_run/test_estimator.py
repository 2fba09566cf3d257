"""What a run would take: the sums, the folder that goes again, and what is left as it was."""

import errno
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import medcutmix_cli
from medcutmix_cli import pipeline
from medcutmix_cli.cluster.local import Local
from medcutmix_cli.dry_run import estimator as estimating
from medcutmix_cli.dry_run.estimate import Duration
from medcutmix_cli.dry_run.probe import home_of, scratch_folder, spread
from medcutmix_cli.errors import DatasetError, Interruption, RunConflictError, RunError, UsageError
from medcutmix_cli.system.storage_errors import explain_storage_errors
from tests.toy_encoder import ToyEncoder, use_encoder
from tests.trees import write_manifest, write_picture

OPTIONS = {"encoder": "toy", "gate": "none", "align": "none", "shard_size": 4, "workers": 1}


@pytest.fixture
def source(tmp_path, monkeypatch):
    """Return a data set of 24 studies, read with the toy encoder."""
    use_encoder(monkeypatch.setattr, lambda _settings: ToyEncoder())
    return write_manifest(tmp_path / "in", studies=24)


def everything(root: Path) -> dict[str, tuple[bytes, int]]:
    """Return every file below a folder with its bytes and its time."""
    files = (path for path in sorted(root.rglob("*")) if path.is_file())
    return {str(path): (path.read_bytes(), path.stat().st_mtime_ns) for path in files}


def test_an_estimate_leaves_nothing_behind(source, tmp_path):
    before = everything(tmp_path)
    estimate = medcutmix_cli.estimate_augment(source, tmp_path / "deep" / "out", probe=8, **OPTIONS)
    assert everything(tmp_path) == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in"]
    assert estimate.probe.pairs == 8


def test_an_estimate_says_what_the_run_then_does(source, tmp_path):
    estimate = medcutmix_cli.estimate_augment(source, tmp_path / "out", probe=100, **OPTIONS)
    status = medcutmix_cli.augment(source, tmp_path / "out", **OPTIONS)
    plan, outlook = estimate.plan, estimate.outlook
    assert (plan.studies, plan.dropped, plan.refused) == (status.studies, status.dropped, status.refused)
    assert (plan.pairs, plan.shards, sum(plan.pairs_by_finding.values())) == (
        status.planned,
        status.shards,
        status.planned,
    )
    assert (plan.reserve, replace(plan.shape, written=True)) == (status.reserve, status.shape)
    assert plan.shape.rows == status.planned
    assert (estimate.shards_to_do, estimate.pairs_to_do) == (status.shards, status.planned)
    assert (outlook.pairs_to_write, estimate.probe.rejected) == (status.written, status.rejected)
    # One shard has one footer; the run has several.
    assert status.bytes / 2 < estimate.space.to_write - plan.bytes <= status.bytes


def test_a_probe_of_nothing_plans_only(source, tmp_path):
    estimate = medcutmix_cli.estimate_augment(source, tmp_path / "out", probe=0, **OPTIONS)
    assert (estimate.probe, estimate.outlook, estimate.space.to_write) == (None, None, None)
    assert estimate.plan.seconds > 0
    assert estimate.plan.bytes > 0


def test_a_run_that_is_there_stays_as_it_is_and_only_the_rest_is_counted(source, tmp_path):
    out = tmp_path / "out"
    medcutmix_cli.plan(source, out, **OPTIONS)
    whole = medcutmix_cli.estimate_augment(source, out, probe=4, **OPTIONS)
    medcutmix_cli.render(out, task=0, num_tasks=2)
    before = everything(tmp_path)
    rest = medcutmix_cli.estimate_augment(source, out, probe=4, **OPTIONS)
    same = medcutmix_cli.estimate_render(out, probe=4)
    assert everything(tmp_path) == before
    assert rest.plan.seconds is None
    assert rest.shards_to_do == same.shards_to_do == whole.shards_to_do // 2
    assert whole.pairs_to_do > rest.pairs_to_do > 0


def test_a_finished_run_needs_neither_time_nor_space(source, tmp_path):
    medcutmix_cli.augment(source, tmp_path / "out", **OPTIONS)
    before = everything(tmp_path)
    estimate = medcutmix_cli.estimate_render(tmp_path / "out")
    assert everything(tmp_path) == before
    assert (estimate.shards_to_do, estimate.probe, estimate.space.to_write) == (0, None, 0)


def test_a_task_is_told_of_its_own_share(source, tmp_path):
    medcutmix_cli.plan(source, tmp_path / "out", **OPTIONS)
    shares = [
        medcutmix_cli.estimate_render(tmp_path / "out", task=task, num_tasks=3, probe=2) for task in range(3)
    ]
    assert sum(share.pairs_to_do for share in shares) == shares[0].plan.pairs
    assert all(share.outlook.array == () for share in shares)


def test_failed_shards_count_as_work_only_when_asked_for(source, tmp_path):
    (source / "3.jpg").unlink()
    medcutmix_cli.augment(source, tmp_path / "out", **OPTIONS)
    assert medcutmix_cli.estimate_render(tmp_path / "out").shards_to_do == 0
    write_picture(source / "3.jpg", 3)
    again = medcutmix_cli.estimate_render(tmp_path / "out", retry_failed=True, probe=4)
    assert again.shards_to_do > 0
    assert again.probe.failed == {}


@pytest.mark.parametrize(
    ("change", "error"),
    [
        pytest.param({"mask": "nonsense"}, UsageError, id="an-unknown-strategy"),
        pytest.param({"engine": "nonsense"}, UsageError, id="an-unknown-engine"),
        pytest.param({"workers": -1}, UsageError, id="negative-workers"),
        pytest.param({"nonsense": 1}, UsageError, id="an-unknown-option"),
    ],
)
def test_what_the_run_would_refuse_is_refused_alike(source, tmp_path, change, error):
    said = []
    for call in (medcutmix_cli.estimate_augment, medcutmix_cli.augment):
        with pytest.raises(error) as refusal:
            call(source, tmp_path / "out", **{**OPTIONS, **change})
        said.append(str(refusal.value))
    assert said[0] == said[1]
    assert [path.name for path in tmp_path.iterdir()] == ["in"]


def test_a_data_set_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(DatasetError, match="there is no"):
        medcutmix_cli.estimate_augment(tmp_path / "none", tmp_path / "out")


def test_other_settings_than_those_of_the_run_are_refused_with_the_difference(source, tmp_path):
    medcutmix_cli.plan(source, tmp_path / "out", **OPTIONS)
    with pytest.raises(RunConflictError, match="seed"):
        medcutmix_cli.estimate_augment(source, tmp_path / "out", seed=7, **OPTIONS)


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        ("foreign-file", "holds 1 other file.* 'thesis.tex'"),
        ("a-file", "the output is a file"),
        ("below-a-file", "not a directory"),
    ],
)
def test_a_place_where_no_run_can_be_is_refused(source, tmp_path, kind, message):
    out = tmp_path / "out"
    if kind == "foreign-file":
        out.mkdir()
        (out / "thesis.tex").write_text("")
    else:
        out.write_text("")
    with pytest.raises(RunError, match=message):
        medcutmix_cli.estimate_augment(source, out / "x" if kind == "below-a-file" else out, **OPTIONS)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"task": 2, "num_tasks": 2}, "task 2 of 2"),
        ({"workers": -1}, "workers must be at least 0"),
        ({"probe": -1}, "probe"),
    ],
)
def test_a_share_that_cannot_be_is_refused(source, tmp_path, options, message):
    medcutmix_cli.plan(source, tmp_path / "out", **OPTIONS)
    with pytest.raises(UsageError, match=message):
        medcutmix_cli.estimate_render(tmp_path / "out", **options)


def test_patients_data_are_for_the_owner_only_and_go_on_an_interruption(source, tmp_path):
    seen = []

    def stop(stage, *_counts):
        if stage == "probing":
            seen.extend(tmp_path.glob(".medcutmix*"))
            assert [oct(path.stat().st_mode & 0o777) for path in seen] == ["0o700"]
            raise Interruption("stopped")

    with pytest.raises(Interruption):
        medcutmix_cli.estimate_augment(source, tmp_path / "out", progress=stop, **OPTIONS)
    assert seen
    assert [path.name for path in tmp_path.iterdir()] == ["in"]


def test_what_a_killed_dry_run_left_goes_with_the_next(tmp_path):
    child = (
        "import os, sys; from pathlib import Path; from medcutmix_cli.dry_run.probe import scratch_folder\n"
        "with scratch_folder(Path(sys.argv[1])): os._exit(9)"
    )
    subprocess.run([sys.executable, "-c", child, str(tmp_path)], check=False)
    (left,) = tmp_path.iterdir()
    with scratch_folder(tmp_path) as own:
        assert not left.exists()
        with scratch_folder(tmp_path) as other:
            assert own.exists()
            assert other != own
    assert list(tmp_path.iterdir()) == []


def test_a_disk_that_a_dry_run_fills_is_told_without_the_folder_that_is_gone_again(tmp_path):
    def fill(folder):
        with explain_storage_errors(folder / "data" / "part-00000.parquet"):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with pytest.raises(RunError) as caught, scratch_folder(tmp_path) as folder:
        fill(folder)
    assert caught.value.where == str(tmp_path)
    assert "no space left" in caught.value.what
    assert "nothing stays behind" in caught.value.hint


def test_the_scratch_folder_lies_beside_the_run_or_above_it(tmp_path):
    (tmp_path / "run").mkdir()
    assert home_of(tmp_path / "run") == tmp_path
    assert home_of(tmp_path / "a" / "b" / "c") == tmp_path


def test_where_nothing_can_be_written_beside_a_run_the_scratch_folder_lies_in_it(tmp_path, monkeypatch):
    (tmp_path / "run").mkdir()
    monkeypatch.setattr(os, "access", lambda path, _mode: path == tmp_path / "run")
    assert home_of(tmp_path / "run") == tmp_path / "run"


@given(total=st.integers(1, 3000), wanted=st.integers(1, 600))
def test_a_probe_takes_as_many_pairs_as_asked_from_all_over_the_plan(total, wanted):
    chosen = spread(total, wanted)
    assert len(chosen) == len(set(chosen)) == min(total, wanted)
    assert list(chosen) == sorted(chosen)
    assert chosen[0] >= 0
    assert chosen[-1] < total
    assert abs((chosen[0] + chosen[-1]) - (total - 1)) <= 2


def test_more_tasks_than_shards_help_nobody():
    spans = estimating._array(7.0, [100.0] * 5 + [50.0])
    assert spans == (Duration(1, 6, 557.0), Duration(4, 2, 207.0), Duration(6, 1, 107.0))


class ThreeActors(Local):
    """An engine that renders three shards at once, and a probe in one place."""

    in_this_process = False

    def at_once(self, work):
        return min(3, len(work.shards))

    def one_at_a_time(self):
        return Local()

    def render(self, work, progress):
        raise AssertionError("a probe is rendered in one place")


def test_an_engine_that_renders_several_shards_at_once_is_timed_in_one_place(source, tmp_path, monkeypatch):
    monkeypatch.setattr(pipeline, "build_engine", lambda *_chosen: ThreeActors())
    medcutmix_cli.plan(source, tmp_path / "out", **OPTIONS)
    estimate = medcutmix_cli.estimate_render(tmp_path / "out", engine="three", probe=4)
    here = estimate.outlook.here
    assert (here.at_once, here.shards) == (3, -(-estimate.shards_to_do // 3))
    assert here.seconds < estimate.outlook.start_seconds + estimate.outlook.render_seconds
    assert (estimate.outlook.array, estimate.peak_memory_bytes) == ((), None)
