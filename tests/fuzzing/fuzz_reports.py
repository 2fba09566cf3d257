"""Odd reports are read and mixed, or left out by name: by the thousand, by hand.

    python -m tests.fuzzing.fuzz_reports --cases 20000 --seed 1

Each report is read by itself, with a limit of time, and all are planned in cohorts of 40, a pairing after the other.
Prints a line of `FUZZING.md` for each pairing. Says nothing of any text but its case.
"""

from __future__ import annotations

import argparse
import re
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

from medcutmix_cli.configuration.registry import load
from medcutmix_cli.configuration.settings import PlanSettings
from medcutmix_cli.pairing.editing import splice
from medcutmix_cli.planning.plan import make_plan
from medcutmix_cli.planning.reading import LONGEST_REPORT, runs_on
from medcutmix_cli.records import Pair, Study
from medcutmix_cli.reports.reader import ReportReader
from tests.builders import make_study
from tests.fuzzing.tallies import CaseTally, print_lines

LONGEST = 10.0  # seconds
COHORT = 40
PAIRINGS = ("same-finding", "cross-finding", "normal-host")
ADDED = frozenset({"no", "and", "or"})
"""Words that an edit may put where neither parent has them: "without pneumothorax" becomes "No pneumothorax"."""

FINDINGS = (
    "pleural effusion", "pneumothorax", "consolidation", "mass", "atelectasis", "pneumonia", "opacity", "nodule",
    "cardiomegaly", "pulmonary edema", "endotracheal tube", "rib fracture",
)  # fmt: skip
PLACES = (
    "right",
    "left",
    "bilateral",
    "right upper lobe",
    "left basilar",
    "",
    "retrocardiac",
    "in the lung bases",
)
FRAMES = (
    "There is a small {place} {finding}.", "No {place} {finding}.", "{place} {finding} is present, as before.",
    "No {finding}, {other} or {finding}.", "Possible {place} {finding} versus {other}.", "Lungs are otherwise clear.",
    "{finding} and {other} have resolved.", "Large {place} {finding} with adjacent {other}.", "Heart size is normal.",
    "1. {finding}. 2. {other}.", "Moderate {finding}; no {other}", "without {finding} but with {place} {other}",
)  # fmt: skip
HEADINGS = (
    "FINDINGS:", "IMPRESSION:", "FINDINGS AND IMPRESSION:", "Impression :", "CONCLUSION:", "INDICATION:", "COMPARISON:",
    "FINDINGS", "WET READ:", "ADDENDUM:", "EXAMINATION: CHEST (PA AND LAT)",
)  # fmt: skip
ODD = (
    "\0", "\x07", "\x1b[31m", "\u200b", "\u202e", "\ufeff", "\u2028", "\x85", "\xa0", "\ufffd", "\U0001f9b4",
    "\u0130", "\u00df", "e\u0301", "\u3002", "\u201c", "\u2019", "\u2014", "\u2026", "___", "___.", "\\",
    "{}", "%s", "\r", "\r\n", "\t", "\f", "((((", "))", "[[", "::", ";;", "...", "?!", "1.", "2)", "-", "*",
    "#", "<b>", "&amp;",
)  # fmt: skip


@dataclass
class Tally(CaseTally):
    """What became of the cases of one pairing."""

    pairs: int = 0
    dropped: Counter[str] = field(default_factory=Counter)

    def line(self, kind: str, seed: int, minutes: float) -> str:
        """Return a line of the table."""
        told = ", ".join(f"{name} {count}" for name, count in self.dropped.most_common(6))
        numbers = f"{self.cases} | {seed} | {minutes:.1f} | {self.pairs}"
        return f"| reports, {kind} | {numbers} | {self.wrongs} | {self.slowest:.1f} | {told} |"


def sentence(rng: np.random.Generator) -> str:
    """Return a sentence of a frame."""
    words = {"place": PLACES, "finding": FINDINGS, "other": FINDINGS}
    return str(rng.choice(FRAMES)).format(**{name: str(rng.choice(known)) for name, known in words.items()})


def report(rng: np.random.Generator) -> str:
    """Return a report of one to four sections, most of them with sense."""
    sections = []
    for _ in range(int(rng.integers(1, 5))):
        body = " ".join(sentence(rng) for _ in range(int(rng.integers(0, 7))))
        sections.append(f"{rng.choice(HEADINGS)} {body}")
    return "\n\n".join(sections)


def put_odd(text: str, rng: np.random.Generator) -> str:
    """Put one to six odd things anywhere."""
    for _ in range(int(rng.integers(1, 7))):
        at = int(rng.integers(0, len(text) + 1))
        text = (
            text[:at] + str(ODD[int(rng.integers(len(ODD)))]) * int(rng.choice((1, 1, 1, 3, 200))) + text[at:]
        )
    return text


def cut(text: str, rng: np.random.Generator) -> str:
    """Leave out a part."""
    first, last = sorted(rng.integers(0, len(text) + 1, 2))
    return text[:first] + text[last:]


def twice(text: str, rng: np.random.Generator) -> str:
    """Have half of it twice."""
    first, last = sorted(rng.integers(0, len(text) + 1, 2))
    return text[:last] + text[first:]


def without_breaks(text: str, rng: np.random.Generator) -> str:
    """Leave out all stops, or all breaks, or all capitals."""
    return (text.replace(".", ""), text.replace("\n", " "), text.lower(), text.upper())[int(rng.integers(4))]


def very_long(text: str, rng: np.random.Generator) -> str:
    """Repeat it, or a word of it, or a bracket, up to a hundred thousand characters."""
    part = str((text, "and effusion ", "(", "no ", "a" * 50, "left ")[int(rng.integers(6))])
    return text + part * int(rng.integers(1, max(2, 100_000 // max(len(part), 1))))


def misdecoded(text: str, rng: np.random.Generator) -> str:
    """Decode its bytes as what they are not."""
    return put_odd(text, rng).encode("utf-8", "replace").decode("latin-1")


MUTATIONS = (put_odd, put_odd, cut, twice, without_breaks, misdecoded, very_long)
_RARE = 40
"""Of so many cases one may become very long."""


def odd_report(rng: np.random.Generator) -> str:
    """Return a report with no to three kinds of damage."""
    text = report(rng)
    for _ in range(int(rng.integers(0, 4))):
        known = len(MUTATIONS) - (rng.integers(_RARE) != 0)
        text = MUTATIONS[int(rng.integers(known))](text, rng)
    return text


def words(text: str) -> set[str]:
    """Return the words of a text, in lower case."""
    return set(re.findall(r"[^\W\d_]+", text.lower()))


def faults(pair: Pair) -> Iterator[str]:
    """Yield what is wrong with a mixed report: what no rule of mixing allows."""
    if splice(pair.recipient.report, pair.edits) != pair.report:
        yield "edits-give-another-text"
    if words(pair.report) - words(pair.recipient.report) - words(pair.donor.report) - ADDED:
        yield "words-of-nobody"
    if pair.recipient.subject_id == pair.donor.subject_id:
        yield "one-patient"


def read_alone(texts: Sequence[str], tally: Tally, reader: ReportReader) -> list[int]:
    """Read each report by itself; return those that can be planned."""
    kept = []
    for number, text in enumerate(texts):
        tally.cases += 1
        kept.append(number)
        if len(text) > LONGEST_REPORT or runs_on(text):
            continue  # planning leaves it out by name
        started = time.monotonic()
        try:
            read = reader.read(text)
        except Exception as error:  # noqa: BLE001 - that is what is looked for
            tally.wrong[f"reading {type(error).__name__}"] += 1
            kept.remove(number)
            continue
        spent = time.monotonic() - started
        tally.slowest = max(tally.slowest, spent)
        tally.wrong.update(["too-slow"] if spent > LONGEST else [])
        outside = any(said.text != text[said.start : said.end] for said in read.sentences)
        tally.wrong.update(["sentence-is-not-in-its-report"] if outside else [])
    return kept


def plan_together(studies: Sequence[Study], pairing: str, tally: Tally) -> None:
    """Plan a cohort, and look at every mixed report."""
    try:
        made = make_plan(
            studies, PlanSettings(pairing=(pairing,), unmixed="drop"), load("pairing", pairing)()
        )
    except Exception as error:  # noqa: BLE001
        tally.wrong[f"planning {type(error).__name__}"] += 1
        return
    tally.dropped.update(drop.reason for drop in made.dropped)
    tally.pairs += len(made.pairs)
    for pair in made.pairs:
        tally.wrong.update(faults(pair))
    if len({pair.recipient.study_id for pair in made.pairs}) + len(made.dropped) != len(studies):
        tally.wrong["studies-do-not-add-up"] += 1


def fuzz(
    pairing: str, cases: int, seed: int, make: Callable[[np.random.Generator], str] = odd_report
) -> Tally:
    """Read and plan `cases` odd reports."""
    tally, reader = Tally(), ReportReader()
    for first in range(0, cases, COHORT):
        numbers = range(first, min(first + COHORT, cases))
        texts = [make(np.random.default_rng([seed, PAIRINGS.index(pairing), number])) for number in numbers]
        kept = read_alone(texts, tally, reader)
        studies = [make_study(number, texts[number], subject=f"p{number // 2}") for number in kept]
        plan_together(studies, pairing, tally)
    return tally


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--cases", type=int, default=2000, help="of each pairing")
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    print_lines(PAIRINGS, given.seed, lambda pairing: fuzz(pairing, given.cases, given.seed))


if __name__ == "__main__":
    main()
