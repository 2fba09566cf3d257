"""What the rows of a finished run say, beside the originals: `python -m tests.benchmarks.written_shape RUN`.

The plan is made to have the shape of the set; this reads the shards, after all that rendering rejected.
"""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path

from medcutmix_cli.findings import CHEXPERT
from medcutmix_cli.inspection.summary import status
from medcutmix_cli.planning.shape import effective
from medcutmix_cli.run.contents import open_contents, read_columns

COLUMNS = ("label_mixed", "view_a", "finding", "study_id_b")


def written(rows: list[dict[str, object]]) -> Counter[str]:
    """Count labels, devices and views of rows, by the names that a plan's shape has for them."""
    counts: Counter[str] = Counter()
    for row in rows:
        present = {name for name, value in zip(CHEXPERT, row["label_mixed"], strict=True) if value == 1.0}  # type: ignore[call-overload]
        counts.update(f"label: {name}" for name in present - {"Support Devices"})
        counts["device: yes"] += "Support Devices" in present
        counts[f"view: {row['view_a']}"] += 1
    return counts


def main(run: Path) -> None:
    """Print a table of shares, and how evenly donors give."""
    rows, shape = read_columns(open_contents(run), COLUMNS), status(run).shape
    if shape is None or not rows:
        sys.exit(f"{run}: nothing to compare")
    counts = written(rows)
    print("| trait | originals | written rows | change |\n| --- | --- | --- | --- |")
    for trait, own, _planned in shape.shares():
        if not trait.startswith("side"):
            now = counts[trait] / len(rows)
            print(f"| {trait} | {own:.3f} | {now:.3f} | {now / own - 1 if own else float('inf'):+.1%} |")
    for finding in sorted({str(row["finding"]) for row in rows} - {""}):
        uses = Counter(str(row["study_id_b"]) for row in rows if row["finding"] == finding)
        print(f"{finding}: {uses.total()} rows of {len(uses)} donors, {effective(uses):.1f} effective")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
