"""From nothing to verified shards: draw a data set, mix it, check every row.

Usage: python 01_augment_sample.py WORK [STUDIES]
"""

import sys
from pathlib import Path

from _start import RECIPE, STUDIES, insist_on_pairs, sample_in

import medcutmix_cli


def main(work: str, studies: str = str(STUDIES)) -> None:
    folder = Path(work)
    status = medcutmix_cli.augment(sample_in(folder, int(studies)), folder / "run", config=RECIPE)
    insist_on_pairs(status, folder / "run")
    checked = medcutmix_cli.verify(folder / "run", deep=True)
    print(
        f"{status.studies['inputs']} studies: {status.studies['planned']} planned, left out {status.dropped}"
    )
    print(
        f"{status.planned} pairs: {status.written} written, rejected {status.rejected}, failed {status.failed}"
    )
    print(f"verified: {checked.ok}, {checked.rows} rows replayed from their recipes")
    medcutmix_cli.write_gallery(folder / "run", folder / "report.html")


if __name__ == "__main__":
    main(*sys.argv[1:])
