"""Interrupt a run again and again, at random times and in random ways, and look at what it leaves behind.

`tests.cluster.interruptions` does the same on Slurm and Ray.

python -m tests.interruptions --times 100        the bundled encoder on the sample: plan, calibrate, render
python -m tests.interruptions --times 100 --toy  a toy encoder on 1,200 studies: reports are read in processes

After every interruption the folder must hold nothing half-written and no process may be left; runs that end must have
the bytes of one that nobody disturbed. The table goes to tests/benchmarks/INTERRUPTIONS.md.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from medcutmix_cli.inspection.verification import verify
from medcutmix_cli.run.folder import RunFolder
from medcutmix_cli.run.shards import read_rows
from medcutmix_cli.run.status import run_status
from tests.half_written import stop
from tests.trees import output_bytes, write_manifest

ROOT = Path(__file__).resolve().parents[1]
TABLES = ROOT / "tests" / "benchmarks" / "INTERRUPTIONS.md"

WAYS = {
    "KILL": 30,
    "TERM": 25,
    "TERM to all": 10,
    "INT": 7,
    "INT to all": 8,
    "INT twice": 6,
    "HUP": 7,
    "USR1": 7,
}
"""How a run is interrupted, and how often of 100. "To all" is to the process group, as a terminal and Slurm do."""

ALLOWED = frozenset({"missing", "incomplete"})
"""What `verify` may find: shards still to be rendered, and whole shards whose state file was not written yet. The
latter come with any signal: a shard that is rendered again has no state file meanwhile, and between rows and state
file lie some milliseconds. Such a shard counts as not there, and is rendered again."""

LEFT_WITHIN = 5.0
"""Seconds after which no process may be left."""


@dataclass(frozen=True)
class Trial:
    """What is interrupted.

    Attributes:
        command: Up to the run folder, which is appended.
        seconds: How long a whole run takes from each of the `MOMENTS` to the next, or its end.
        whole: Bytes of a run that nobody disturbed.
    """

    name: str
    command: tuple[str, ...]
    options: tuple[str, ...]
    seconds: dict[str, float]
    whole: dict[str, bytes]

    def start(self, run: Path) -> subprocess.Popen[bytes]:
        """Start the command as a terminal does: in a session of its own, no signal ignored."""
        words = [*self.command, str(run), *self.options]
        return subprocess.Popen(
            words, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, start_new_session=True
        )


@dataclass
class Interruption:
    """One interruption and what came of it.

    Attributes:
        phase: What the run was at.
        caught: Whether the program had taken over the signals.
        seconds: From the signal to the end of the process.
        wrong: What is not as it must be.
    """

    way: str
    phase: str
    caught: bool
    code: int = 0
    seconds: float = 0.0
    wrong: list[str] = field(default_factory=list)
    found: Counter[str] = field(default_factory=Counter)


def interrupted(trial: Trial, run: Path, way: str, when: tuple[str, float]) -> Interruption | None:
    """Start the command, interrupt it, and look at what is left; None where it ended before.

    `when` is one of the `MOMENTS`, and how much of the time from there to the next has passed.
    """
    before = traces(run)
    process = trial.start(run)
    moment, share = when
    while process.poll() is None and moment not in moments(run, before):
        time.sleep(0.01)
    with suppress(subprocess.TimeoutExpired):
        process.wait(share * trial.seconds[moment])
    going = stop(process.pid)  # so that nothing moves between the look and the signal
    seen = Interruption(way, phase_of(run, before), takes_signals(process.pid))
    if not going:
        said = process.communicate()[1].decode()
        if process.returncode:
            raise SystemExit(f"the run failed without an interruption: {said}")
        return None
    began = time.monotonic()
    send(process, way)
    said = process.communicate(timeout=60)[1].decode()
    seen.seconds, seen.code = time.monotonic() - began, process.returncode
    seen.wrong += [*_of_code(seen, said), *_of_processes(process.pid), *of_folder(run, seen, process.pid)]
    return seen


MOMENTS = ("start", "plan", "shard")
"""The program starts; the plan is whole; the first shard is begun."""


def traces(run: Path) -> dict[str, int]:
    """Return the times at which the files of shards were written."""
    found = {}
    for path in (*run.glob("data/*"), *run.glob("state/*")):
        with suppress(FileNotFoundError):
            found[f"{path.parent.name}/{path.name}"] = path.stat().st_mtime_ns
    return found


def moments(run: Path, before: dict[str, int]) -> tuple[str, ...]:
    """Say which moments a program has passed that found `before`."""
    planned, begun = (run / "run.json").is_file(), traces(run) != before
    return MOMENTS[: 1 + planned + (planned and begun)]


def phase_of(run: Path, before: dict[str, int]) -> str:
    """Say what a run is at, by what lies in its folder."""
    folder = RunFolder(run)
    if not folder.is_run():
        return "planning"
    gate = json.loads(folder.run_file.read_text())["settings"]["mixing"]["gate"]
    if gate != "none" and not folder.calibration_file.is_file():
        return "calibrating"
    if not run_status(folder).missing:
        return "ending"
    return "rendering" if traces(run) != before else "loading"


def takes_signals(pid: int) -> bool:
    """Say whether a process has a handler for SIGTERM."""
    with suppress(OSError):
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith("SigCgt:"):
                return bool(int(line.split()[1], 16) >> (signal.SIGTERM - 1) & 1)
    return False


def send(process: subprocess.Popen[bytes], way: str) -> None:
    """Interrupt a process in one of the `WAYS`."""
    number = getattr(signal, f"SIG{way.split()[0]}")
    with suppress(ProcessLookupError):
        if way.endswith("to all"):
            os.killpg(process.pid, number)
        else:
            os.kill(process.pid, number)
        os.kill(process.pid, signal.SIGCONT)
        if way.endswith("twice"):
            time.sleep(0.4)
            if process.poll() is None:
                os.kill(process.pid, number)


def _of_code(seen: Interruption, said: str) -> Iterator[str]:
    if seen.way == "KILL":
        if seen.code != -signal.SIGKILL and (seen.phase != "ending" or seen.code):
            yield f"exit code {seen.code}"
        return
    own = -getattr(signal, f"SIG{seen.way.split()[0]}")
    expected = {75} if seen.caught else {75, own, 1, 130}
    if seen.phase == "ending":
        expected |= {0, own}  # all was done, and only the interpreter was still to end
    if seen.code not in expected:
        yield f"exit code {seen.code}"
    if "Traceback" in said and seen.caught:
        yield "a traceback: " + said[max(0, said.index("Traceback") - 200) :][:2000]
    if seen.code == 75 and "run the same command again" not in said:
        yield "no word on how to go on"


def _of_processes(session: int) -> Iterator[str]:
    until = time.monotonic() + LEFT_WITHIN
    while left := processes_of(session):
        if time.monotonic() > until:
            yield f"processes left: {left}"
            with suppress(ProcessLookupError):
                os.killpg(session, signal.SIGKILL)
            return
        time.sleep(0.1)


def processes_of(session: int) -> list[str]:
    """List the living processes of a session."""
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            name, _, rest = path.read_text().rpartition(") ")
            state, _parent, _group, own = rest.split()[:4]
            if int(own) == session and state not in "ZX":
                found.append(name)
    return found


def of_folder(run: Path, seen: Interruption, pid: int) -> Iterator[str]:
    """Say what of a run's folder is not as it must be; what `verify` finds goes into `seen`."""
    for path in run.glob("**/*.json"):
        json.loads(path.read_text())
    for path in (run / "data").glob("*.parquet"):
        for _ in read_rows(path):
            pass
    for path in (run / "state").glob("*.json"):
        if not (run / "data" / f"{path.stem}.parquet").is_file():
            yield f"{path.name} without its shard"
    if seen.code == 75 and list(run.glob(f"**/*.{pid}.tmp")):  # what was killed before may have left some
        yield "half-written files left"
    if RunFolder(run).is_run():
        problems = verify(run).problems
        seen.found.update({problem.rule for problem in problems})
        yield from (f"{p.where}: {p.rule}" for p in problems if p.rule not in ALLOWED)


def bytes_of(run: Path) -> dict[str, bytes]:
    """Return all that must be equal."""
    more = {
        path.name: path.read_bytes()
        for path in (run / "nulls.parquet", run / "calibration.json")
        if path.exists()
    }
    return output_bytes(run) | more


def interrupt_many(
    trial: Trial, folder: Path, times: int, rng: random.Random
) -> tuple[list[Interruption], int]:
    """Interrupt runs until there have been `times` interruptions; return them, and how many runs were completed."""
    seen: list[Interruption] = []
    completed = 0
    while len(seen) < times:
        run = folder / f"run-{completed}"
        way = rng.choices(list(WAYS), WAYS.values())[0]
        when = rng.choices(MOMENTS, (40, 20, 40))[0], rng.random()
        one = interrupted(trial, run, way, when)
        if one is None:
            check_completed(trial, run)
            completed += 1
        else:
            seen.append(one)
            print(
                f"{len(seen):4} {one.way:12} {one.phase:12} {one.code:4} {one.seconds:6.2f} s",
                *one.wrong,
                flush=True,
            )
    finish(trial, folder / f"run-{completed}")
    return seen, completed + 1


def finish(trial: Trial, run: Path, *, keep: bool = False) -> None:
    """Let a run go on to its end, and compare it."""
    process = trial.start(run)
    said = process.communicate()[1].decode()
    if process.returncode:
        raise SystemExit(f"the run does not go on: {said}")
    check_completed(trial, run, keep=keep)


def check_completed(trial: Trial, run: Path, *, keep: bool = False) -> None:
    """Compare a run that was interrupted with one that was not, then remove it unless it is to be kept."""
    found = bytes_of(run)
    different = sorted(name for name in {*found, *trial.whole} if found.get(name) != trial.whole.get(name))
    left = [path.name for path in run.rglob("*") if path.suffix in (".tmp", ".attempts")]
    if different or left or not verify(run).ok:
        raise SystemExit(f"another run than without interruptions: {different}, left over: {left}")
    if not keep:
        shutil.rmtree(run)


@contextmanager
def prepared(*, toy: bool, studies: int, again: bool = True) -> Iterator[tuple[Trial, Path]]:
    """Make the data set and the run that nobody disturbs; `again` to measure its time with all in the disk cache."""
    with tempfile.TemporaryDirectory(prefix="interruptions-") as name:
        folder = Path(name)
        trial = _toy(folder, studies) if toy else _bundled(folder, studies)
        for number in range(1 + again):
            seconds = timed(trial, folder / f"whole-{number}")
        yield Trial(trial.name, trial.command, trial.options, seconds, bytes_of(folder / "whole-0")), folder


def timed(trial: Trial, run: Path) -> dict[str, float]:
    """Run without a disturbance; return how long it took from each moment to the next."""
    began, passed = time.monotonic(), {}
    process = trial.start(run)
    while process.poll() is None:
        for moment in moments(run, {}):
            passed.setdefault(moment, time.monotonic() - began)
        time.sleep(0.01)
    for moment in moments(run, {}):
        passed.setdefault(moment, time.monotonic() - began)
    said = process.communicate()[1].decode()
    if process.returncode:
        raise SystemExit(said)
    ends = [*list(passed.values())[1:], time.monotonic() - began]
    return {moment: end - start for (moment, start), end in zip(passed.items(), ends, strict=True)}


def _toy(folder: Path, studies: int) -> Trial:
    source = write_manifest(folder / "data", studies or 1200)
    command = (sys.executable, "-m", "tests.toy_run", "augment", str(source))
    options = (
        "--encoder",
        "toy",
        "--gate",
        "none",
        "--align",
        "none",
        "--shard-size",
        "50",
        "--workers",
        "2",
    )
    return Trial("toy", command, options, {}, {})


def _bundled(folder: Path, studies: int) -> Trial:
    program = (sys.executable, "-m", "medcutmix_cli")
    source = str(folder / "data")
    subprocess.run(
        [*program, "--quiet", "sample", source, "--studies", str(studies or 300)], check=True, cwd=ROOT
    )
    return Trial("bundled", (*program, "augment", source), ("--shard-size", "4"), {}, {})


def table(seen: list[Interruption], ways: Sequence[str] = tuple(WAYS)) -> str:
    """Lay out what happened, a row for each way and phase."""
    groups: dict[tuple[str, str], list[Interruption]] = defaultdict(list)
    for one in seen:
        groups[one.way, one.phase if one.caught else "starting"].append(one)
    order = ["starting", "planning", "calibrating", "loading", "rendering", "ending"]
    lines = [
        "| signal | while | times | exit codes | left after, median | at most |",
        "|---|---|--:|---|--:|--:|",
    ]
    for (way, phase), ones in sorted(
        groups.items(), key=lambda g: (ways.index(g[0][0]), order.index(g[0][1]))
    ):
        codes = ", ".join(f"{code}" for code in sorted({one.code for one in ones}))
        took = [one.seconds for one in ones]
        lines.append(
            f"| {way} | {phase} | {len(ones)} | {codes} | {statistics.median(took):.2f} s | {max(took):.2f} s |"
        )
    return "\n".join(lines)


def summary(seen: list[Interruption], completed: int, seconds: float) -> str:
    """Say in words what the table is of; an undisturbed run takes so many seconds."""
    wrong = sum(bool(one.wrong) for one in seen)
    found = Counter(rule for one in seen for rule in one.found)
    rules = ", ".join(f'"{rule}" {count}' for rule, count in sorted(found.items())) or "nothing"
    return (
        f"{len(seen)} interruptions, {completed} runs completed with the bytes of an undisturbed one "
        f"({seconds:.0f} s); {wrong} left something wrong. Found by `verify` then, in so many "
        f"interruptions: {rules}."
    )


def write_table(name: str, text: str) -> None:
    """Replace one section of the page."""
    begin, end = f"<!-- {name} -->", f"<!-- end of {name} -->"
    page = TABLES.read_text(encoding="utf-8")
    before, rest = page.split(begin)
    TABLES.write_text(f"{before}{begin}\n{text}\n{end}{rest.split(end)[1]}", encoding="utf-8")


def tell(module: str, said: str, block: str) -> None:
    """Print what was found with the command that found it, and keep it in a block of the page if one is named."""
    text = f"`python -m {module} {' '.join(sys.argv[1:])}`\n\n{said}"
    print(text)
    if block:
        write_table(block, text)


def signals_as_in_a_terminal() -> None:
    """Undo what `nohup` and `&` leave behind: an ignored signal is inherited, and the program respects it."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGUSR1):
        usual = signal.default_int_handler if number == signal.SIGINT else signal.SIG_DFL
        signal.signal(number, usual)


def main() -> None:
    """Interrupt as often as asked for; leave with 1 if anything was wrong."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--times", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--studies", type=int, default=0)
    parser.add_argument("--toy", action="store_true")
    parser.add_argument("--write", action="store_true", help=f"write the table into {TABLES.name}")
    chosen = parser.parse_args()
    signals_as_in_a_terminal()
    with prepared(toy=chosen.toy, studies=chosen.studies) as (trial, folder):
        print(f"a whole run takes {sum(trial.seconds.values()):.1f} s", flush=True)
        seen, completed = interrupt_many(trial, folder, chosen.times, random.Random(chosen.seed))
    said = f"{summary(seen, completed, sum(trial.seconds.values()))}\n\n{table(seen)}"
    tell("tests.interruptions", said, trial.name if chosen.write else "")
    raise SystemExit(any(one.wrong for one in seen))


if __name__ == "__main__":
    main()
