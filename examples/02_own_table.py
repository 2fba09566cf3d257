"""A data set of your own: any table with a row a picture. Here one is made from the sample's pictures.

Usage: python 02_own_table.py WORK
"""

import csv
import sys
from pathlib import Path

from _start import insist_on_pairs, sample_in

import medcutmix_cli
from medcutmix_cli.datasets.recognise import open_dataset
from medcutmix_cli.records import Study

COLUMNS = {"image": "file", "report": "text", "subject": "patient", "study": "exam", "view": "projection"}


def write_table(sample: Path, table: Path) -> None:
    """Write one row a picture, under column names that no tool would guess."""
    dataset = open_dataset(sample)
    with table.open("w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file)
        rows.writerow([*COLUMNS.values(), "fold"])
        for study in dataset.studies():
            if isinstance(study, Study):
                for image in study.images:
                    path = dataset.resolve(image.path).resolve()
                    rows.writerow(
                        [path, study.report, study.subject_id, study.study_id, image.view, study.split]
                    )


def main(work: str) -> None:
    folder = Path(work)
    table = folder / "table.csv"
    write_table(sample_in(folder), table)
    columns = COLUMNS | {"split": "fold"}
    status = medcutmix_cli.augment(
        table, folder / "run-of-table", encoder="bundled", columns=columns, shard_size=50
    )
    print(f"{status.studies['inputs']} studies, {status.written} pairs written")
    insist_on_pairs(status, folder / "run-of-table")


if __name__ == "__main__":
    main(*sys.argv[1:])
