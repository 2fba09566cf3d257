"""Measure the report reader on public gold tables, and what it costs. Writes REPORTS.md; prints no report text.

usage: python tests/benchmarks/score_reports.py [SHARED_DATA_DIR] [--write]

The scores are those of `medcutmix evaluate reports`. Costs are CPU time of one process, each stage by itself over
all reports with empty caches, and the reader as a whole, which reads equal sentences once.
"""

from __future__ import annotations

import argparse
import resource
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from medcutmix_cli.evaluation import Evaluation, Score, evaluate_reports
from medcutmix_cli.evaluation.gold import read_texts
from medcutmix_cli.reports.assertion import assertion_at, read_clause
from medcutmix_cli.reports.attributes import read_attributes
from medcutmix_cli.reports.lexicon import find_hits
from medcutmix_cli.reports.pipeline import abbreviations
from medcutmix_cli.reports.reader import ReportReader
from medcutmix_cli.reports.sections import split_sections
from medcutmix_cli.reports.sentences import _split_piece, split_sentences, unwrap
from medcutmix_cli.reports.words import canonical

HERE = Path(__file__).resolve().parent
SHARED = HERE.parents[1] / "../shared/data"


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("data", nargs="?", type=Path, default=SHARED)
    parser.add_argument("--write", action="store_true", help="write REPORTS.md beside this script")
    options = parser.parse_args()
    open_i = options.data / "open-i"
    texts = list(read_texts(open_i / "indiana_reports.csv").by_key.values())
    costs = measure(texts)
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    findings = evaluate_reports(open_i / "indiana_reports.csv", open_i / "gold14.csv", worst=0)
    negation = evaluate_reports(options.data / "negex" / "sentences.tsv", task="negation", worst=0)
    page = "\n".join(as_page(findings, negation, costs, len(texts), memory))
    print(page)
    if options.write:
        (HERE / "REPORTS.md").write_text(page + "\n", encoding="utf-8")


def measure(texts: list[str]) -> dict[str, float]:
    """Return CPU seconds per stage over all texts."""
    ReportReader().read("Small effusion (SE).")  # loads spaCy and the tables
    costs: dict[str, float] = {}
    reader = ReportReader()
    split = timed(costs, "sections", lambda: [split_sections(text) for text in texts])
    timed(costs, "abbreviations", lambda: [abbreviations(unwrap(text)) for text in texts])
    spans = timed(
        costs,
        "sentences",
        lambda: [
            [
                text[a:b]
                for section in sections
                for a, b, _ in split_sentences(text, section.start, section.end)
            ]
            for text, sections in zip(texts, split, strict=True)
        ],
    )
    _split_piece.cache_clear()
    timed(costs, "whole reader", lambda: [reader.read(text) for text in texts])
    sentences = list(dict.fromkeys(unwrap(sentence) for report in spans for sentence in report))
    words = timed(costs, "words", lambda: [canonical(sentence) for sentence in sentences])
    hits = timed(costs, "findings", lambda: [find_hits(one) for one in words])
    pairs = [(one, found) for one, found in zip(words, hits, strict=True) if found]
    clauses = timed(costs, "assertion", lambda: [asserted(one, found) for one, found in pairs])
    timed(
        costs,
        "side, place, degree, size, comparison",
        lambda: [
            read_attributes(one, clause, [(h.begin, h.end) for h in found], [h.finding for h in found])
            for (one, found), clause in zip(pairs, clauses, strict=True)
        ],
    )
    costs["kinds, flags and the records"] = costs["whole reader"] - sum(
        cost for name, cost in costs.items() if name != "whole reader"
    )
    costs["whole reader"] = costs.pop("whole reader")
    return costs


def asserted(words: Any, hits: Iterable[Any]) -> Any:
    """Return the clause, having asked it about every hit."""
    clause = read_clause(words, [(hit.anchor, hit.anchor_end) for hit in hits])
    for hit in hits:
        assertion_at(clause, hit.anchor, hit.anchor_end)
    return clause


def timed(costs: dict[str, float], name: str, work: Callable[[], Any]) -> Any:
    """Return what `work` returns, and note its CPU seconds."""
    start = time.process_time()
    result = work()
    costs[name] = time.process_time() - start
    return result


def as_page(
    findings: Evaluation, negation: Evaluation, costs: dict[str, float], count: int, memory: float
) -> Iterable[str]:
    """Yield the lines of REPORTS.md."""
    yield "# The report reader in figures\n"
    yield "Made by `python tests/benchmarks/score_reports.py --write`; the scores are those of\n"
    yield "    medcutmix evaluate reports indiana_reports.csv --gold gold14.csv"
    yield "    medcutmix evaluate reports sentences.tsv --task negation\n"
    yield f"## Findings asserted as present: {findings.reports:,} Open-i reports, human MeSH coding as gold\n"
    yield from table([*findings.scores, findings.micro])
    yield f"| **macro** | | | | **{findings.macro_f1:.3f}** | | |\n"
    yield "Where gold itself is wrong, or answers another question: `OPEN_I_GOLD.md`.\n"
    yield f"## Denied concepts: {negation.reports:,} sentences of the NegEx test set\n"
    yield from table(negation.scores)
    yield "\n## Cost\n"
    yield f"{count:,} reports of Open-i, one process, CPU time; peak memory of the process {memory:,.0f} MB.\n"
    yield "| stage | ms per 1,000 reports | reports/s |"
    yield "|---|---|---|"
    for name, seconds in costs.items():
        yield f"| {name} | {1e6 * seconds / count:,.0f} | {count / max(seconds, 1e-9):,.0f} |"


def table(scores: Iterable[Score]) -> Iterable[str]:
    yield "| | in gold | precision | recall | F1 | extra | missed |"
    yield "|---|---|---|---|---|---|---|"
    for s in scores:
        shares = " | ".join(f"{value:.3f}" for value in (s.precision, s.recall, s.f1))
        yield f"| {s.name} | {s.positives:,} | {shares} | {s.extra} | {s.missed} |"


if __name__ == "__main__":
    main()
