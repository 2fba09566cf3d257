"""Score the report reader on hard sentences, by the rules of their README. Prints kinds and ids, no text.

usage: python tests/benchmarks/hard_sentences.py [FILE.jsonl]

A text is right if every expected finding is read with one of its assertions (and its side, where one is asked),
and nothing beyond the expected is read as present.
"""

from __future__ import annotations

import argparse
import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from medcutmix_cli.records import Reading, Side
from medcutmix_cli.reports.labels import counting_sections, finding_states
from medcutmix_cli.reports.reader import ReportReader
from medcutmix_cli.sides import joint_side

HARD = Path(__file__).resolve().parents[2] / "../shared/data/hard-sentences/hard.jsonl"


@dataclass(frozen=True, slots=True)
class Marked:
    """One text with what was read wrong, as "finding: what"; empty where all is right."""

    identifier: str
    kind: str
    faults: tuple[str, ...]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("file", nargs="?", type=Path, default=HARD)
    marked = mark(parser.parse_args().file)
    kinds, right = Counter(m.kind for m in marked), Counter(m.kind for m in marked if not m.faults)
    print("| kind | texts | right |\n|---|---|---|")
    for kind, count in kinds.items():
        print(f"| {kind} | {count} | {right[kind]} |")
    print(f"| **all** | {len(marked)} | **{sum(right.values())}** |\n")
    for one in marked:
        if one.faults:
            print(f"{one.identifier} {one.kind}: {'; '.join(one.faults)}")


def mark(path: Path) -> list[Marked]:
    """Read every text of a file of hard sentences and compare it with what is expected of it."""
    lines = (json.loads(line) for line in path.read_text("utf-8").splitlines() if line.strip())
    return [
        Marked(row["id"], row["kind"], tuple(faults(ReportReader().read(row["text"]), row["expected"])))
        for row in lines
    ]


def faults(reading: Reading, expected: list[dict[str, Any]]) -> Iterator[str]:
    """Yield what a reading says otherwise than expected."""
    states = {finding: str(state) for finding, state in finding_states(reading).items()}
    for one in expected:
        finding, wanted = one["finding"], one["assertion"].split("|")
        said = states.get(finding, "none")
        if "any" not in wanted and said not in wanted:
            yield f"{finding} {said}, not {'|'.join(wanted)}"
        elif one["side"] and said != "none" and side_of(reading, finding) != one["side"]:
            yield f"{finding} on side {side_of(reading, finding)}, not {one['side']}"
    named = {one["finding"] for one in expected}
    yield from (f"{f} present, not expected" for f, s in states.items() if s == "present" and f not in named)


def side_of(reading: Reading, finding: str) -> str:
    """Return the side that the mentions which decide a finding's state give together."""
    counting, state = counting_sections(reading), finding_states(reading)[finding]
    deciding = (
        Side(mention.side)
        for sentence in reading.sentences
        if sentence.section in counting
        for mention in sentence.mentions
        if mention.finding == finding and mention.assertion == state
    )
    return str(joint_side(deciding))


if __name__ == "__main__":
    main()
