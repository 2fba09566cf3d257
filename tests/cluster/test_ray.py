"""A real Ray, in processes of its own: none of it comes into the one that tests."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path

import pytest

from medcutmix_cli.cluster.ray_request import ActorRequest
from tests.canaries import KINDS, found_in, write_canary_set
from tests.half_written import stop_writer
from tests.run_folders import make_row, write_run
from tests.shared_sample import shared_sample
from tests.trees import output_bytes

pytestmark = pytest.mark.skipif(find_spec("ray") is None, reason="ray is not installed")
psutil = pytest.importorskip("psutil")
here = pytest.importorskip("tests.cluster.ray_here")
SECONDS, children, daemons, kill = here.SECONDS, here.children, here.daemons, here.kill

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def environment():
    with here.ray_environment() as made:
        yield made


def command(*arguments, module="medcutmix_cli.main"):
    return [sys.executable, "-m", module, *map(str, arguments)]


def run(environment, *arguments, **how):
    return subprocess.run(
        command(*arguments, **how),
        env=environment,
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=SECONDS,
    )


@pytest.fixture(scope="module")
def plan(environment, tmp_path_factory):
    folder, sample = tmp_path_factory.mktemp("ray"), shared_sample(tmp_path_factory.getbasetemp(), studies=60)
    few = ("--gate", "none", "--align", "none", "--pairs-per-study", 3, "--shard-size", 4)
    done = run(environment, "plan", sample, folder / "plan", *few)
    assert done.returncode == 0, done.stderr
    return folder / "plan"


@pytest.fixture(scope="module")
def undisturbed(environment, plan):
    out = plan.with_name("undisturbed")
    shutil.copytree(plan, out)
    done = run(environment, "render", out)
    assert done.returncode == 0, done.stderr
    return output_bytes(out)


@pytest.fixture
def out(plan, tmp_path):
    shutil.copytree(plan, tmp_path / "run")
    return tmp_path / "run"


def options(*pairs):
    return ["--engine", "ray", *(word for pair in pairs for word in ("--engine-option", pair))]


@pytest.fixture(scope="module")
def cluster(environment):
    """A cluster of 2 CPUs that was there before; yields its address."""
    with here.ray_cluster(environment, cpus=2) as address:
        yield address


class Running:
    """A `medcutmix render` under way, in a session of its own; whatever it has started ends with the test."""

    def __init__(self, environment, out, *arguments):
        self.out = out
        self.process = psutil.Popen(
            command("render", out, *arguments),
            env=environment,
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        self.family = set()

    def __enter__(self):
        return self

    def __exit__(self, *_error):
        kill([*self.family, *children(self.process), self.process])

    def half_written(self):
        return [path.name for path in self.out.glob("data/.*.tmp")]

    def wait_for_a_shard(self):
        """Wait until one is being written, and remember every process there is by then."""
        self._wait_for(self.half_written)
        self.family = set(children(self.process))

    def kill_who_writes_a_shard(self):
        """Kill an actor while it has a shard half-written, and remember every process there was."""
        self._wait_for(self._stop_a_writer)
        self.family = set(children(self.process))
        os.kill(self.stopped, signal.SIGKILL)

    def _stop_a_writer(self):
        paths = self.out.glob("data/.*.tmp")
        self.stopped = next(filter(None, map(stop_writer, paths)), None)
        return self.stopped

    def _wait_for(self, found):
        until = time.monotonic() + SECONDS
        while not found():
            assert self.process.poll() is None, self.process.stdout.read()
            assert time.monotonic() < until
            time.sleep(0.01)

    def end(self):
        """Wait for the end: the exit code, and what was said."""
        said, _ = self.process.communicate(timeout=SECONDS)
        return self.process.returncode, said

    def left(self, seconds=90):
        """Return the names of the processes that stay; where Ray's own end is cut short, its helpers take a minute."""
        return names(psutil.wait_procs(self.family, timeout=seconds)[1])


def names(processes):
    found = set()
    for process in processes:
        with suppress(psutil.NoSuchProcess):
            found.add(process.name())
    return found


def test_an_actor_that_is_killed_in_the_middle_loses_nothing(environment, out, undisturbed):
    with Running(environment, out, *options("cpus_per_actor=1", "address=local")) as running:
        running.kill_who_writes_a_shard()
        code, said = running.end()
        assert code == 0, said
        assert "ray" not in said.lower()
        assert running.left() == set()
    assert output_bytes(out) == undisturbed
    attempts = [json.loads(path.read_text())["attempts"] for path in out.glob("state/*.json")]
    assert sorted(attempts)[-1] == 2


def test_term_to_all_leaves_no_process_and_the_local_engine_goes_on(environment, out, undisturbed):
    with Running(environment, out, *options("address=local")) as running:
        running.wait_for_a_shard()
        os.killpg(running.process.pid, signal.SIGTERM)  # as Slurm does
        code, said = running.end()
        assert code == 75, said
        assert "run the same command again" in said
        assert running.left() == set()
        assert running.half_written() == []
    assert run(environment, "render", out).returncode == 0
    assert output_bytes(out) == undisturbed


def test_a_driver_that_is_killed_takes_its_ray_with_it(environment, out):
    with Running(environment, out, *options("address=local")) as running:
        running.wait_for_a_shard()
        # Two small helpers of Ray look for the rest of it for a minute before they go.
        helpers = {"ray::DashboardAgent", "ray::RuntimeEnvAgent"}
        running.family = {process for process in running.family if not names([process]) <= helpers}
        running.process.kill()
        running.end()
        assert running.left() == set()


def test_an_existing_cluster_gives_the_same_bytes_and_stays(environment, out, undisturbed, cluster):
    before = daemons(environment["RAY_TMPDIR"])
    done = run(environment, "render", out, "--json", *options(f"address={cluster}", "cpus_per_actor=1"))
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["document"] == "status"
    assert "ray" not in done.stderr.lower()
    assert output_bytes(out) == undisturbed
    assert [process for process in before if process.name() == "raylet" and process.is_running()]


def test_the_example_runs(environment, tmp_path, tmp_path_factory, cluster):
    # It finds the sample that it asks for, and draws none.
    shutil.copytree(shared_sample(tmp_path_factory.getbasetemp(), studies=60), tmp_path / "sample")
    script = ROOT / "examples" / "ray" / "render_on_ray.py"
    command = [sys.executable, str(script), str(tmp_path), cluster]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=SECONDS)
    assert done.returncode == 0, done.stderr
    assert "verified: True" in done.stdout


def test_a_shard_that_ends_its_actor_again_and_again_is_an_error(environment, out, cluster):
    done = run(environment, "render", out, *options(f"address={cluster}"), module="tests.cluster.deadly_ray")
    assert done.returncode == 1
    assert "shard 1 has ended its actor 3 times" in done.stderr
    assert json.loads((out / "state" / "part-00000.json").read_text())["planned"] > 0
    assert not (out / "state" / "part-00001.json").exists()


def test_an_actor_that_cannot_be_placed_is_an_error_that_says_what_there_is(environment, out, cluster):
    asked = options(f"address={cluster}", "cpus_per_actor=7", "patience_s=1")
    done = run(environment, "render", out, *asked)
    assert done.returncode == 1
    assert "one asks for 7 CPU(s) and 0 GPU(s)" in done.stderr
    assert "the cluster has 2 CPU(s)" in done.stderr


SENSELESS = [
    pytest.param(options("address=127.0.0.1:1"), 1, "no Ray cluster answers", id="nobody-there"),
    pytest.param(options("adress=auto"), 2, "did you mean 'address'?", id="misspelt-option"),
    pytest.param(options("actors=many"), 2, "ray.actors must be a whole number", id="no-number"),
    pytest.param(options("gpus_per_actor=1.5"), 2, "whole number where it is above 1", id="odd-gpus"),
    pytest.param([*options(), "--device", "cuda:1"], 2, "Ray chooses the GPU", id="a-gpu-by-number"),
    pytest.param(["--engine", "rye"], 2, "did you mean 'ray'?", id="unknown-engine"),
]
ONE_BY_ONE = """
import contextlib, io, json, sys
from medcutmix_cli.main import main

found = []
for words in json.loads(sys.argv[1]):
    with contextlib.redirect_stderr(io.StringIO()) as said:
        try:
            main(words)
        except SystemExit as leaving:
            found.append((leaving.code, said.getvalue()))
print(json.dumps(found))
"""


@pytest.fixture(scope="module")
def refused(environment, plan):
    """Ask for all that makes no sense, in one process; return what each ended with and said, by its arguments."""
    asked = [param.values[0] for param in SENSELESS]
    calls = json.dumps([["render", str(plan), *arguments] for arguments in asked])
    done = python(environment, ONE_BY_ONE, calls)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout.splitlines()[-1])
    return {tuple(arguments): answer for arguments, answer in zip(asked, found, strict=True)}


@pytest.mark.parametrize(("arguments", "code", "said"), SENSELESS)
def test_what_makes_no_sense_is_said_at_once(refused, arguments, code, said):
    assert refused[tuple(arguments)][0] == code
    assert said in refused[tuple(arguments)][1]


def python(environment, code, *arguments):
    return subprocess.run(
        [sys.executable, "-c", code, *map(str, arguments)],
        env=environment,
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=SECONDS,
    )


def test_without_ray_the_error_is_the_pip_line(environment, plan):
    code = "import sys; sys.modules['ray'] = None; from medcutmix_cli.main import main; main()"
    done = python(environment, code, "render", plan, "--engine", "ray")
    assert done.returncode == 1
    assert "pip install --constraint constraints.txt '.[ray]'" in done.stderr


ANSWERS = """
import sys
from pathlib import Path
from medcutmix_cli.cluster import ray_actor
from medcutmix_cli.engines import Work

def quote(*_arguments, **_named):
    raise ValueError("FINDINGS: a secret.")

def answer(out, fingerprint):
    return ray_actor.ShardActor(Work(Path(out), fingerprint, (0,), (1,), {"run.workers": 1})).open().error

print(answer("nowhere", ""))
print(answer(sys.argv[1], "another"))
ray_actor.open_renderer = quote
print(answer(sys.argv[1], ""))
"""


def test_what_goes_wrong_in_an_actor_is_an_answer_without_report_text(environment, plan):
    done = python(environment, ANSWERS, plan)
    unseen, another, unexpected = done.stdout.splitlines()
    assert "this node does not see the run | nowhere" in unseen
    assert "another run lies in this folder" in another
    assert "unexpected ValueError at medcutmix_cli/cluster/ray_actor.py" in unexpected
    assert "secret" not in done.stdout + done.stderr


def test_nothing_of_a_patient_reaches_a_file_of_rays_own(environment, tmp_path):
    source = write_canary_set(tmp_path / "set")
    few = (
        "--encoder",
        "bundled",
        "--gate",
        "none",
        "--align",
        "none",
        "--shard-size",
        4,
        "--max-fail-frac",
        1,
    )
    done = [
        run(environment, "plan", source, tmp_path / "run", *few),
        run(environment, "render", tmp_path / "run", *options("actors=1")),
    ]
    assert [one.returncode for one in done] == [0, 0], [one.stderr for one in done]
    files = [path for path in Path(environment["RAY_TMPDIR"]).rglob("*") if path.is_file()]
    assert any(path.suffix in (".log", ".out", ".err") for path in files)
    assert {str(path): kinds for path in files if (kinds := found_in(path))} == {}
    assert not any(kind in one.stdout + one.stderr for one in done for kind in KINDS)


def test_a_shard_counts_as_done_by_what_was_to_be_done_to_it(tmp_path):
    """Another task may complete a shard after the work was listed: it is not to be rendered once more for that."""
    from medcutmix_cli.cluster.ray_workers import RayWorkers
    from medcutmix_cli.engines import Work

    run = write_run(tmp_path / "run", ([make_row(0)], [make_row(1)]), failed=1, missing=1)

    def done(*, retry_failed):
        work = Work(run, "f" * 64, (0, 1, 2), (2, 1, 1), {"run.workers": 1}, retry_failed)
        crew = RayWorkers(work, ActorRequest(1, 1, 0.0, 1), 1.0, None)
        return [crew._is_complete(shard) for shard in work.shards]

    assert done(retry_failed=False) == [True, True, False]
    assert done(retry_failed=True) == [False, True, False]


@pytest.mark.parametrize(("planned", "now", "wanted"), [("auto", None, "cpu"), ("auto", "cuda", "cuda")])
def test_actors_that_asked_for_no_gpu_use_none_unless_told(planned, now, wanted):
    from medcutmix_cli.cluster.ray import _without_gpu
    from medcutmix_cli.configuration.settings import EncoderSettings, Settings

    changes = _without_gpu(Settings(encoder=EncoderSettings(device=now or planned)))
    assert changes.get("encoder.device", now) == wanted
