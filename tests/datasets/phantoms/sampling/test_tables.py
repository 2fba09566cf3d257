"""Labels and archives of the sample have the form, and the steadiness, of the real ones."""

from __future__ import annotations

import gzip
import zipfile

import pytest

from medcutmix_cli.datasets.phantoms import FINDINGS
from medcutmix_cli.datasets.phantoms.sampling.tables import chexpert_row, write_reports, write_table
from medcutmix_cli.findings import CHEXPERT


def labels(**truth: str) -> dict[str, str]:
    said = dict.fromkeys(FINDINGS, "not mentioned") | truth
    return {name: value for name, value in zip(CHEXPERT, chexpert_row(said), strict=True) if value}


@pytest.mark.parametrize(
    ("truth", "expected"),
    [
        pytest.param({}, {"No Finding": "1.0"}, id="nothing-is-no-finding"),
        pytest.param({"edema": "absent"}, {"Edema": "0.0", "No Finding": "1.0"}, id="denied-is-0"),
        pytest.param({"edema": "uncertain"}, {"Edema": "-1.0"}, id="hedged-is-minus-1"),
        pytest.param(
            {"mass": "present", "nodule": "absent"}, {"Lung Lesion": "1.0"}, id="a-mass-is-a-lung-lesion"
        ),
        pytest.param(
            {"support_devices": "present"},
            {"Support Devices": "1.0", "No Finding": "1.0"},
            id="devices-are-no-disease",
        ),
    ],
)
def test_what_a_report_says_becomes_14_labels(truth, expected):
    assert labels(**truth) == expected


def test_tables_and_archives_depend_on_their_rows_alone(tmp_path):
    for name in ("a", "b"):
        write_table(tmp_path / f"{name}.csv.gz", ("x", "y"), [(1, "one, two")])
        write_reports(tmp_path / f"{name}.zip", {"files/s2.txt": "two", "files/s1.txt": "one"})
    assert (tmp_path / "a.csv.gz").read_bytes() == (tmp_path / "b.csv.gz").read_bytes()
    assert (tmp_path / "a.zip").read_bytes() == (tmp_path / "b.zip").read_bytes()
    assert gzip.decompress((tmp_path / "a.csv.gz").read_bytes()) == b'x,y\n1,"one, two"\n'
    assert zipfile.ZipFile(tmp_path / "a.zip").namelist() == ["files/s1.txt", "files/s2.txt"]
