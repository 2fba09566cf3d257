import threading
from hashlib import sha256
from itertools import combinations

import pytest

import medcutmix_cli
from medcutmix_cli import pipeline
from medcutmix_cli.rendering import shard as rendering
from medcutmix_cli.run import commit as claiming
from medcutmix_cli.run.commit import SupersededShard, WrittenRows, claim, withdraw_state
from medcutmix_cli.run.failure_list import PairOutcome, read_outcomes
from medcutmix_cli.run.folder import RunFolder
from medcutmix_cli.run.run_record import read_run
from medcutmix_cli.run.shard_state import ShardState, begin_attempt, read_state
from medcutmix_cli.run.status import run_status
from medcutmix_cli.system import atomic_files as publishing
from medcutmix_cli.system import temporary_files as temporaries
from medcutmix_cli.system.atomic_files import publish
from tests.toy_encoder import ToyEncoder, use_encoder
from tests.trees import output_bytes, write_manifest


@pytest.fixture
def folder(tmp_path):
    made = RunFolder(tmp_path / "out")
    made.create()
    return made


def outcomes_of(name, failed):
    return [PairOutcome(f"pair{k}", name, "donor", "failed", "image", "missing") for k in range(failed)]


def render(folder, name, failed=0):
    """Do what `render_shard` does, with a text for rows; both tasks' texts are of one length."""
    begin_attempt(folder, 0)
    outcomes = outcomes_of(name, failed)
    with publish(folder.shard_file(0), lambda: withdraw_state(folder, 0, failed)) as temporary:
        temporary.write_text(f"rows of {name}")
        rows = WrittenRows.of(temporary)
    state = ShardState(0, 9, 9 - failed, {}, {"image": failed}, rows.sha256, rows.bytes, 1.0, name, 1)
    claim(folder, state, rows, outcomes)


class Turns:
    """Let threads go on one at a time, in a given order, from one step to the next."""

    def __init__(self, order):
        self.order = list(order)
        self.running = None
        self.ended = set()
        self.changed = threading.Condition()

    def wait(self):
        name = threading.current_thread().name
        with self.changed:
            self._let_go(name)
            assert self.changed.wait_for(lambda: self.running is None and self._next() in (name, None), 10)
            self.running = name
            del self.order[:1]

    def end(self):
        with self.changed:
            self._let_go(name := threading.current_thread().name)
            self.ended.add(name)
            self.changed.notify_all()

    def _let_go(self, name):
        if self.running == name:
            self.running = None
            self.changed.notify_all()

    def _next(self):
        while self.order and self.order[0] in self.ended:
            del self.order[0]
        return self.order[0] if self.order else None


def interleaved(folder, monkeypatch, order, failed):
    """Render as A and as B in threads that take turns wherever the other could notice."""
    turns = Turns(order)

    durable, ours = publishing._make_durable, claiming._ours

    def durable_in_turn(temporary, target):
        if target.suffix in (".attempts", ".parquet"):
            turns.wait()
        durable(temporary, target)

    def ours_in_turn(*arguments):
        turns.wait()
        return ours(*arguments)

    def work():
        name = threading.current_thread().name
        try:
            render(folder, name, failed[name])
        except SupersededShard:
            pass
        finally:
            turns.end()

    monkeypatch.setattr(temporaries, "owner", lambda pid: f"{threading.current_thread().name}.{pid}.tmp")
    monkeypatch.setattr(publishing, "_make_durable", durable_in_turn)
    monkeypatch.setattr(claiming, "_ours", ours_in_turn)
    threads = [threading.Thread(target=work, name=name) for name in "AB"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)


# Each waits before it counts its attempt, puts its rows in place, and each of the three times it looks.
ORDERS = ["".join("A" if k in chosen else "B" for k in range(10)) for chosen in combinations(range(10), 5)]


@pytest.mark.parametrize(
    "failed", [{"A": 0, "B": 0}, {"A": 2, "B": 1}], ids=["both-whole", "both-with-failures"]
)
def test_no_state_speaks_of_other_rows_however_two_tasks_take_turns(tmp_path, monkeypatch, failed):
    complete = 0
    monkeypatch.setattr(publishing.os, "fsync", lambda _handle: None)
    for number, order in enumerate(ORDERS):
        folder = RunFolder(tmp_path / str(number))
        folder.create()
        with monkeypatch.context() as patches:
            interleaved(folder, patches, order, failed)
        state = read_state(folder, 0)
        if state is not None:
            complete += 1
            assert sha256(folder.shard_file(0).read_bytes()).hexdigest() == state.sha256, order
            assert folder.shard_file(0).read_text() == f"rows of {state.device}", order
            assert read_outcomes(folder.failures_file(0)) == outcomes_of(state.device, failed[state.device])
        assert not list(folder.root.rglob("*.tmp"))
    assert complete > len(ORDERS) / 2


def test_who_comes_second_steps_aside_and_tells_of_the_first(folder):
    render(folder, "A")
    with pytest.raises(SupersededShard) as aside:
        withdraw_state(folder, 0, 0)
    assert aside.value.state.device == "A"


def test_a_state_that_comes_in_the_last_moment_stays_and_one_that_was_stale_goes(folder, monkeypatch):
    """Between B's look and its rows A completes the shard: A goes on at once, and must find it complete."""
    look = claiming.read_complete

    def look_too_early(*where):
        found = look(*where)
        monkeypatch.setattr(claiming, "read_complete", look)
        render(folder, "A")
        return found

    monkeypatch.setattr(claiming, "read_complete", look_too_early)
    withdraw_state(folder, 0, 0)
    assert read_state(folder, 0).device == "A"
    folder.shard_file(0).unlink()
    withdraw_state(folder, 0, 0)
    assert read_state(folder, 0) is None


def test_a_better_rendering_takes_the_place_of_one_with_failed_pairs(folder):
    render(folder, "A", failed=2)
    render(folder, "B", failed=0)
    assert read_state(folder, 0).device == "B"


def test_a_file_system_that_gives_new_inodes_is_no_other_task(folder):
    path = folder.shard_file(0)
    path.write_text("rows")
    rows = WrittenRows.of(path)
    path.unlink()
    path.write_text("rows")
    assert rows.lie_in(path)
    path.write_text("ROWS")
    assert not rows.lie_in(path)
    path.unlink()
    assert not rows.lie_in(path)


@pytest.fixture
def _toy(monkeypatch):
    use_encoder(monkeypatch.setattr, lambda _settings: ToyEncoder())


def planned(tmp_path):
    source = write_manifest(tmp_path / "in", studies=16)
    for name in ("whole", "out"):
        medcutmix_cli.plan(
            source, tmp_path / name, encoder="toy", gate="none", align="none", shard_size=8, workers=1
        )
    medcutmix_cli.render(tmp_path / "whole")
    return tmp_path / "out", output_bytes(tmp_path / "whole")


@pytest.mark.usefixtures("_toy")
def test_a_shard_that_another_task_completed_meanwhile_is_not_rendered_again(tmp_path, monkeypatch):
    out, whole = planned(tmp_path)
    listed, original = [], pipeline.Work

    def another_was_quicker(*arguments):
        if not listed:
            listed.append(1)
            medcutmix_cli.render(out)
        return original(*arguments)

    monkeypatch.setattr(pipeline, "Work", another_was_quicker)
    monkeypatch.setattr(rendering, "_render", once_a_shard(rendering._render))
    medcutmix_cli.render(out)
    assert output_bytes(out) == whole


@pytest.mark.usefixtures("_toy")
@pytest.mark.parametrize("retry", [False, True])
def test_a_shard_that_another_task_completed_with_failures_is_rendered_again_only_if_asked(
    tmp_path, monkeypatch, retry
):
    out, _whole = planned(tmp_path)
    (tmp_path / "in" / "3.jpg").unlink()
    original = pipeline.Work

    def another_was_quicker(*arguments):
        with monkeypatch.context() as inside:
            inside.setattr(pipeline, "Work", original)
            medcutmix_cli.render(out)
        return original(*arguments)

    monkeypatch.setattr(pipeline, "Work", another_was_quicker)
    medcutmix_cli.render(out, retry_failed=retry)
    states = [read_state(RunFolder(out), shard) for shard in range(len(read_run(RunFolder(out)).shards))]
    assert any(state.failed for state in states)
    assert all(state.attempts == (2 if retry and state.failed else 1) for state in states)


def once_a_shard(render):
    seen = set()

    def rendered(renderer, shard, done):
        assert shard not in seen
        seen.add(shard)
        return render(renderer, shard, done)

    return rendered


@pytest.mark.usefixtures("_toy")
def test_a_shard_that_another_task_completes_during_its_rendering_is_left_to_it(tmp_path, monkeypatch):
    out, whole = planned(tmp_path)
    original = rendering.write_rows
    inside = []

    def overtaken(path, rows, origin):
        count = original(path, rows, origin)
        if not inside:
            inside.append(1)
            with monkeypatch.context() as other:
                other.setattr(temporaries, "owner", lambda pid: f"another-node.{pid}.tmp")
                medcutmix_cli.render(out)
            inside.append(RunFolder(out).state_file(0).stat().st_mtime_ns)
        return count

    monkeypatch.setattr(rendering, "write_rows", overtaken)
    medcutmix_cli.render(out)
    assert output_bytes(out) == whole
    assert RunFolder(out).state_file(0).stat().st_mtime_ns == inside[1]
    assert not run_status(RunFolder(out)).missing
