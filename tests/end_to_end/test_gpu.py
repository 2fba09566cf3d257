"""What is measured on a GPU runs here with tiny networks on the CPU, without the packages a bare machine lacks."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from medcutmix_cli.encoders import runtime
from tests.gpu import claims, measure, networks

ROOT = Path(__file__).resolve().parents[2]
MISSING = (
    "pyarrow",
    "spacy",
    "cv2",
    "pydicom",
    "scipy",
    "PIL",
    "typer",
    "pandas",
    "pytest",
    "hypothesis",
    "ray",
)
BARE = f"""
import sys
sys.modules.update(dict.fromkeys({MISSING!r}))  # importing one of them fails
from tests.gpu import measure
sys.exit(measure.main(["--cpu", "--only", "clip ViT-B/16", "blip base"]))
"""


def test_the_same_code_runs_on_a_bare_machine_and_writes_one_table(tmp_path):
    ended = subprocess.run(
        [sys.executable, "-c", BARE],
        cwd=ROOT,
        env={**os.environ, "OUT": str(tmp_path)},
        capture_output=True,
        text=True,
    )
    assert ended.returncode == 0, ended.stderr
    text = (tmp_path / "GPU.md").read_text()
    assert ended.stdout == text + "\n"
    assert "DOES NOT HOLD" not in text
    assert text.count("| clip ViT-B/16 |") == text.count("| blip base |") == 2 + 3
    assert "Tiny networks: no figures." in text


@pytest.mark.skipif(torch.cuda.is_available(), reason="this machine has a GPU")
def test_without_a_gpu_it_says_so_and_writes_nothing(tmp_path):
    ended = subprocess.run(
        ["sh", ROOT / "tests" / "gpu" / "run.sh"],
        env={**os.environ, "OUT": str(tmp_path), "PYTHON": sys.executable},
        capture_output=True,
        text=True,
    )
    assert ended.returncode == measure.NO_GPU == 69
    assert ended.stderr.startswith("no GPU: torch finds none on this machine")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["biovil-t", "biomedclip", "siglip so400m-448"])
def test_every_network_can_be_made_and_compared(name):
    network = networks.make(name, "cpu", tiny=True)
    try:
        seen = claims.pictures(1, canvas=224)
        own, again = (claims.maps(network.at("fp32", 1), network.query, seen) for _ in range(2))
        assert claims.difference(own, again, network.unit).within("fp32")
        with pytest.raises(AssertionError, match="other cells"):
            claims.difference(np.full_like(own, np.nan), again, network.unit)
        shifted = own + 2 * claims.TOLERANCES["fp32"] * network.unit
        shifted += 2 * np.spacing(np.float16(np.nanmax(np.abs(own))))
        assert not claims.difference(shifted, again, network.unit).within("fp32")
    finally:
        networks.forget(network)


def test_the_claim_of_halving_fails_where_memory_never_runs_out(monkeypatch):
    monkeypatch.setattr(claims._little_memory, "_pretend", staticmethod(lambda batch: batch * 3 + 1))
    before = dict(runtime._FITS)
    with pytest.raises(AssertionError, match="never ran out"):
        claims.batches_halve_until_they_fit("cpu")
    assert before == runtime._FITS


def test_a_claim_that_fails_is_written_and_ends_with_its_own_code():
    def broken():
        raise AssertionError("bits depend on the weather")

    report = measure.Report("cpu")
    report.check("bits", broken)
    assert not report.holds
    assert "- DOES NOT HOLD: bits: bits depend on the weather" in measure.write(report)
