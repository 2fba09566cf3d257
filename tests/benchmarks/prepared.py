"""What `medcutmix prepare` saves: CPU time a picture and a written pair, with and without; writes PREPARED.md.

Reading: each picture is read from its own file and from the cache, in turns, in one thread; medians of all pictures and
the quartiles. Runs: `render` of one plan with the bundled encoder, with all gates and guards, in one process with and
without `--prepared` in turns, the first one not counted and the gate's calibration made before; for each written pair,
all of the run included, median (least to most). CPU time includes the processes that decode, and leaves out waiting.

    python -m tests.benchmarks.prepared [--pairs 40] [--rounds 3] [--height 3056]
"""

import argparse
import os
import platform
import shutil
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median, quantiles

import medcutmix_cli
from medcutmix_cli.assembly.opening import open_cache
from medcutmix_cli.images import read_canvas, single_threaded_opencv
from medcutmix_cli.images.picture_request import PictureRequest
from medcutmix_cli.records import PictureRules
from tests.benchmarks.speed.cpu import cpu_seconds
from tests.benchmarks.speed.inputs import NORMAL_EVERY, PictureSet, make_data_set

HERE = Path(__file__).resolve().parent
UNIQUE = 24
STUDIES = 72
"""At least: the gate wants 20 pictures without the finding."""

CANVAS, MODE = 448, "mimic-jpg"


def rendered(plan: Path, prepared: str) -> tuple[float, bytes]:
    """Render a copy of a plan; return CPU seconds for each written pair, decoders' too, and the shard."""
    run = plan.with_name("run")
    shutil.rmtree(run, ignore_errors=True)
    shutil.copytree(plan, run)
    begun = cpu_seconds()
    status = medcutmix_cli.render(run, workers=1, prepared=prepared or None)
    cpu = cpu_seconds() - begun
    assert "picture-not-prepared" not in status.notes
    return cpu / status.written, (run / "data" / "part-00000.parquet").read_bytes()


def read_times(source: Path, cache: Path, suffix: str, rounds: int) -> tuple[list[float], list[float]]:
    """Return CPU milliseconds of each reading, from the file and from the cache, taken in turns."""
    opened = open_cache(str(cache))
    assert opened is not None
    files = sorted(source.glob(f"*{suffix}"))[:UNIQUE]
    own, prepared = [], []
    with single_threaded_opencv():
        for _ in range(rounds + 1):
            for file in files:
                begun = cpu_seconds()
                read_canvas(file, CANVAS, PictureRules(MODE))
                between = cpu_seconds()
                found = opened.read(PictureRequest(file.name, file, (CANVAS,), PictureRules(MODE)))
                own.append(1000 * (between - begun))
                prepared.append(1000 * (cpu_seconds() - between))
                assert found is not None
    warm = len(files)
    return own[warm:], prepared[warm:]


def spread(values: list[float], digits: int = 1) -> str:
    """Write a median with its quartiles."""
    low, middle, high = quantiles(values, n=4) if len(values) > 1 else (values[0],) * 3
    return f"{middle:.{digits}f} ({low:.{digits}f} to {high:.{digits}f})"


def extremes(values: list[float]) -> str:
    """Write a median with the least and the most."""
    return f"{median(values):.0f} ({min(values):.0f} to {max(values):.0f})"


HEAD = (
    *("pictures", "own file, ms", "cache, ms", "run, ms a pair", "run with cache, ms a pair", "ratio"),
    *("prepare, ms a picture", "cache a picture"),
)


def table(
    work: Path, pairs: int, rounds: int, height: int, unique: int = UNIQUE, painted: Path | None = None
) -> Iterator[list[str]]:
    """Yield a row for JPG and for DICOM."""
    for suffix in (".jpg", ".dcm"):
        own_work = work / suffix[1:]
        pictures = PictureSet(suffix, unique, height, NORMAL_EVERY)
        source = make_data_set(own_work / "in", max(2 * pairs, STUDIES), pictures, painted)
        begun = cpu_seconds()
        made = medcutmix_cli.prepare(source, own_work / "cache", workers=1)
        cost = 1000 * (cpu_seconds() - begun) / made.pictures
        medcutmix_cli.plan(source, own_work / "plan", encoder="bundled", unmixed="drop")
        medcutmix_cli.calibrate(own_work / "plan")
        own, cached = read_times(source, own_work / "cache", suffix, rounds)
        runs: dict[str, list[float]] = {"": [], str(own_work / "cache"): []}
        shards = set()
        rendered(own_work / "plan", "")
        for _ in range(rounds):
            for way, found in runs.items():
                cpu, shard = rendered(own_work / "plan", way)
                found.append(1000 * cpu)
                shards.add(shard)
        assert len(shards) == 1, "the bytes are not the same"
        plain, prepared = runs.values()
        yield [
            suffix[1:].upper().replace("DCM", "DICOM"),
            spread(own),
            spread(cached),
            extremes(plain),
            extremes(prepared),
            f"{median(plain) / median(prepared):.2f}x",
            f"{cost:.0f}",
            f"{made.bytes / made.pictures / 1000:.0f} kB",
        ]


def write_results(chosen: argparse.Namespace, rows: list[list[str]]) -> None:
    """Write PREPARED.md."""
    width = PictureSet(".jpg", 1, chosen.height).width
    lines = [
        "# Prepared pictures",
        "",
        f"`python -m tests.benchmarks.prepared --pairs {chosen.pairs} --rounds {chosen.rounds}`, "
        f"{time.strftime('%Y-%m-%d')}: {len(os.sched_getaffinity(0))} CPUs",
        f"that others used too (load {os.getloadavg()[1]:.0f}), Python {platform.python_version()}; pictures of "
        f"{width} x {chosen.height}, canvas {CANVAS}. All times are CPU.",
        "",
        *(__doc__ or "").split("\n\n")[1].splitlines(),
        "The shards of all runs of a row had the same bytes.",
        "",
        *("| " + " | ".join(cells) + " |" for cells in [HEAD, ["---"] * len(HEAD), *rows]),
    ]
    chosen.results.write_text("\n".join(lines) + "\n", encoding="utf-8")
    print("\n".join(lines))


def main() -> None:
    """Measure, print the table, and keep it."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--pairs", type=int, default=40)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--height", type=int, default=3056, help="rows of each picture")
    parser.add_argument("--results", type=Path, default=HERE / "PREPARED.md")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        rows = list(table(Path(folder), chosen.pairs, chosen.rounds, chosen.height))
    write_results(chosen, rows)


if __name__ == "__main__":
    main()
