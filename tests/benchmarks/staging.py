"""Pairs a second from slow storage, with and without `--stage-dir`; writes the table to STAGING.md.

Slow storage is simulated inside the measured process and nowhere else: `Path.open` of a picture of the data set
sleeps for the latency before it opens it, and reading sleeps for bytes / bandwidth; each stream has the bandwidth
to itself, and the bytes come from the page cache. That is a file server that is far away, not one that is overrun;
0 ms is the local disk as it is. The encoder is the tests' toy, which costs next to nothing, in the place of a GPU.
All else is real: copies are written to `--work`, read from there and removed. "Waited" is how long a thread that
decodes stood still for each picture. Pairs a second are those of the shards (the state files), without start-up,
the best of three runs taken in turns; CPU is that of the whole process, start-up included, the lowest of them.

    python -m tests.benchmarks.staging [--latency 0 20 100] [--pairs 200] [--bandwidth 200] [--height 3056]
"""

import argparse
import json
import os
import platform
import resource
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import medcutmix_cli
from medcutmix_cli.records import Pair
from medcutmix_cli.rendering.staging import Staging
from medcutmix_cli.run.folder import RunFolder
from medcutmix_cli.run.plan_file import read_plan
from tests.benchmarks.speed.inputs import PictureSet, make_data_set
from tests.toy_encoder import ToyEncoder, use_encoder

HERE = Path(__file__).resolve().parent
UNIQUE = 24
WAYS = (("in place", 2, False), ("in place", 16, False), ("--stage-dir", 2, True))


def use_toy() -> None:
    """Encode with the tests' toy in this process."""
    use_encoder(setattr, lambda _settings: ToyEncoder())


class SlowFile:
    """A file whose reading takes its time."""

    def __init__(self, file: Any, bytes_a_second: float, waited: "Waited") -> None:
        self._file = file
        self._waited = waited
        self._rate = bytes_a_second

    def __enter__(self) -> "SlowFile":
        return self

    def __exit__(self, *_error: object) -> None:
        self._file.close()

    def read(self, size: int = -1) -> bytes:
        """Read, then wait for as long as the bytes are on their way."""
        content: bytes = self._file.read(size)
        self._waited.sleep(len(content) / self._rate)
        return content


class Waited:
    """How long threads that decode stand still for pictures, in seconds."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self._lock = threading.Lock()
        self._local = Staging.local
        Staging.local = self._timed  # type: ignore[method-assign]

    def add(self, seconds: float) -> None:
        """Count in what one thread waited, unless it is one that copies."""
        if not threading.current_thread().name.startswith("stage-"):
            with self._lock:
                self.seconds += seconds

    def sleep(self, seconds: float) -> None:
        """Wait for storage."""
        time.sleep(seconds)
        self.add(seconds)

    @property
    def _timed(self) -> Any:
        @contextmanager
        def local(staging: Staging, source: Path) -> Iterator[Path]:
            begun = time.perf_counter()
            with self._local(staging, source) as path:
                self.add(time.perf_counter() - begun)
                yield path

        return local


def slow_down(source: Path, latency: float, bytes_a_second: float, waited: Waited) -> None:
    """Make every picture below `source` slow to open and to read, in this process."""
    opened, below = Path.open, f"{source}{os.sep}"

    def slowly(self: Path, *rest: Any, **more: Any) -> Any:
        if not (str(self).startswith(below) and self.suffix == ".jpg"):
            return opened(self, *rest, **more)
        waited.sleep(latency)
        return SlowFile(opened(self, *rest, **more), bytes_a_second, waited)

    Path.open = slowly  # type: ignore[method-assign]


def render_slowly(run: str, source: str, latency: str, bandwidth: str, workers: str, stage: str) -> None:
    """Render a plan in this process and print what came of it; latency in ms, bandwidth in MB/s."""
    use_toy()
    waited = Waited()
    if float(latency):
        slow_down(Path(source), float(latency) / 1000, float(bandwidth) * 1e6, waited)
    status = medcutmix_cli.render(run, workers=int(workers), stage_dir=stage or None)
    used = resource.getrusage(resource.RUSAGE_SELF)
    cpu = used.ru_utime + used.ru_stime
    said = {"rate": status.written / status.seconds, "cpu": cpu, "waited": waited.seconds}
    print(json.dumps(said | {"notes": status.notes}))


def measured(plan: Path, source: Path, latency: float, bandwidth: float, way: tuple[str, int, bool]) -> dict:
    """Render a copy of the plan in a process of its own."""
    _, workers, staged = way
    run, stage = plan.with_name("run"), plan.with_name("stage")
    shutil.rmtree(run, ignore_errors=True)
    shutil.copytree(plan, run)
    stage.mkdir(exist_ok=True)
    told = [run, source, latency, bandwidth, workers, stage if staged else ""]
    command = [sys.executable, "-m", "tests.benchmarks.staging", "--child", *map(str, told)]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    assert not list(stage.iterdir()), "copies were left behind"
    return dict(json.loads(done.stdout.strip().splitlines()[-1]))


def read_pairs(plan: Path) -> list[Pair]:
    """Return the pairs of a plan of one shard."""
    return list(read_plan(RunFolder(plan).plan_file, 0))


def table(
    work: Path, latencies: list[float], pairs: int, bandwidth: float, pictures_of: PictureSet
) -> Iterator[list[str]]:
    """Yield the rows: storage, way, workers, waiting, pairs a second, against the first way, CPU seconds, notes."""
    use_toy()
    source = make_data_set(work / "in", round(1.35 * pairs), pictures_of)
    plan = work / "plan"
    medcutmix_cli.plan(source, plan, encoder="toy", gate="none", align="none", max_uses_per_donor=2)
    pictures = len({p.image_path for pair in read_pairs(plan) for p in (pair.recipient, pair.donor)})
    for latency in latencies:
        name = f"{latency:g} ms a file, {bandwidth:g} MB/s a stream" if latency else "0 ms: the local disk"
        found = [[measured(plan, source, latency, bandwidth, way) for way in WAYS] for _ in range(3)]
        best = [max(runs, key=lambda run: run["rate"]) for runs in zip(*found, strict=True)]
        for (how, workers, _), run, runs in zip(WAYS, best, zip(*found, strict=True), strict=True):
            against = run["rate"] / best[0]["rate"]
            notes = ", ".join(f"{key} {count}" for key, count in run["notes"].items())
            cpu = min(one["cpu"] for one in runs)
            waited = f"{1000 * run['waited'] / pictures:.1f}"
            yield [
                name,
                how,
                str(workers),
                waited,
                f"{run['rate']:.1f}",
                f"{against:.2f}x",
                f"{cpu:.1f}",
                notes,
            ]


def write_results(
    chosen: argparse.Namespace, rows: list[list[str]], size: float, pairs: int, pictures_of: PictureSet
) -> None:
    """Write STAGING.md."""
    head = [
        "storage",
        "pictures are read",
        "workers",
        "waited, ms a picture",
        "pairs/s",
        "against 2 in place",
    ]
    head += ["CPU s", "notes"]
    lines = [
        "# Staging",
        "",
        f"`python -m tests.benchmarks.staging --pairs {chosen.pairs}`, {time.strftime('%Y-%m-%d')}:",
        f"{len(os.sched_getaffinity(0))} CPUs, Python {platform.python_version()}; one shard of {pairs} pairs, JPGs",
        f"of {pictures_of.width} x {pictures_of.height}, {size:.2f} MB each, canvas 448. Load average",
        f"{os.getloadavg()[2]:.0f}: above the number of CPUs, pairs a second say little, and waiting and CPU more.",
        "",
        *(__doc__ or "").split("\n\n")[1].splitlines(),
        "",
        *("| " + " | ".join(cells) + " |" for cells in [head, ["---"] * len(head), *rows]),
    ]
    chosen.results.write_text("\n".join(lines) + "\n", encoding="utf-8")
    print("\n".join(lines))


def main() -> None:
    """Measure, print the table, and keep it."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--latency", type=float, nargs="+", default=[0, 20, 100], help="ms a file")
    parser.add_argument("--pairs", type=int, default=200)
    parser.add_argument("--bandwidth", type=float, default=200, help="MB/s a stream")
    parser.add_argument("--height", type=int, default=3056, help="rows of each picture")
    parser.add_argument("--work", type=Path, default=None)
    parser.add_argument("--results", type=Path, default=HERE / "STAGING.md")
    chosen = parser.parse_args()
    pictures_of = PictureSet(".jpg", UNIQUE, chosen.height)
    with tempfile.TemporaryDirectory(dir=chosen.work) as folder:
        rows = list(table(Path(folder), chosen.latency, chosen.pairs, chosen.bandwidth, pictures_of))
        pictures = list((Path(folder) / "in").glob("*.jpg"))
        size = sum(path.stat().st_size for path in pictures) / len(pictures) / 1e6
        pairs = medcutmix_cli.status(Path(folder) / "plan").planned
    write_results(chosen, rows, size, pairs, pictures_of)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--child"]:
        render_slowly(*sys.argv[2:])
    else:
        main()
