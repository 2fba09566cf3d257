"""What the rows of a finished run say, beside the originals: `python -m tests.benchmarks.written_shape RUN`.

The plan is made to have the shape of the set; this tells it of the shards, after all that rendering rejected.
"""

from __future__ import annotations

import sys
from pathlib import Path

from medcutmix_cli.inspection.summary import status


def main(run: Path) -> None:
    """Print a table of shares, and how evenly donors give."""
    shape = status(run).shape
    if shape is None or not shape.written:
        sys.exit(f"{run}: nothing to compare")
    print("| trait | originals | written rows | change |\n| --- | --- | --- | --- |")
    for trait, own, now in shape.shares():
        if not trait.startswith("side"):
            print(f"| {trait} | {own:.3f} | {now:.3f} | {shape.change(trait):+.1%} |")
    for finding, count in shape.donors.items():
        print(f"{finding}: {count.rows} rows of {count.donors} donors, {count.effective:.1f} effective")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
