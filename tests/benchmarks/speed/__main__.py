"""The speed benchmarks in one command; rewrites the tables of tests/benchmarks/RESULTS.md.

Subjects are measured in turns (A B A B ...), so that whatever else the machine does falls on all of them. Works without
the network. `--work` keeps the painted pictures for the next time.

    python -m tests.benchmarks.speed [--only PART ...] [--encoders NAME ...] [--rounds N] [--work DIR]
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from tests.benchmarks.speed import page
from tests.benchmarks.speed.encoders import FP32, FREE, NAMES
from tests.benchmarks.speed.parts import (
    decoders,
    memory,
    notebook,
    planning,
    prepared_pictures,
    stage_costs,
    start,
)
from tests.benchmarks.speed.runs import Setup

PARTS: Mapping[str, Callable[[Setup], dict[str, str]]] = {
    "notebook": notebook.measure,
    "decoders": decoders.measure,
    "stages": stage_costs.measure,
    "prepared": prepared_pictures.measure,
    "start": start.measure,
    "plan": planning.measure,
    "memory": memory.measure,
}
"""notebook also gives the floor, stages the projection."""

SMALL = {
    "height": 256,
    "unique": 9,
    "studies": 72,
    "loop_pairs": 3,
    "memory_pairs": (30, 60),
    "reports": 800,
    "names": (FREE, FP32),
    "small": True,
}


def main(words: Sequence[str] | None = None) -> None:
    """Measure, print each block, and keep it."""
    chosen = _parsed(words)
    with tempfile.TemporaryDirectory(prefix="speed-") as temporary:
        work = (chosen.work or Path(temporary)).resolve()
        with tempfile.TemporaryDirectory(dir=_made(work), prefix="scratch-") as scratch:
            setup = Setup(work, Path(scratch), chosen.rounds, **(SMALL if chosen.small else {}))
            if chosen.encoders:
                setup = replace(setup, names=tuple(chosen.encoders))
            measure(setup, chosen.only, chosen.page)


def measure(setup: Setup, parts: Sequence[str], results: Path) -> None:
    """Measure some parts; each is kept as soon as it is there."""
    for part in parts:
        blocks = PARTS[part](setup)
        page.write_blocks(results, blocks)
        print(*blocks.values(), sep="\n\n", flush=True)


def _parsed(words: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m tests.benchmarks.speed",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--only", nargs="+", choices=PARTS, default=list(PARTS), metavar="PART", help=", ".join(PARTS)
    )
    parser.add_argument("--encoders", nargs="+", choices=NAMES, metavar="NAME", help=", ".join(NAMES))
    parser.add_argument("--rounds", type=int, default=3, help="turns of each subject")
    parser.add_argument("--work", type=Path, help="keep painted pictures here")
    parser.add_argument("--page", type=Path, default=page.PAGE)
    parser.add_argument(
        "--small", action="store_true", help="tiny pictures and networks: shows that all runs"
    )
    return parser.parse_args(words)


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return folder


if __name__ == "__main__":
    main(sys.argv[1:])
