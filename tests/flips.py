"""Flip bits of every kind of file of a run, one at a time, and ask plain `verify` whether it says so.

python -m tests.flips --times 1000 --seed 1 --write     the table goes to tests/benchmarks/FLIPS.md

A flip counts as found where `verify` names the file, in a problem that it did not name before; whatever it raises
instead is a flip that is not found. Two runs are flipped: a finished one, and one that was interrupted.
"""

from __future__ import annotations

import argparse
import json
import random
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np

import medcutmix_cli
from medcutmix_cli.encoders.base import Attention, Query
from medcutmix_cli.gallery import write_gallery
from medcutmix_cli.inspection.verification import verify
from medcutmix_cli.run.folder import RunFolder
from medcutmix_cli.run.shard_state import begin_attempt
from tests.builders import make_report
from tests.toy_encoder import ToyEncoder, use_encoder
from tests.trees import write_manifest

TABLE = Path(__file__).resolve().parent / "benchmarks" / "FLIPS.md"
KINDS = {
    "run.json": "run.json",
    "plan.parquet": "plan.parquet",
    "plan of a refill": "plan-*.parquet",
    "reserve": "reserve.parquet",
    "null pictures": "nulls.parquet",
    "calibration": "calibration.json",
    "lexicon": "findings.toml",
    "data card": "README.md",
    "schema of a row": "row.schema.json",
    "page": "report.html",
    "shards": "data/part-*.parquet",
    "state files": "state/part-*.json",
    "attempts": "state/part-*.attempts",
    "failure lists": "failures/part-*.jsonl",
}
"""Kind of file -> where it lies in a run folder."""

RECIPE = """
[mixing]
gate = "null-max"
[mixing.options.null-max]
alpha = 0.2
confidence = 0.0
pictures = 8
"""
LEXICON = """[[finding]]
id = "fluid_level"
terms = ['air-fluid levels?']
chexpert = "Pleural Other"
"""


@dataclass(frozen=True)
class SpotEncoder(ToyEncoder):
    """Scores each cell by its brightness alone: evidence is a bright spot."""

    def encode_sentences(self, sentences: Any) -> list[Query]:
        """Return nothing of any of them."""
        return [Query(None) for _ in sentences]

    def attend(self, image: Any, sentence: Any) -> Attention:
        """Return the brightness."""
        return Attention((10 * image).astype(np.float16))


def write_source(folder: Path, effusions: int = 12) -> Path:
    """Write effusions of which number 0 has no spot, so that it is rejected, and eight that are denied."""
    write_manifest(folder / "in", effusions + 8)
    manifest = folder / "in" / "manifest.jsonl"
    rows = [json.loads(line) for line in manifest.read_text().splitlines()]
    for number, row in enumerate(rows):
        said = "There is a small right pleural effusion." if number < effusions else "No pleural effusion."
        row["report"] = make_report(said)
        _write_picture(folder / "in" / f"{number}.jpg", number, spot=0 < number < effusions)
    manifest.write_text("".join(json.dumps(row) + "\n" for row in rows))
    (folder / "recipe.toml").write_text(RECIPE)
    (folder / "lexicon.toml").write_text(LEXICON)
    return folder / "in"


def _write_picture(path: Path, number: int, *, spot: bool) -> None:
    rng = np.random.default_rng(number)
    plane = cv2.resize(rng.integers(40, 90, (10, 9), dtype=np.uint8), (130, 150))
    if spot:
        plane[60:90, 20:50] = 230  # the patient's right
    cv2.imwrite(str(path), plane)


def write_runs(folder: Path, effusions: int = 12) -> tuple[RunFolder, RunFolder]:
    """Write a finished run that holds every kind of file, and the same run interrupted in its last shard.

    `SpotEncoder` must be in use.
    """
    finished = RunFolder(folder / "run")
    medcutmix_cli.augment(
        write_source(folder, effusions),
        finished.root,
        config=folder / "recipe.toml",
        lexicon=folder / "lexicon.toml",
        encoder="toy",
        align="none",
        canvas=112,
        shard_size=4,
        workers=1,
        reserve=12,
        unmixed="drop",
    )
    write_gallery(finished.root, finished.root / "report.html", 1)
    interrupted = RunFolder(folder / "interrupted")
    shutil.copytree(finished.root, interrupted.root)
    begin_attempt(interrupted, 0)
    return finished, interrupted


def files_of(folder: RunFolder, kind: str) -> list[Path]:
    """Return the files of one kind that hold a byte, and that the run counts as its own."""
    found = sorted(path for path in folder.root.glob(KINDS[kind]) if path.stat().st_size)
    if kind in (
        "shards",
        "failure lists",
    ):  # what lies there of a shard that is not complete is written again
        return [path for path in found if folder.state_file(int(path.stem[-5:])).is_file()]
    return found


@dataclass(frozen=True)
class Flip:
    """One flipped bit.

    Attributes:
        rule: By which it was found; "" where it was not, and the name of an exception where there was one.
    """

    kind: str
    path: Path
    place: int
    bit: int
    rule: str
    found: bool


def flip_bits(folder: RunFolder, times: int, seed: int) -> Iterator[Flip]:
    """Flip so many bits of a run, the kinds of its files in turn; each is put back."""
    rng, before = random.Random(f"flips:{seed}"), problems_of(folder)
    kinds = [kind for kind in KINDS if files_of(folder, kind)]
    for number in range(times):
        kind = kinds[number % len(kinds)]
        path = rng.choice(files_of(folder, kind))
        content = path.read_bytes()
        place, bit = rng.randrange(len(content)), rng.randrange(8)
        changed = bytearray(content)
        changed[place] ^= 1 << bit
        path.write_bytes(changed)
        try:
            rule, found = _asked(folder, path, before)
        finally:
            path.write_bytes(content)
        yield Flip(kind, path, place, bit, rule, found)


def problems_of(folder: RunFolder) -> set[tuple[str, str]]:
    """Return where plain `verify` finds problems, and by which rules."""
    return {(problem.where, problem.rule) for problem in verify(folder.root).problems}


def _asked(folder: RunFolder, path: Path, before: set[tuple[str, str]]) -> tuple[str, bool]:
    try:
        new = problems_of(folder) - before
    except Exception as error:  # noqa: BLE001 - that is what must not come
        return type(error).__name__, False
    rules = sorted(rule for where, rule in new if where.endswith(path.name))
    return (rules[0], True) if rules else ("", False)


def table(flips: list[Flip]) -> str:
    """Return the counts by kind of file as Markdown."""
    lines = ["| file | flipped | found | by the rule |", "|---|--:|--:|---|"]
    for kind in KINDS:
        own = [flip for flip in flips if flip.kind == kind]
        rules = Counter(flip.rule for flip in own if flip.found)
        said = ", ".join(f"{rule} {times}" for rule, times in sorted(rules.items()))
        lines.append(f"| {kind} | {len(own)} | {sum(flip.found for flip in own)} | {said} |")
    lines.append(f"| **all** | {len(flips)} | {sum(flip.found for flip in flips)} | |")
    return "\n".join(lines)


def main(arguments: list[str] | None = None, tell: Callable[[str], object] = print) -> int:
    """Flip bits, tell the table and the flips that were not found."""
    parser = argparse.ArgumentParser(prog="python -m tests.flips", description=__doc__)
    parser.add_argument("--times", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--write", action="store_true")
    given = parser.parse_args(arguments)
    use_encoder(setattr, lambda _settings: SpotEncoder())
    with tempfile.TemporaryDirectory() as folder:
        finished, interrupted = write_runs(Path(folder))
        began = time.monotonic()
        part = given.times // 4
        flips = [
            *flip_bits(finished, given.times - part, given.seed),
            *flip_bits(interrupted, part, given.seed),
        ]
    counts = table(flips)
    tell(counts)
    lost = [flip for flip in flips if not flip.found]
    for flip in lost:
        tell(f"not found: {flip}")
    if given.write:
        command = f"`python -m tests.flips --times {given.times} --seed {given.seed} --write`"
        took = f"{(time.monotonic() - began) / 60:.0f} minutes"
        head = TABLE.read_text(encoding="utf-8").partition("<!-- table -->")[0]
        TABLE.write_text(f"{head}<!-- table -->\n{command}: {took}\n\n{counts}\n", encoding="utf-8")
    return bool(lost)


if __name__ == "__main__":
    sys.exit(main())
