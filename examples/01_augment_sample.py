"""From nothing to verified shards: draw a data set, mix it, check every row.

Usage: python 01_augment_sample.py WORK [STUDIES]
"""

import sys
from pathlib import Path

import medcutmix_cli


def main(work: str, studies: str = "60") -> None:
    folder = Path(work)
    medcutmix_cli.write_sample(folder / "sample", studies=int(studies))
    recipe = Path(__file__).with_name("recipe.toml")
    status = medcutmix_cli.augment(folder / "sample", folder / "run", config=recipe)
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
