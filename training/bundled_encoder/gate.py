"""Measures the evidence gate on fresh phantoms: `python -m training.bundled_encoder.gate`.

Calibrated as a run is (200 label-negative pictures a finding, each asked with another picture's sentence), then asked
to judge pictures it has not seen: those without the finding should be refused, those with it kept.
"""

from __future__ import annotations

import argparse
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch

from medcutmix_cli.attention import NullMax
from medcutmix_cli.datasets.phantoms.records import LOCAL_FINDINGS
from medcutmix_cli.encoders.bundled import BundledEncoder
from training.bundled_encoder.cases import Case, fresh_cases
from training.bundled_encoder.evaluate import Asker, look
from training.bundled_encoder.pictures import EVALUATION_SEEDS

NULL_SEEDS = EVALUATION_SEEDS + 700_000
_STREAM = 77_005


@dataclass(slots=True)
class Peaks:
    """The gate's statistic over pictures with a finding and without it, by finding."""

    shown: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    absent: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))


def gather(encoder: BundledEncoder, cases: Iterable[Case], gate: NullMax) -> Peaks:
    """Ask each picture for all it shows, and once for each local finding it does not show."""
    peaks, asker = Peaks(), Asker(encoder, "held-out")
    for case in cases:
        rng = np.random.default_rng([_STREAM, case.seed])
        image = look(encoder, case)
        for truth in case.truths:
            scores = asker.map_of(image, truth.sentence)
            peaks.shown[truth.lesion.finding].append(gate.statistic(scores, case.picture.placement))
        for finding in sorted(set(LOCAL_FINDINGS) - {truth.lesion.finding for truth in case.truths}):
            scores = asker.map_of(image, asker.words(finding, "", rng))
            peaks.absent[finding].append(gate.statistic(scores, case.picture.placement))
    return peaks


def table(nulls: Peaks, fresh: Peaks, gate: NullMax) -> str:
    """Lay out what is kept, finding by finding."""
    lines = [
        "| finding | null pictures | kept without it | n | kept with it | n | threshold |",
        "|---|---|---|---|---|---|---|",
    ]
    sums = np.zeros(4, dtype=int)
    for finding in sorted(set(LOCAL_FINDINGS) & set(fresh.shown)):
        known = np.sort(np.array(nulls.absent[finding][: gate.pictures], np.float32))
        wrong = sum(gate.keeps(peak, known) for peak in fresh.absent[finding])
        right = sum(gate.keeps(peak, known) for peak in fresh.shown[finding])
        row = (wrong, len(fresh.absent[finding]), right, len(fresh.shown[finding]))
        sums += row
        threshold = known[-1 - gate.max_nulls_reaching(known.size)]
        lines.append(_line(finding, str(known.size), row, f"> {threshold:.2f}"))
    lines.insert(2, _line("**all local findings**", "", tuple(sums), ""))
    return "\n".join(lines)


def _line(name: str, nulls: str, row: tuple[int, ...], threshold: str) -> str:
    wrong, absent, right, shown = row
    return f"| {name} | {nulls} | {wrong / absent:.1%} | {absent} | {right / shown:.1%} | {shown} | {threshold} |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--phantoms", type=int, default=1000)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--out", type=Path, default=None, help="write the table here as well")
    given = parser.parse_args()
    torch.set_num_threads(1)
    encoder, gate = BundledEncoder(), NullMax()
    some = {"equalise": True, "processes": given.processes}
    nulls = gather(encoder, fresh_cases(NULL_SEEDS, 2 * gate.pictures, "held-out", **some), gate)
    fresh = gather(encoder, fresh_cases(EVALUATION_SEEDS, given.phantoms, "held-out", **some), gate)
    head = (
        f"Gate `null-max` with its defaults (at most {gate.alpha:.0%}, confidence {gate.confidence:.0%}); null "
        f"pictures from seed {NULL_SEEDS}, judged phantoms {EVALUATION_SEEDS} to "
        f"{EVALUATION_SEEDS + given.phantoms - 1}, held-out phrasings, equalised as the sample's JPG files.\n\n"
    )
    text = head + table(nulls, fresh, gate) + "\n"
    print(text)
    if given.out:
        given.out.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
