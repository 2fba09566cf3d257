"""Say what each way to render costs to start, on this machine and a small sample; writes the table to ENGINES.md.

Every row renders the same plan, of one pair a shard: the first state file is the first rendered pair. By hand, on a
machine that does nothing else:

    python tests/benchmarks/start_costs.py [--studies 60] [--workers 2]
"""

import argparse
import os
import platform
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

import psutil

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
LOOK_SECONDS = 0.02
RAY = "from ray.scripts.scripts import main; main()"


@dataclass
class Cost:
    """What one way to render has cost.

    Attributes:
        first: Seconds from the command to the first complete shard (likewise `end`: to its end).
        renderer_mb: Peak memory of the largest process that renders.
        beside_mb: Peak memory, added up, of the processes that the engine needs beside those.
    """

    name: str
    first: float
    end: float
    renderer_mb: float
    beside_mb: float


class Peaks:
    """The most memory that was seen in each process, MB of resident set."""

    def __init__(self) -> None:
        self.renderers: dict[int, float] = {}
        self.beside: dict[int, float] = {}

    def look(self, processes: list[psutil.Process], is_renderer: Callable[[psutil.Process], bool]) -> None:
        for process in processes:
            try:
                table = self.renderers if is_renderer(process) else self.beside
                used = process.memory_info().rss / 2**20
            except psutil.NoSuchProcess:
                continue
            table[process.pid] = max(table.get(process.pid, 0.0), used)


def medcutmix(*words: object) -> list[str]:
    return [sys.executable, "-m", "medcutmix_cli.main", *map(str, words)]


def is_actor(process: psutil.Process) -> bool:
    return process.name().startswith("ray::ShardActor")


def measure(
    name: str,
    out: Path,
    command: list[str],
    environment: dict[str, str],
    is_renderer: Callable[[psutil.Process], bool] | None = None,
    beside: tuple[psutil.Process, ...] = (),
    output: IO[str] | int = subprocess.DEVNULL,
) -> Cost:
    """Run a command and look at the run folder and at memory until it ends.

    Args:
        name: Of the row.
        out: Run folder.
        command: What a user types.
        environment: Of the command.
        is_renderer: Which processes render; the command's own by default.
        beside: Processes that were there before and belong to the engine.
        output: Takes what the command prints.
    """
    began, first, peaks = time.perf_counter(), 0.0, Peaks()
    process = psutil.Popen(command, env=environment, cwd=ROOT, stdout=output)
    chosen = is_renderer or (lambda seen: seen.pid == process.pid)
    while process.poll() is None:
        if not first and any((out / "state").glob("*.json")):
            first = time.perf_counter() - began
        peaks.look([process, *family(process), *(p for b in beside for p in [b, *family(b)])], chosen)
        time.sleep(LOOK_SECONDS)
    if process.returncode:
        raise SystemExit(f"{name}: exit code {process.returncode}")
    renderer = max(peaks.renderers.values(), default=0.0)
    own = peaks.beside.pop(process.pid, 0.0)  # the command itself, where others render
    return Cost(name, first, time.perf_counter() - began, renderer, own + sum(peaks.beside.values()))


def family(process: psutil.Process) -> list[psutil.Process]:
    try:
        return process.children(recursive=True)
    except psutil.NoSuchProcess:
        return []


def local_row(run: Callable[[], Path], workers: int, environment: dict[str, str]) -> Cost:
    out = run()
    return measure("`render RUN`", out, medcutmix("render", out, "--workers", workers, "-q"), environment)


def task_row(run: Callable[[], Path], workers: int, environment: dict[str, str]) -> Cost:
    """One task of an array of one: what each further task costs as well."""
    out = run()
    words = ("render", out, "--task", 0, "--num-tasks", 1, "--workers", workers, "-q")
    return measure("`render RUN --task 0 --num-tasks 1`", out, medcutmix(*words), environment)


def ray_here_row(run: Callable[[], Path], workers: int, environment: dict[str, str]) -> Cost:
    out = run()
    words = ("render", out, "--workers", workers, "-q", *ray_options("local"))
    return measure("`--engine ray`, started for the run", out, medcutmix(*words), environment, is_actor)


def ray_there_row(run: Callable[[], Path], workers: int, environment: dict[str, str]) -> Cost:
    out = run()
    with cluster(environment) as (address, processes):
        words = ("render", out, "--workers", workers, "-q", *ray_options(address))
        name = "`--engine ray`, on a cluster that runs"
        return measure(name, out, medcutmix(*words), environment, is_actor, processes)


def slurm_row(run: Callable[[], Path], workers: int, environment: dict[str, str]) -> Cost | None:
    """An array of one task on a Slurm that is there: from `sbatch` to the end. None where there is none.

    Memory is that of the largest job process that is seen here, so that it is known on a Slurm of one node only.
    """
    if shutil.which("sbatch", path=environment["PATH"]) is None or not slurm_answers(environment):
        return None
    out, log = run(), "/dev/null"
    line = " ".join(medcutmix("render", out, "--task", 0, "--num-tasks", 1, "--workers", workers, "-q"))
    asked = ["sbatch", "--wait", f"--cpus-per-task={workers}", "--array=0", f"--output={log}"]
    command = [*asked, f"--chdir={ROOT}", f"--wrap={line}"]
    node = tuple(p for p in psutil.process_iter() if p.name().startswith(("slurmd", "slurmstepd")))

    def renders(process: psutil.Process) -> bool:
        return str(out) in process.cmdline()

    return measure("`sbatch --wait`, an array of one task", out, command, environment, renders, node)


def slurm_answers(environment: dict[str, str]) -> bool:
    return not subprocess.run(["sinfo"], env=environment, capture_output=True).returncode


def ray_options(address: str) -> list[str]:
    return ["--engine", "ray", "--engine-option", f"address={address}"]


@contextmanager
def cluster(environment: dict[str, str]) -> Iterator[tuple[str, tuple[psutil.Process, ...]]]:
    """Start Ray as an administrator would; yield its address and its processes."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    folder = environment["RAY_TMPDIR"]
    words = ["start", "--head", f"--port={port}", "--include-dashboard=false", "--disable-usage-stats"]
    command = [sys.executable, "-c", RAY, *words, f"--temp-dir={folder}"]
    try:
        subprocess.run(command, env=environment, check=True, capture_output=True)
        yield f"127.0.0.1:{port}", tuple(daemons(folder))
    finally:
        for process in daemons(folder):
            process.send_signal(signal.SIGKILL)


def daemons(folder: str) -> list[psutil.Process]:
    seen = psutil.process_iter(["cmdline"])
    return [process for process in seen if any(folder in word for word in process.info["cmdline"] or ())]


ROWS = (local_row, task_row, ray_here_row, ray_there_row, slurm_row)


def table(costs: list[Cost], shards: int, arguments: list[str]) -> str:
    """Lay the figures out."""
    import ray

    command = " ".join(["python tests/benchmarks/start_costs.py", *arguments])
    lines = [
        "# What each engine costs to start",
        "",
        f"`{command}`, {datetime.now(UTC):%Y-%m-%d}, {os.cpu_count()} CPUs with {os.getloadavg()[0]:.0f} processes "
        f"waiting for them at the end, Python {platform.python_version()}, Ray {ray.__version__}; the bundled "
        f"encoder, {shards} shards of one pair. Seconds from the command; memory is the resident set, added up where "
        "an engine needs several processes (what they share is counted in each).",
        "",
        "| command | first pair | end | memory of a renderer | of what the engine needs beside |",
        "|---|---|---|---|---|",
    ]
    for cost in costs:
        memory = f"{cost.renderer_mb:.0f} MB" if cost.renderer_mb else "not seen"
        beside = f"{cost.beside_mb:.0f} MB" if cost.beside_mb else "none"
        lines.append(f"| {cost.name} | {cost.first:.1f} s | {cost.end:.1f} s | {memory} | {beside} |")
    return "\n".join([*lines, ""])


def main() -> None:
    """Measure, print, and keep the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--studies", type=int, default=60)
    parser.add_argument("--workers", type=int, default=2)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="mcm", ignore_cleanup_errors=True) as folder:
        work = Path(folder)
        environment = {**os.environ, "RAY_TMPDIR": str(work / "ray"), "RAY_AUTH_MODE": "disabled"}
        plan = work / "plan"
        ask = ("--gate", "none", "--pairs-per-study", 2, "--shard-size", 1, "-q")
        subprocess.run(medcutmix("sample", work / "sample", "--studies", chosen.studies, "-q"), check=True)
        subprocess.run(medcutmix("plan", work / "sample", plan, *ask), check=True)
        rows = []
        for number, row in enumerate(ROWS):

            def copy(out: Path = work / f"run{number}") -> Path:
                return Path(shutil.copytree(plan, out))

            cost = row(copy, chosen.workers, environment)
            if cost is None:
                print(f"{row.__name__}: not on this machine", file=sys.stderr)
            else:
                rows.append(cost)
        shards = len(list((work / "run0" / "state").glob("*.json")))
    text = table(rows, shards, sys.argv[1:])
    print(text)
    (HERE / "ENGINES.md").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
