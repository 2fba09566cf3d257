"""`python -m examples.benchmark run|report|judge`: run rows, write the page, judge mixes by a network (README.md)."""

from __future__ import annotations

import argparse
import sys
from functools import partial
from pathlib import Path

from examples.benchmark.config import DEFAULT, Benchmark, narrowed, read_config
from examples.benchmark.precision import trainable
from examples.benchmark.rows import RowName, all_rows, run_row
from examples.benchmark.tables import markdown_table
from medcutmix_cli.errors import MedcutmixError


def main(arguments: list[str] | None = None) -> int:
    """Run what is asked for; return 0, or 2 where a person has to act."""
    asked = parser().parse_args(arguments)
    try:
        whole = narrowed(
            read_config(asked.config), tuple(asked.set), tuple(asked.arm), ablations=asked.ablations
        )
        if asked.word == "report":
            from examples.benchmark.report import write_report  # matplotlib is an extra

            print(write_report(whole, asked.out, asked.page))
            return 0
        whole = trainable(whole, lambda line: print(line, file=sys.stderr))
        if asked.word == "judge":
            _judge(whole, asked)
            return 0
        rows = [RowName.parsed(text) for text in asked.row] or list(all_rows(whole))
        for row in rows:
            run_row(whole, row, asked.out, lambda line: print(line, flush=True))
    except MedcutmixError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    return 0


def _judge(whole: Benchmark, asked: argparse.Namespace) -> None:
    """Print the table of what a network of other originals sees in mixes."""
    from examples.benchmark.judge import HEAD, JUDGED, TEACHERS, judge_mixes

    teachers, judged = (tuple(asked.teacher) or TEACHERS), (tuple(asked.judged) or JUDGED)
    say = partial(print, file=sys.stderr, flush=True)
    lines = judge_mixes(whole, whole.sets[0], teachers, judged, asked.out, say)
    print(markdown_table(HEAD, lines))


def parser() -> argparse.ArgumentParser:
    """Return what reads the command line."""
    made = argparse.ArgumentParser(prog="python -m examples.benchmark", description=__doc__)
    words = made.add_subparsers(dest="word", required=True)
    run = words.add_parser("run", help="run rows: all of them, or those named")
    run.add_argument("--row", action="append", default=[], metavar="SET:CHUNK", help="one row; repeat it")
    report = words.add_parser("report", help="write tables and figures of what has been run")
    report.add_argument("--page", type=Path, help="the page to write; by default OUT/RESULTS.md")
    judge = words.add_parser("judge", help="let a network of other originals say what it sees in mixes")
    judge.add_argument(
        "--teacher", action="append", default=[], metavar="CHUNK", help="learns from it; repeat it"
    )
    judge.add_argument("--judged", action="append", default=[], metavar="CHUNK", help="mixes it; repeat it")
    for word in (run, report, judge):
        word.add_argument("--out", type=Path, required=True, help="folder of chunks and raw results")
        word.add_argument(
            "--config", type=Path, default=DEFAULT, help="TOML; by default benchmark.toml beside this file"
        )
        word.add_argument("--set", action="append", default=[], help="only this set; repeat it")
        word.add_argument("--arm", action="append", default=[], help="only this arm; repeat it")
        word.add_argument("--ablations", action="store_true", help="also the arms of the group ablation")
    return made


if __name__ == "__main__":
    sys.exit(main())
