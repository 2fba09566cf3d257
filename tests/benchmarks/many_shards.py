"""Does a run of a thousand shards stay quick to look at, and what does a shard cost beside its pairs?

Makes two runs of the same plan with the toy encoder of the tests, one of one pair a shard and one of a single shard,
and times what is typed on the first; writes the table to SHARDS.md.

    python -m tests.benchmarks.many_shards [--shards 1000] [--out FOLDER]
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import medcutmix_cli
from medcutmix_cli.run.folder import RunFolder
from tests.toy_encoder import ToyEncoder, use_encoder
from tests.trees import write_manifest

HERE = Path(__file__).resolve().parent
COMMANDS = ("status", "verify --shallow", "verify", "render")


def make_run(source: Path, out: Path, shard_size: int) -> float:
    """Plan and render a run; return the seconds that rendering took."""
    medcutmix_cli.plan(
        source, out, encoder="toy", gate="none", align="none", shard_size=shard_size, workers=1
    )
    started = time.perf_counter()
    status = medcutmix_cli.render(out, workers=1)
    seconds = time.perf_counter() - started
    if status.missing or status.written != status.planned:
        raise SystemExit(f"the run in {out} is not whole")
    return seconds


def timed(command: str, run: Path) -> float:
    """Return the seconds that a command takes, start-up included."""
    word, *options = command.split()
    started = time.perf_counter()
    subprocess.run(
        [sys.executable, "-m", "medcutmix_cli", word, str(run), *options], check=True, capture_output=True
    )
    return time.perf_counter() - started


def measure(shards: int, folder: Path) -> list[tuple[str, str]]:
    """Make both runs below `folder` and time everything."""
    source = write_manifest(folder / "pictures", shards)
    one_by_one = make_run(source, folder / "many", 1)
    together = make_run(source, folder / "one", shards)
    run = RunFolder(folder / "many")
    count = len(list((run.root / "data").glob("*.parquet")))
    small = sum(path.stat().st_size for path in run.root.rglob("*") if path.is_file())
    rows = [(f"`{command}`", f"{timed(command, run.root):.1f} s") for command in COMMANDS]
    return [
        ("shards", f"{count:,}, one pair each"),
        ("run folder", f"{small / 1e6:.0f} MB, plan {run.plan_file.stat().st_size / 1e6:.1f} MB"),
        *rows,
        (f"rendering {count:,} pairs in one shard", f"{together:.1f} s"),
        (f"rendering them in {count:,} shards", f"{one_by_one:.1f} s"),
        ("a shard beside its pairs", f"{1000 * (one_by_one - together) / max(1, count - 1):.0f} ms"),
    ]


def main() -> None:
    """Measure, print, and keep the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--shards", type=int, default=1000)
    parser.add_argument("--out", type=Path, default=None)
    chosen = parser.parse_args()
    use_encoder(setattr, lambda _settings: ToyEncoder())
    with tempfile.TemporaryDirectory() as temporary:
        rows = measure(chosen.shards, chosen.out or Path(temporary))
    lines = [
        "# A run of many shards",
        "",
        f"`python -m tests.benchmarks.many_shards --shards {chosen.shards}`, {len(os.sched_getaffinity(0))} CPUs, "
        f"load {os.getloadavg()[2]:.1f} (15 minutes). Commands are timed with their start-up.",
        "",
        "| what | |",
        "|---|---|",
        *(f"| {name} | {value} |" for name, value in rows),
    ]
    (HERE / "SHARDS.md").write_text("\n".join(lines) + "\n", encoding="utf-8")
    print("\n".join(lines))


if __name__ == "__main__":
    main()
