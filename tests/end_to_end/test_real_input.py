"""Real chest X-rays with real notes, laid out as MIMIC-CXR; read where they lie, never copied."""

import subprocess
import sys
from pathlib import Path

import pytest

import medcutmix_cli
from medcutmix_cli.errors import DatasetError
from medcutmix_cli.run.shards import read_rows

SHARED = Path(__file__).resolve().parents[2] / "../shared"
TOOL, SOURCE = SHARED / "tools" / "make_mimic_tree.py", SHARED / "data" / "covid-cxr"

pytestmark = pytest.mark.skipif(
    not (TOOL.is_file() and SOURCE.is_dir()),
    reason="the shared real chest X-rays are not beside this checkout",
)


@pytest.fixture(scope="module")
def tree(tmp_path_factory):
    folder = tmp_path_factory.mktemp("mimic")
    subprocess.run([sys.executable, str(TOOL), str(SOURCE), str(folder)], check=True, capture_output=True)
    return folder


@pytest.fixture(scope="module")
def run(tree, tmp_path_factory):
    out = tmp_path_factory.mktemp("run") / "out"
    status = medcutmix_cli.augment(
        tree, out, encoder="bundled", gate="none", align="none", splits=("train", "validate", "test")
    )
    return out, status


def test_every_real_study_is_accounted_for(run):
    _, status = run
    assert status.studies["inputs"] == 134
    assert status.balanced
    assert status.planned > 20
    # The demonstration encoder's maps mean nothing here, so the guards of devices and findings often reject.
    assert status.written > 10


def test_every_real_sample_is_rebuilt_from_its_recipe(run):
    assert medcutmix_cli.verify(run[0], deep=True).problems == ()


def test_patients_and_splits_stay_apart(run):
    names = ["subject_id_a", "subject_id_b", "split"]
    rows = [row for shard in (run[0] / "data").iterdir() for row in read_rows(shard, names)]
    assert len(rows) == run[1].written
    for row in rows:
        assert row["subject_id_a"] != row["subject_id_b"]
        # The tool draws the split from the last digit of the patient's id: one patient, one split.
        parts = ["train"] * 8 + ["validate", "test"]
        assert parts[int(row["subject_id_a"]) % 10] == parts[int(row["subject_id_b"]) % 10] == row["split"]


def test_a_jpg_root_without_reports_says_which_project_has_them(tree, tmp_path):
    with pytest.raises(DatasetError) as caught:
        medcutmix_cli.plan(tree / "mimic-cxr-jpg", tmp_path / "out", encoder="bundled")
    assert "mimic-cxr-reports.zip" in str(caught.value)
    assert "--reports" in str(caught.value)
