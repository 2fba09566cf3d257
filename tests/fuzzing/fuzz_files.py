"""Damaged tables, archives, recipes and files of a run end in the same data or in a named error: by the thousand.

    python -m tests.fuzzing.fuzz_files --cases 1000 --seed 1

Prints a line of `FUZZING.md` for each kind. The program is called in a process that does many cases; one that ends it,
or holds it up, is counted, and another process goes on behind it.
"""

from __future__ import annotations

import argparse
import contextlib
import gzip
import io
import json
import os
import resource
import signal
import subprocess
import sys
import tarfile
import time
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.json
import pyarrow.parquet

from medcutmix_cli.main import main as medcutmix
from tests.builders import make_report
from tests.flips import KINDS as RUN_FILES
from tests.flips import LEXICON, SpotEncoder, write_runs
from tests.fuzzing.mutations import cut, flip, mutate, repeat, set_number
from tests.fuzzing.tallies import CaseTally, print_lines
from tests.mimic_trees import Tree
from tests.toy_encoder import use_encoder
from tests.trees import write_manifest

LONGEST = 10  # seconds
MOST_MEMORY = 6 << 30  # addresses, of which torch takes most without using them
FINE = frozenset({0, 1, 2, 3, 4, 5})
NEVER = ("Traceback", "unexpected", "Warning:")
"""What no message has: a traceback, the word for an error that nobody foresaw, a warning of a library."""

RECIPE = """[dataset]
columns = { image = "path", report = "text" }
[plan]
seed = 3
pairs_per_study = 2
splits = ["train"]
pairing = "same-finding"
[plan.policy.pleural_effusion]
views = "same"
[mixing]
mask = "topk"
[mixing.options.topk]
fraction = 0.15
[image]
canvas = 224
[run]
shard_size = 16
max_fail_frac = 0.1
"""
WORDS = (
    b"[plan]", b"[[plan]]", b"= nan", b"= inf", b"= -1", b"= 1e400", b"= true", b"= []", b"= {}",
    b'= "\\u0000"', b"'''", b"\r\n", b"\xef\xbb\xbf", b"\0", b'""', b",", b"\t", b"\n\n",
    b"99999999999999999999", b"\xff\xfe", b"=", b"NaN", b"null",
)  # fmt: skip


def put_word(content: bytes, rng: np.random.Generator) -> bytes:
    """Put something that means something in tables or recipes anywhere."""
    at = int(rng.integers(0, len(content) + 1))
    return content[:at] + WORDS[int(rng.integers(len(WORDS)))] + content[at + int(rng.integers(0, 4)) :]


MUTATIONS = (flip, set_number, cut, repeat, put_word, put_word)


@dataclass(frozen=True)
class Target:
    """A file to damage, and the command that then meets it.

    Attributes:
        must_fail: Whether the command has to find the damage.
    """

    path: Path
    command: tuple[str, ...]
    must_fail: bool = False


def table_targets(folder: Path) -> list[Target]:
    """Write one small table in every form."""
    source = write_manifest(folder / "in", 6)
    rows = [json.loads(line) for line in (source / "manifest.jsonl").read_text().splitlines()]
    table = pa.Table.from_pylist(rows)
    pyarrow.csv.write_csv(table, source / "a.csv")
    (source / "a.tsv").write_text((source / "a.csv").read_text().replace('","', '"\t"'))
    (source / "a.json").write_text(json.dumps(rows))
    pyarrow.parquet.write_table(table, source / "a.parquet")
    (source / "a.csv.gz").write_bytes(gzip.compress((source / "a.csv").read_bytes()))
    names = ("manifest.jsonl", "a.csv", "a.tsv", "a.json", "a.parquet", "a.csv.gz")
    return [Target(source / name, ("check", str(source / name))) for name in names]


def archive_targets(folder: Path) -> list[Target]:
    """Write the same reports as zip, as tar and as a folder's file, beside a tree of MIMIC-CXR."""
    tree = folder / "tree"
    Tree().write(tree)
    texts = {
        f"files/p{subject[:2]}/p{subject}/s{study}.txt": make_report("Small right pleural effusion.")
        for subject, study in (("10000001", "50000001"), ("10000001", "50000002"), ("10000002", "50000003"))
    }
    with zipfile.ZipFile(folder / "reports.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in texts.items():
            archive.writestr(name, text)
    with tarfile.open(folder / "reports.tar.gz", "w:gz") as tar:
        for name, text in texts.items():
            member = tarfile.TarInfo(name)
            member.size = len(text)
            tar.addfile(member, io.BytesIO(text.encode()))
    ask = ("check", str(tree), "--reports")
    return [Target(folder / name, (*ask, str(folder / name))) for name in ("reports.zip", "reports.tar.gz")]


def recipe_targets(folder: Path) -> list[Target]:
    """Write a recipe, and a lexicon."""
    (folder / "recipe.toml").write_text(RECIPE)
    (folder / "lexicon.toml").write_text(LEXICON)
    read = ("read", "Small fluid level.", "--findings", str(folder / "lexicon.toml"))
    return [
        Target(folder / "recipe.toml", ("config", "show", str(folder / "recipe.toml"))),
        Target(folder / "lexicon.toml", read),
    ]


def run_targets(folder: Path) -> list[Target]:
    """Make a small run that has a file of every kind."""
    use_encoder(setattr, lambda _settings: SpotEncoder())
    run, _ = write_runs(folder)
    found = [path for pattern in RUN_FILES.values() for path in sorted(run.root.glob(pattern))[:2]]
    asked = (("verify", True), ("status", False), ("inspect", False))
    return [
        Target(path, (word, str(run.root)), must_fail)
        for path in found
        if path.stat().st_size
        for word, must_fail in asked
    ]


TARGETS: dict[str, Callable[[Path], list[Target]]] = {
    "tables": table_targets,
    "archives of reports": archive_targets,
    "recipes and lexicons": recipe_targets,
    "files of a run": run_targets,
}


@dataclass
class Tally(CaseTally):
    """What became of the cases of one kind."""

    codes: Counter[str] = field(default_factory=Counter)

    def add(self, code: str, wrong: str, seconds: float) -> None:
        """Count a case."""
        self.cases += 1
        self.codes[code] += 1
        self.wrong.update([wrong] if wrong else [])
        self.slowest = max(self.slowest, seconds)

    def line(self, kind: str, seed: int, minutes: float) -> str:
        """Return a line of the table."""
        codes = ", ".join(f"exit {code}: {count}" for code, count in sorted(self.codes.items()))
        return f"| {kind} | {self.cases} | {seed} | {minutes:.1f} | {self.wrongs} | {self.slowest:.1f} | {codes} |"


def call(command: Sequence[str]) -> tuple[int | None, str]:
    """Return the exit code and what was said; None where it did not end by itself."""
    said = io.StringIO()
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
        try:
            medcutmix(list(command))
        except SystemExit as ended:
            return (ended.code if isinstance(ended.code, int) else 0), said.getvalue()
        except TimeoutError:
            return None, "too slow"
        except BaseException as error:  # noqa: BLE001 - that is what is looked for
            return None, f"left {type(error).__name__}"
    return None, "did not leave"


def judge(target: Target, content: bytes) -> tuple[str, str, float]:
    """Damage one file, call the command, put the file back; return exit code, what is wrong, and seconds."""
    whole = target.path.read_bytes()
    target.path.write_bytes(content)
    started = time.monotonic()
    signal.alarm(LONGEST)
    try:
        code, said = call(target.command)
    finally:
        signal.alarm(0)
        target.path.write_bytes(whole)
    wrong = said if code is None else next((f"says {word}" for word in NEVER if word in said), "")
    if code is not None and code not in FINE:
        wrong = f"exit {code}"
    if target.must_fail and code == 0 and content != whole:
        wrong = "not found"
    return (
        str(code),
        wrong and f"{wrong} ({target.path.name}, {target.command[0]})",
        time.monotonic() - started,
    )


def cases_of(kind: str, first: int, last: int, seed: int) -> Iterator[tuple[int, str, str, float]]:
    """Do some cases of a kind, and yield the number of each before its outcome is known as "begun"."""
    with TemporaryDirectory() as name:
        targets = TARGETS[kind](Path(name))
        for number in range(first, last):
            rng = np.random.default_rng([seed, number])
            target = targets[number % len(targets)]
            yield number, "begun", target.path.name, 0.0
            code, wrong, seconds = judge(
                target, mutate(target.path.read_bytes(), rng, MUTATIONS, longer_than=8)
            )
            yield number, code, wrong, seconds


def _too_slow(*_: object) -> None:
    raise TimeoutError


def work(kind: str, first: int, last: int, seed: int) -> None:
    """Do some cases in this process, and print a JSON line before and after each."""
    resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))
    signal.signal(signal.SIGALRM, _too_slow)
    out = os.fdopen(os.dup(1), "w")
    for outcome in cases_of(kind, first, last, seed):
        print(json.dumps(outcome), file=out, flush=True)


def fuzz(kind: str, cases: int, seed: int) -> Tally:
    """Do `cases` cases of a kind, in as many processes as it takes."""
    tally, first = Tally(), 0
    while first < cases:
        words = (sys.executable, "-m", "tests.fuzzing.fuzz_files")
        asked = ("--work", kind, "--first", str(first), "--cases", str(cases), "--seed", str(seed))
        done = subprocess.run([*words, *asked], capture_output=True, text=True, check=False)
        outcomes = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("[")]
        for _, code, wrong, seconds in outcomes:
            if code != "begun":
                tally.add(code, wrong, seconds)
        if outcomes and outcomes[-1][1] == "begun":
            tally.add("none", f"ended the process ({outcomes[-1][2]}, {done.returncode})", 0.0)
        if not outcomes:
            raise SystemExit(done.stderr)
        first = outcomes[-1][0] + 1
    return tally


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--cases", type=int, default=1000, help="of each kind")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--kinds", nargs="+", default=list(TARGETS))
    parser.add_argument("--work", default="", help=argparse.SUPPRESS)
    parser.add_argument("--first", type=int, default=0, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.work:
        work(given.work, given.first, given.cases, given.seed)
        return
    print_lines(given.kinds, given.seed, lambda kind: fuzz(kind, given.cases, given.seed))


if __name__ == "__main__":
    main()
