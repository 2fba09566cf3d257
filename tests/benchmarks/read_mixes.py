"""Draw mixed reports for a reader, and score the critic against what the reader said. Prints no report text.

    python tests/benchmarks/read_mixes.py draw indiana_reports.csv OUTSIDE --pairing same-finding --count 200 --seed 1
    python tests/benchmarks/read_mixes.py draw RUN OUTSIDE --count 200 --seed 1
    python tests/benchmarks/read_mixes.py score OUTSIDE/same-finding.tsv tests/benchmarks/readings/same-finding.tsv

`draw` writes one text file for a person (what left, what came, the recipient's report, the donor's sentences, the mixed
report) and one table of ids with what the critic says, both outside the repository: they hold report text, or lead to
it. `score` takes the reader's verdicts (tab-separated: id, grade "serious" or "minor", kind; a mix without a line
is faultless) and prints fault rates with Wilson intervals and the critic's recall and precision. `--uncriticised`
keeps the critic out of planning, so that there is something for it to find.
"""

from __future__ import annotations

import argparse
import csv
import math
import random
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from medcutmix_cli.configuration.registry import load
from medcutmix_cli.configuration.settings import PlanSettings
from medcutmix_cli.evaluation.gold import read_texts
from medcutmix_cli.planning import plan as planning
from medcutmix_cli.planning import proposals
from medcutmix_cli.records import Image, Study
from medcutmix_cli.reports.critic import FindingExchange, criticise
from medcutmix_cli.reports.reader import ReportReader
from medcutmix_cli.run.contents import open_contents, read_columns

ROOT = Path(__file__).resolve().parents[2]
COLUMNS = ("pair_id", "finding", "finding_a", "side_a", "side_b", "report_a", "report", "edits")


@dataclass(frozen=True, slots=True)
class Mix:
    """One mixed report, with what a reader and the critic need to judge it."""

    pair_id: str
    exchanged: FindingExchange
    recipient: str
    entering: tuple[str, ...]
    mixed: str


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    words = parser.add_subparsers(dest="word", required=True)
    draw = words.add_parser("draw")
    draw.add_argument("source", type=Path, help="table of reports, or run folder")
    draw.add_argument("folder", type=Path, help="outside the repository")
    draw.add_argument("--pairing", default="same-finding")
    draw.add_argument("--count", type=int, default=200)
    draw.add_argument("--seed", type=int, default=1)
    draw.add_argument("--uncriticised", action="store_true", help="plan without the critic")
    score = words.add_parser("score")
    score.add_argument("drawn", type=Path)
    score.add_argument("verdicts", type=Path)
    options = parser.parse_args()
    if options.word == "draw":
        draw_mixes(options)
    else:
        print("\n".join(score_verdicts(options.drawn, options.verdicts)))


def draw_mixes(options: argparse.Namespace) -> None:
    """Write the drawn mixes for a reader."""
    folder = options.folder.resolve()
    if folder.is_relative_to(ROOT):
        raise SystemExit("the folder must lie outside the repository: it will hold report text")
    mixes = mixes_of(options)
    chosen = random.Random(options.seed).sample(mixes, min(options.count, len(mixes)))
    folder.mkdir(parents=True, exist_ok=True)
    reader, refused = ReportReader(), Counter[str]()
    name = options.pairing if options.source.is_file() else options.source.name
    with (
        (folder / f"{name}.txt").open("w", encoding="utf-8") as text,
        (folder / f"{name}.tsv").open("w", encoding="utf-8", newline="") as ids,
    ):
        table = csv.writer(ids, delimiter="\t", lineterminator="\n")
        table.writerow(("id", "critic"))
        for mix in chosen:
            faults = faults_of(mix, reader)
            refused.update(faults)
            table.writerow((mix.pair_id, " ".join(faults)))
            text.write("\n".join(as_text(mix)) + "\n\n")
    print(f"{name}: {len(chosen)} of {len(mixes)} mixes, seed {options.seed}")
    print("\n".join(f"  {rule} {count}" for rule, count in refused.most_common()))


def faults_of(mix: Mix, reader: ReportReader) -> list[str]:
    """Return the rules of the critic that a mix breaks."""
    recipient, mixed = reader.read(mix.recipient), reader.read(mix.mixed)
    found = criticise(mix.recipient, recipient, mix.mixed, mixed, mix.exchanged)
    return sorted({fault.rule for fault in found})


def mixes_of(options: argparse.Namespace) -> list[Mix]:
    """Return all mixes of a run, or of a plan that is made here; a study kept as it is, is none."""
    if options.source.is_dir():
        rows = read_columns(open_contents(options.source), list(COLUMNS))
        return [mix for row in rows if (mix := of_row(row)).exchanged.came]
    if options.uncriticised:
        proposals.criticism = lambda *_: ""
    start = time.process_time()
    settings = PlanSettings(seed=0, pairing=(options.pairing,))
    made = planning.make_plan(studies_of(options.source), settings, load("pairing", options.pairing)())
    spent = time.process_time() - start
    mixed = sum(bool(pair.finding) for pair in made.pairs)
    print(f"{made.inputs} studies, {mixed} mixes of {len(made.pairs)} pairs, {spent:.1f} CPU-seconds")
    print("\n".join(f"  refused {name} {n}" for name, n in sorted(made.refused.items(), key=lambda x: -x[1])))
    return [
        Mix(
            pair.pair_id,
            FindingExchange(pair.finding_a, pair.finding, pair.recipient.side, pair.donor.side),
            pair.recipient.report,
            tuple(edit.text for edit in pair.edits if edit.source_start >= 0),
            pair.report,
        )
        for pair in made.pairs
        if pair.finding
    ]


def of_row(row: dict[str, object]) -> Mix:
    """Return the mix of one row of a shard."""
    exchanged = FindingExchange(
        str(row["finding_a"]), str(row["finding"]), str(row["side_a"]), str(row["side_b"])
    )
    entering = tuple(edit["text"] for edit in row["edits"] if edit["source_start"] >= 0)
    return Mix(str(row["pair_id"]), exchanged, str(row["report_a"]), entering, str(row["report"]))


def studies_of(path: Path) -> Iterator[Study]:
    """Yield a study with a picture of its own for every report of a table; no picture is opened."""
    for key, text in read_texts(path).by_key.items():
        yield Study(f"s{key}", f"p{key}", "train", (Image(f"i{key}", f"{key}.png", "PA"),), text)


def as_text(mix: Mix) -> Iterator[str]:
    """Yield the lines that a person reads."""
    gone, came = mix.exchanged.gone or "nothing", mix.exchanged.came or "nothing"
    yield f"===== {mix.pair_id}: {gone} left, {came} came"
    yield f"--- recipient\n{mix.recipient.strip()}"
    yield "--- entering\n" + "\n".join(f"* {text.strip()}" for text in mix.entering)
    yield f"--- mixed\n{mix.mixed.strip()}"


def score_verdicts(drawn: Path, verdicts: Path) -> Iterator[str]:
    """Yield a table: fault rates of what the reader saw, and the critic against it."""
    critic = {row["id"]: row["critic"] for row in rows_of(drawn)}
    graded = {row["id"]: row["grade"] for row in rows_of(verdicts)}
    unknown = set(graded) - set(critic)
    if unknown:
        raise SystemExit(f"{len(unknown)} ids of the verdicts were not drawn")
    serious = {name for name, grade in graded.items() if grade == "serious"}
    refused = {name for name, rules in critic.items() if rules}
    yield "| measure | share | 95 % interval | of |"
    yield "|---|---|---|---|"
    yield share_line("serious faults", len(serious), len(critic))
    yield share_line("any fault", len(graded), len(critic))
    yield share_line(
        "serious faults that passed the critic", len(serious - refused), len(set(critic) - refused)
    )
    yield share_line(
        "any fault that passed the critic", len(set(graded) - refused), len(set(critic) - refused)
    )
    yield share_line("critic's recall, serious", len(serious & refused), len(serious))
    yield share_line("critic's recall, any", len(set(graded) & refused), len(graded))
    yield share_line("critic's precision", len(set(graded) & refused), len(refused))


def rows_of(path: Path) -> Sequence[dict[str, str]]:
    """Return the rows of a tab-separated table with a header."""
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, delimiter="\t"))


def share_line(what: str, count: int, total: int) -> str:
    """Return a row of the table; Wilson's interval (1927)."""
    if not total:
        return f"| {what} | - | - | 0 |"
    low, high = wilson(count, total)
    return f"| {what} | {count / total:.1%} ({count}) | {low:.1%} to {high:.1%} | {total} |"


def wilson(count: int, total: int, z: float = 1.96) -> tuple[float, float]:
    """Return the interval of a share."""
    share = count / total
    middle = share + z * z / (2 * total)
    spread = z * math.sqrt(share * (1 - share) / total + z * z / (4 * total * total))
    return (middle - spread) / (1 + z * z / total), (middle + spread) / (1 + z * z / total)


if __name__ == "__main__":
    main()
