"""The tasks of a Slurm array, interrupted one by one; see `tests.cluster.interruptions`."""

from __future__ import annotations

import os
import random
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from medcutmix_cli.cluster.slurm import Resources, SlurmJob, render_sbatch
from medcutmix_cli.run.folder import RunFolder
from medcutmix_cli.run.status import run_status
from tests.cluster.one_node_slurm import OneNode, one_node_slurm, until
from tests.interruptions import LEFT_WITHIN, ROOT, Interruption, takes_signals

TASKS = 8
SIGNALS = {
    "KILL": signal.SIGKILL,
    "scancel": signal.SIGTERM,
    "scancel USR1": signal.SIGUSR1,
}


@dataclass
class Task:
    """One program of the array.

    Attributes:
        at: When it is to be interrupted.
        sent: When it was, 0 before.
        seen: What came of it.
    """

    number: int
    pid: int
    at: float
    seen: Interruption
    began: float = field(default_factory=time.monotonic)
    sent: float = 0.0
    ended: float = 0.0


@dataclass
class SlurmEngine:
    """Launches arrays.

    Attributes:
        ways: "KILL" comes from the system, as where memory runs out; "scancel" is TERM to all of the task, as when it
            is preempted; USR1 to the program alone, as before the time limit.
        longest: Seconds that a task has lived which nobody interrupted.
    """

    cluster: OneNode
    ways: dict[str, int] = field(default_factory=lambda: {"KILL": 45, "scancel": 30, "scancel USR1": 25})
    longest: float = 1.0

    def launch(self, run: Path, rng: random.Random | None) -> list[Interruption]:
        """Submit the tasks that have shards left, and interrupt each."""
        (run / "logs").mkdir(exist_ok=True)
        left = sorted({shard % TASKS for shard in run_status(RunFolder(run)).missing})
        array = f"--array={','.join(map(str, left))}"
        job = self.cluster.submit(script(run), array, f"--chdir={ROOT}")
        tasks = self._watch(run, job, rng)
        sent = [task for task in tasks if task.sent]
        self.longest = max([self.longest, *(t.ended - t.began for t in tasks if not t.sent)])
        return list(self._judged(run, job, sent))

    def _watch(self, run: Path, job: str, rng: random.Random | None) -> list[Task]:
        """Interrupt what is due until no task is left."""
        tasks: dict[int, Task] = {}
        asked = 0.0
        while True:
            for number, pid in programs_of(run):
                if pid not in tasks:
                    tasks[pid] = self._task(number, pid, rng)
            for task in tasks.values():
                self._step(job, run, task)
            if time.monotonic() > asked + 0.3 and all(task.ended for task in tasks.values()):
                asked = time.monotonic()
                if not self.cluster.run("squeue", "-h", "-t", "PD,R,CG,CF", "-j", job):
                    return list(tasks.values())
            time.sleep(0.02)

    def _task(self, number: int, pid: int, rng: random.Random | None) -> Task:
        if rng is None:
            return Task(number, pid, float("inf"), Interruption("", "", caught=False))
        way = rng.choices(list(self.ways), list(self.ways.values()))[0]
        at = time.monotonic() + rng.random() * self.longest
        return Task(number, pid, at, Interruption(way, "", caught=False))

    def _step(self, job: str, run: Path, task: Task) -> None:
        if task.ended:
            return
        if not is_alive(task.pid):
            task.ended = time.monotonic()
            task.seen.seconds = task.ended - task.sent
        elif not task.sent and time.monotonic() >= task.at:
            task.seen.phase, task.seen.caught = phase_of(run, task), takes_signals(task.pid)
            task.sent = time.monotonic()
            self._send(f"{job}_{task.number}", task)

    def _send(self, name: str, task: Task) -> None:
        if task.seen.way == "KILL":
            with suppress(ProcessLookupError):
                os.kill(task.pid, signal.SIGKILL)
            return
        how = ["--signal=USR1", "--batch"] if task.seen.way == "scancel USR1" else []
        with suppress(AssertionError):  # it has ended meanwhile
            self.cluster.run("scancel", *how, name)

    def _judged(self, run: Path, job: str, sent: list[Task]) -> Iterator[Interruption]:
        """Yield what was interrupted: not a task that had ended when the signal came."""
        until(lambda: not processes_of(job), "the end of a job's processes", LEFT_WITHIN + 25)
        ends = self.cluster.ends(job)
        for task in sent:
            state, code = ends[task.number]
            task.seen.code = code_of(code)
            if state != "COMPLETED" and not had_ended(run, task):
                task.seen.wrong += wrong_with(run, task)
                yield task.seen


def had_ended(run: Path, task: Task) -> bool:
    """Say whether a task had done all of its own when the signal came: Slurm calls that cancelled too."""
    missing = run_status(RunFolder(run)).missing
    return not task.seen.code and all(shard % TASKS != task.number for shard in missing)


def wrong_with(run: Path, task: Task) -> Iterator[str]:
    """Say what is not as it must be with one task."""
    seen = task.seen
    own = -SIGNALS[seen.way]
    expected = {75} if seen.caught and own != -signal.SIGKILL else {75, own}
    if seen.code not in expected:
        yield f"exit code {seen.code}"
    if seen.seconds > LEFT_WITHIN + 25:
        yield f"left after {seen.seconds:.0f} s"
    if seen.code == 75 and list(run.glob(f"**/*.{task.pid}.tmp")):
        yield "half-written files left"


def code_of(told: str) -> int:
    """Return an exit code, or the signal below 0, of Slurm's "code:signal"."""
    code, number = map(int, told.split(":"))
    return -number or code


def script(run: Path) -> str:
    """Return the script that `batch slurm` prints, with the toy for a program."""
    asked = Resources(cpus=1, memory="1G")
    words = (sys.executable, "-m", "tests.toy_run")
    return render_sbatch(SlurmJob(run, TASKS, program=words, resources=asked, stagger=0))


def phase_of(run: Path, task: Task) -> str:
    """Say what a task is at: it has a half-written shard, or has had one, or not yet."""
    if list(run.glob(f"data/.*.{task.pid}.tmp")):
        return "rendering"
    made = [path for path in run.glob("state/*.json") if int(path.stem[5:]) % TASKS == task.number]
    begun = time.time() - (time.monotonic() - task.began)
    return "rendering" if any(path.stat().st_mtime > begun for path in made) else "loading"


def programs_of(run: Path) -> Iterator[tuple[int, int]]:
    """Yield the number of each task that runs, and the id of its process."""
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):
            words = path.read_bytes().split(b"\0")
            if b"tests.toy_run" in words and str(run).encode() in words and b"--task" in words:
                yield int(words[words.index(b"--task") + 1]), int(path.parent.name)


def is_alive(pid: int) -> bool:
    """Say whether a process is there, and no zombie."""
    with suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2][0] not in "ZX"
    return False


def processes_of(job: str) -> list[int]:
    """List the processes of a job: they have its number in their environment."""
    own, found = f"SLURM_ARRAY_JOB_ID={job}".encode(), []
    for path in Path("/proc").glob("[0-9]*/environ"):
        with suppress(OSError):
            if own in path.read_bytes().split(b"\0") and is_alive(int(path.parent.name)):
                found.append(int(path.parent.name))
    return found


@contextmanager
def slurm_engine() -> Iterator[SlurmEngine]:
    """Start a Slurm of one node, on which all tasks have room."""
    with one_node_slurm(TASKS) as cluster:
        yield SlurmEngine(cluster)
