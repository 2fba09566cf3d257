"""Score the report reader against public gold tables, and time it. Prints figures and ids, never report text.

usage: python tests/benchmarks/score_reports.py [SHARED_DATA_DIR] [--worst N]

`present` on the Open-i gold (13 findings that occur) and the negated class of the NegEx test sentences.
"""

from __future__ import annotations

import argparse
import csv
import re
import time
from collections import Counter
from pathlib import Path

from medcutmix_cli.records import Assertion
from medcutmix_cli.reports.assertion import assertion_at, read_clause
from medcutmix_cli.reports.labels import finding_states, labels_of_states
from medcutmix_cli.reports.reader import ReportReader
from medcutmix_cli.reports.words import canonical

CHEST_TERMS = re.compile(
    r"effusion|pneumo|consolidat|atelecta|edema|cardiomegaly|infiltrat|opacit|nodul|mass|lung|pulmon|pleural|cough|chest"
    r"|dyspnea|shortness of breath|heart|cardi|murmur|wheez|rales|rhonchi|crackle",
    re.IGNORECASE,
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    default = Path(__file__).resolve().parents[2] / "../shared/data"
    parser.add_argument("data", nargs="?", type=Path, default=default)
    parser.add_argument("--worst", type=int, default=0, help="ids of so many disagreements per finding")
    options = parser.parse_args()
    score_open_i(options.data / "open-i", options.worst)
    score_negex(options.data / "negex" / "sentences.tsv", options.worst)


def score_open_i(folder: Path, worst: int) -> None:
    """Print precision, recall and F1 of `present` per finding, and reports/s."""
    gold = {row["filename"][3:]: row for row in _rows(folder / "gold14.csv")}
    reports = {
        row["uid"]: _laid_out(row) for row in _rows(folder / "indiana_reports.csv") if row["uid"] in gold
    }
    reader = ReportReader()
    reader.read("Small effusion (SE).")
    start = time.perf_counter()
    read = {uid: labels_of_states(finding_states(reader.read(text)), "nih") for uid, text in reports.items()}
    print(f"{len(read)} reports, {len(read) / (time.perf_counter() - start):.0f} reports/s on one core")
    names = [name for name in next(iter(gold.values())) if name not in ("filename", "normal")]
    counts = {}
    for name in names:
        truth = {uid for uid, row in gold.items() if row[name] == "1"}
        found = {uid for uid, labels in read.items() if labels.get(name) == 1.0}
        if truth:
            counts[name] = _counts(truth, found)
            _print_row(name, *counts[name])
            if worst:
                print("   missed:", " ".join(sorted(truth - found)[:worst]))
                print("   extra: ", " ".join(sorted(found - truth)[:worst]))
    _print_row("micro", *(sum(column) for column in zip(*counts.values(), strict=True)))
    print(f"macro F1 {sum(_f1(*c) for c in counts.values()) / len(counts):.3f} over {len(counts)} findings")


def score_negex(path: Path, worst: int) -> None:
    """Print precision, recall and F1 of the negated class, over all concepts and chest terms."""
    text = path.read_text(encoding="latin-1")
    tallies = {"all": Counter[str](), "chest": Counter[str]()}
    wrong: list[str] = []
    for line in text.splitlines()[1:]:
        number, concept, sentence, status = line.split("\t")[:4]
        outcome = _outcome(_negated(sentence, concept), status == "Negated")
        for name in ("all", "chest") if CHEST_TERMS.search(concept) else ("all",):
            tallies[name][outcome] += 1
        wrong += [number] if outcome in ("extra", "missed") else []
    for name, tally in tallies.items():
        _print_row(f"negated ({name})", tally["hit"], tally["extra"], tally["missed"])
    if worst:
        print("   wrong lines:", " ".join(wrong[: worst * 4]))


def _negated(sentence: str, concept: str) -> bool:
    words, target = canonical(sentence), canonical(concept)
    # The concept stands in capitals in the sentence; the first place where its words do is meant.
    pattern = re.compile(r"\s+".join(map(re.escape, concept.upper().split())))
    place = pattern.search(sentence)
    if place is None:
        at = words.text.find(target.text)
        span = words.indices(at, at + len(target.text)) if at >= 0 else (0, len(words))
    else:
        inside = [k for k in range(len(words)) if place.start() <= words.starts[k] < place.end()]
        span = (inside[0], inside[-1] + 1) if inside else (0, len(words))
    return assertion_at(read_clause(words, [span]), *span) is Assertion.ABSENT


def _outcome(found: bool, truth: bool) -> str:
    return ("hit" if truth else "extra") if found else ("missed" if truth else "rest")


def _laid_out(row: dict[str, str]) -> str:
    parts = ("indication", "comparison", "findings", "impression")
    return "FINAL REPORT\n" + "".join(f" {name.upper()}: {row[name]}\n \n" for name in parts if row[name])


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def _counts(truth: set[str], found: set[str]) -> tuple[int, int, int]:
    return len(truth & found), len(found - truth), len(truth - found)


def _f1(hits: int, extra: int, missed: int) -> float:
    return 2 * hits / max(1, 2 * hits + extra + missed)


def _print_row(name: str, hits: int, extra: int, missed: int) -> None:
    precision, recall = hits / max(1, hits + extra), hits / max(1, hits + missed)
    score = _f1(hits, extra, missed)
    print(f"{name:20s} n {hits + missed:5d}  precision {precision:.3f}  recall {recall:.3f}  F1 {score:.3f}")


if __name__ == "__main__":
    main()
