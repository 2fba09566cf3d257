"""What rendering rejects is replaced from the reserve: the same pairs, whoever renders, however often interrupted."""

import json
import shutil

import pytest

import medcutmix_cli
from medcutmix_cli import pipeline
from medcutmix_cli.inspection.verification import verify
from medcutmix_cli.loader.rows import find_groups
from medcutmix_cli.mixing import drawing
from medcutmix_cli.pipeline import refill
from medcutmix_cli.rendering import shard as rendering
from medcutmix_cli.run import refill as refilling
from medcutmix_cli.run.failure_list import PairOutcome
from medcutmix_cli.run.folder import RunFolder
from medcutmix_cli.run.plan_file import read_plan
from medcutmix_cli.run.shards import read_rows
from medcutmix_cli.run.status import run_status
from medcutmix_cli.seeds import stable_hash
from tests.builders import make_report
from tests.toy_encoder import ToyEncoder, use_encoder
from tests.trees import output_bytes, write_picture

TARGET = "consolidation@device=no:+8"
OPTIONS = {
    "encoder": "toy",
    "gate": "none",
    "align": "none",
    "pairing": "normal-host",
    "canvas": 112,
    "workers": 2,
    "seed": 3,
}
MIX = rendering.mix


@pytest.fixture(scope="module")
def drawn(tmp_path_factory):
    """Return a data set that all tests read and none may change."""
    return write_source(tmp_path_factory.mktemp("refill") / "in")


@pytest.fixture
def source(drawn, monkeypatch):
    """Return that data set; rendering takes any pair."""
    use_encoder(monkeypatch.setattr, lambda _settings: ToyEncoder())
    reject(monkeypatch, lambda _pair: False)
    return drawn


@pytest.fixture(scope="module")
def whole(drawn):
    """Return a run of which six pairs of ten are refused and that nobody disturbed."""
    with pytest.MonkeyPatch.context() as patch:
        use_encoder(patch.setattr, lambda _settings: ToyEncoder())
        reject(patch, share(60))
        augmented(drawn, drawn.with_name("whole"))
    return drawn.with_name("whole")


def write_source(folder):
    """Write ten donors of consolidation with a device and fourteen hosts without."""
    folder.mkdir()
    rows = []
    for number in range(24):
        write_picture(folder / f"{number}.jpg", number)
        gives = number < 10
        said = ["There is consolidation at the right base.", "A pacemaker is in place."]
        report = (
            make_report(*said, impression=("Consolidation at the right base.",))
            if gives
            else make_report("The lungs are clear.", impression=("Normal chest.",))
        )
        picture = {"image": f"{number}.jpg", "subject": f"p{number}", "study": f"s{number:02d}"}
        rows.append({**picture, "report": report, "split": "train", "view": "PA"})
    (folder / "manifest.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return folder


def reject(monkeypatch, refused):
    """Let rendering reject the pairs of which `refused` is true, and write all others."""
    # Pairs are counted here: any share of the toy's evidence that can be pasted is enough.
    monkeypatch.setattr(drawing, "least_shares", lambda *_views: (0.0, 0.0))

    def mix(renderer, pair, *more):
        if refused(pair):
            who = pair.recipient.study_id, pair.donor.study_id
            return PairOutcome(pair.pair_id, *who, "rejected", "mask", "refused-by-the-test")
        return MIX(renderer, pair, *more)

    monkeypatch.setattr(rendering, "mix", mix)


def share(percent):
    """Refuse so many pairs of a hundred, always the same."""
    return lambda pair: int(stable_hash("refuse", pair.pair_id), 16) % 100 < percent


def augmented(source, out, **changes):
    return medcutmix_cli.augment(source, out, **{**OPTIONS, "target": (TARGET,), "shard_size": 3, **changes})


def planned(source, out, **changes):
    medcutmix_cli.plan(source, out, **{**OPTIONS, "target": (TARGET,), "shard_size": 3, **changes})
    return out


def rows(run):
    return repr([row for path in sorted(run.glob("data/*.parquet")) for row in read_rows(path)])


@pytest.mark.parametrize("percent", [0, 25, 50, 75])
def test_a_cell_is_full_whatever_share_is_rejected(source, tmp_path, monkeypatch, percent):
    reject(monkeypatch, share(percent))
    status = augmented(source, tmp_path / "run", reserve=12)
    assert status.written == 8
    assert bool(status.refills[:-1]) == bool(percent)
    assert (status.refills[-1].pairs, status.refills[-1].short, status.refill_due) == (0, "", False)
    assert verify(tmp_path / "run", deep=True).ok


def test_a_shard_that_another_run_has_away_when_all_was_found_complete_is_waited_for(
    source, tmp_path, monkeypatch
):
    """Two runs on one folder: the other is about to put the same rows in place once more."""
    reject(monkeypatch, share(50))
    out, refill, calls = tmp_path / "run", pipeline.refill_plan, []

    def refill_while_one_is_away(folder, *more):
        calls.append(folder)
        if len(calls) == 1:
            folder.state_file(0).unlink()
        return refill(folder, *more)

    monkeypatch.setattr(pipeline, "refill_plan", refill_while_one_is_away)
    status = augmented(source, out, reserve=9)
    assert (status.written, status.missing, status.refill_due) == (8, (), False)
    assert len(calls) > 1


@pytest.mark.parametrize("percent", [0, 40, 70])
def test_counts_add_up_over_all_passes(source, tmp_path, monkeypatch, percent):
    reject(monkeypatch, share(percent))
    status, folder = augmented(source, tmp_path / "run", reserve=9), RunFolder(tmp_path / "run")
    assert status.balanced
    assert status.planned == status.written + sum(status.rejected.values())
    pairs = [pair for k in range(status.shards) for pair in read_plan(folder.plan_file, k)]
    assert len({pair.pair_id for pair in pairs}) == len(pairs) == status.planned
    recipients = {pair.recipient.study_id for pair in pairs}
    assert status.studies == {"inputs": 24, "planned": len(recipients), "dropped": 24 - len(recipients)}


@pytest.mark.parametrize(("size", "workers"), [(1, 3), (2, 1), (1000, 3)])
def test_neither_shard_size_nor_workers_decide_what_is_written(
    source, whole, tmp_path, monkeypatch, size, workers
):
    reject(monkeypatch, share(60))
    augmented(source, tmp_path / "other", shard_size=size, workers=workers)
    assert rows(whole) == rows(tmp_path / "other")


@pytest.mark.parametrize("tasks", [(0, 1), (1, 0), (2, 0, 1)])
def test_tasks_in_any_order_give_the_same_bytes(source, whole, tmp_path, monkeypatch, tasks):
    reject(monkeypatch, share(60))
    run = planned(source, tmp_path / "tasks")
    while True:
        for task in tasks:
            medcutmix_cli.render(run, task=task, num_tasks=len(tasks))
        if not refill(run).pairs:
            break
    medcutmix_cli.render(run)
    assert output_bytes(run) == output_bytes(whole)
    assert (run / "run.json").read_bytes() == (whole / "run.json").read_bytes()


@pytest.mark.parametrize("after", [0, 7, 9, 13])
def test_interrupted_anywhere_the_same_command_goes_on_to_the_same_bytes(
    source, whole, tmp_path, monkeypatch, after
):
    seen = []

    def interrupted_once(pair):
        seen.append(pair.pair_id)
        if len(seen) == after + 1:
            raise KeyboardInterrupt
        return share(60)(pair)

    reject(monkeypatch, interrupted_once)
    with pytest.raises(KeyboardInterrupt):
        augmented(source, tmp_path / "again", workers=1)
    augmented(source, tmp_path / "again")
    assert output_bytes(tmp_path / "again") == output_bytes(whole)


@pytest.mark.parametrize("step", ["write_piece", "_write_record"])
def test_interrupted_while_a_pass_is_decided_the_same_one_is_decided_again(
    source, whole, tmp_path, monkeypatch, step
):
    reject(monkeypatch, share(60))

    def interrupted(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as once:
        once.setattr(refilling, step, interrupted)
        with pytest.raises(KeyboardInterrupt):
            augmented(source, tmp_path / "again")
    assert verify(tmp_path / "again").ok  # the plan as it was made, all of it rendered
    assert run_status(RunFolder(tmp_path / "again")).refill_due
    augmented(source, tmp_path / "again")
    assert output_bytes(tmp_path / "again") == output_bytes(whole)


STEPS = [
    *((pipeline, step) for step in ("still_to_do", "run_status", "refill_plan")),
    *((refilling, step) for step in ("_rejected", "read_uses", "write_piece", "_write_record")),
]


def refill_if_due(run):
    return run_status(RunFolder(run)).refill_due and refill(run).pairs > 0


def refill_and_render(run):
    if refill_if_due(run):
        medcutmix_cli.render(run, task=0, num_tasks=2)
        medcutmix_cli.render(run, task=1, num_tasks=2)


OTHERS = [
    pytest.param(refill_if_due, id="refills"),
    pytest.param(refill_and_render, id="refills-and-renders"),
    pytest.param(medcutmix_cli.render, id="ends-the-run"),
]


def at_once(monkeypatch, module, step, other, *, before):
    """Let another process act once, before or after this one takes a step."""
    original = getattr(module, step)

    def overtaken(*given, **named):
        monkeypatch.setattr(module, step, original)
        if before:
            other()
        done = original(*given, **named)
        if not before:
            other()
        return done

    monkeypatch.setattr(module, step, overtaken)


@pytest.fixture(scope="module")
def halfway(drawn):
    """Return a run of which two tasks have rendered every shard; it is to be copied."""
    run = drawn.with_name("two")
    with pytest.MonkeyPatch.context() as patch:
        use_encoder(patch.setattr, lambda _settings: ToyEncoder())
        reject(patch, share(60))
        planned(drawn, run)
        for task in range(2):
            medcutmix_cli.render(run, task=task, num_tasks=2)
    return run


@pytest.mark.parametrize("other", OTHERS)
@pytest.mark.parametrize("before", [True, False], ids=["before", "after"])
@pytest.mark.parametrize(("module", "step"), STEPS, ids=[step for _module, step in STEPS])
def test_a_run_that_another_overtakes_at_any_step_ends_with_the_same_bytes(
    halfway, whole, tmp_path, monkeypatch, module, step, before, other
):
    use_encoder(monkeypatch.setattr, lambda _settings: ToyEncoder())
    reject(monkeypatch, share(60))
    run = shutil.copytree(halfway, tmp_path / "two")
    with monkeypatch.context() as patched:
        at_once(patched, module, step, lambda: other(run), before=before)
        status = medcutmix_cli.render(run)
    assert not status.missing
    assert output_bytes(run) == output_bytes(whole)
    assert (run / "run.json").read_bytes() == (whole / "run.json").read_bytes()


def test_a_pass_is_decided_only_when_every_shard_is_complete(source, tmp_path, monkeypatch):
    reject(monkeypatch, share(60))
    run = planned(source, tmp_path / "run")
    medcutmix_cli.render(run, task=0, num_tasks=2)
    with pytest.raises(medcutmix_cli.errors.RunError, match="shards are not complete"):
        refill(run)
    medcutmix_cli.render(run, task=1, num_tasks=2)
    assert run_status(RunFolder(run)).refill_due
    assert refill(run).pairs
    assert run_status(RunFolder(run)).missing
    with pytest.raises(medcutmix_cli.errors.RunError, match="shards are not complete"):
        refill(run)


def test_an_empty_reserve_says_so_by_name(source, tmp_path, monkeypatch):
    reject(monkeypatch, lambda _pair: True)
    run = planned(source, tmp_path / "run", target=("consolidation@device=no:+2",), reserve=2)
    for task in range(2):
        medcutmix_cli.render(run, task=task, num_tasks=2)
    while refill(run).pairs:
        medcutmix_cli.render(run, task=0, num_tasks=1)
    last = run_status(RunFolder(run)).refills[-1]
    assert (last.short, dict(last.lacking)) == (
        "reserve-empty",
        {"train/consolidation@device=no:+2": 2},
    )


def test_what_is_left_and_would_use_a_host_twice_is_not_taken(source, tmp_path, monkeypatch):
    last = []

    def one_donor(pair):
        last.append(pair.recipient.study_id)
        return pair.donor.study_id > "s02"

    reject(monkeypatch, one_donor)
    status = augmented(source, tmp_path / "run", target=("consolidation@device=no:+14",), reserve=1)
    recipients = [row["study_id_a"] for path in (tmp_path / "run/data").iterdir() for row in read_rows(path)]
    donors = [row["study_id_b"] for path in (tmp_path / "run/data").iterdir() for row in read_rows(path)]
    assert len(set(recipients)) == len(recipients) == status.written < 14
    assert max(donors.count(donor) for donor in donors) <= 5
    assert status.refills[-1].short in ("reserve-empty", "reserve-unfit")


def test_a_pair_that_failed_stands_and_is_replaced_once_it_is_rejected(source, tmp_path, monkeypatch):
    source = shutil.copytree(source, tmp_path / "in")  # a picture of it goes
    run = planned(source, tmp_path / "run")
    [first, *_] = read_plan(RunFolder(run).plan_file, 0)
    picture = source / first.recipient.image_path
    kept = picture.read_bytes()
    picture.unlink()
    status = medcutmix_cli.render(run, max_fail_frac=1.0)
    assert (status.written, sum(status.failed.values()), status.refills[-1].lacking) == (7, 1, {})
    picture.write_bytes(kept)
    reject(monkeypatch, lambda pair: pair.pair_id == first.pair_id)
    status = medcutmix_cli.render(run, retry_failed=True, max_fail_frac=1.0)
    assert (status.written, sum(status.failed.values()), sum(status.rejected.values())) == (8, 0, 1)


def test_a_finished_run_stays_as_it_is(source, whole, tmp_path, monkeypatch):
    reject(monkeypatch, share(60))
    shutil.copytree(whole, tmp_path / "run")
    known = [path for path in (tmp_path / "run").rglob("*.json") if path.name != "row.schema.json"]
    before = {path: path.stat().st_mtime_ns for path in known}
    augmented(source, tmp_path / "run")
    assert {path: path.stat().st_mtime_ns for path in known} == before


def test_without_a_reserve_and_without_targets_nothing_is_refilled(source, tmp_path, monkeypatch):
    reject(monkeypatch, share(60))
    status = augmented(source, tmp_path / "none", reserve=0)
    assert (status.reserved, status.refills, refill(tmp_path / "none").short) == (0, (), "no-reserve")
    status = augmented(source, tmp_path / "untargeted", target=())
    assert (status.reserved, status.refills) == (0, ())


@pytest.mark.parametrize("size", [1, 4, 1000])
def test_without_targets_a_rejected_pair_is_replaced_by_another_of_its_finding(
    source, tmp_path, monkeypatch, size
):
    reject(monkeypatch, share(40))
    status = augmented(source, tmp_path / "run", target=(), reserve=4, shard_size=size)
    first = status.planned - sum(each.pairs for each in status.refills)
    assert 0 < status.written == first < status.planned
    assert (status.balanced, status.refills[-1].short) == (True, "")
    found = [row for path in sorted(tmp_path.glob("run/data/*")) for row in read_rows(path)]
    assert len({row["study_id_a"] for row in found}) == len(found)
    augmented(source, tmp_path / "other", target=(), reserve=4, workers=1)
    assert rows(tmp_path / "run") == rows(tmp_path / "other")


@pytest.mark.parametrize(("size", "workers", "reserve"), [(1, 3, -1), (1000, 1, -1), (4, 2, 2)])
def test_a_study_whose_pair_is_rejected_has_its_row_as_it_is(
    source, tmp_path, monkeypatch, size, workers, reserve
):
    reject(monkeypatch, lambda pair: bool(pair.finding) and share(60)(pair))
    how = {"target": (), "pairing": "same-finding", "reserve": reserve}
    status = augmented(source, tmp_path / "run", shard_size=size, workers=workers, **how)
    found = [row for path in sorted(tmp_path.glob("run/data/*")) for row in read_rows(path)]
    assert status.rejected
    assert sorted(row["study_id_a"] for row in found) == [f"s{number:02d}" for number in range(24)]
    kept = [row for row in found if not row["finding"]]
    assert 0 < len(kept) < 24
    assert all(row["report"] == row["report_a"] and row["lam"] == 1 for row in kept)
    assert (status.balanced, status.refill_due) == (True, False)
    assert verify(tmp_path / "run", deep=True).ok
    augmented(source, tmp_path / "other", **how)
    assert rows(tmp_path / "run") == rows(tmp_path / "other")


def test_the_loader_reads_every_pass(source, tmp_path, monkeypatch):
    reject(monkeypatch, share(60))
    augmented(source, tmp_path / "run", shard_size=1000)
    assert [group.path.name for group in find_groups(tmp_path / "run") if group.rows][1:]
    assert sum(group.rows for group in find_groups(tmp_path / "run")) == 8


def test_maps_are_asked_for_the_reserve_too(source, tmp_path):
    run = planned(source, tmp_path / "run")
    asked = set(medcutmix_cli.needed_maps(run)["image_id"].to_pylist())
    reserved = refilling.read_uses(RunFolder(run).reserve_file)
    assert reserved
    assert {pair.donor.removeprefix("s").lstrip("0") or "0" for pair in reserved} <= {
        name.partition(".")[0] for name in asked
    }
