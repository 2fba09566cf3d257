"""What the examples begin with where it is not there yet, and how they end where nothing was written."""

import sys
from pathlib import Path

import medcutmix_cli
from medcutmix_cli.run.hints import no_pairs
from medcutmix_cli.run.status import RunStatus

RECIPE = Path(__file__).with_name("recipe.toml")
STUDIES = 120
"""The evidence gate wants 20 pictures without a finding and more: of half as many studies nothing would be mixed."""


def sample_in(work: Path, studies: int = STUDIES) -> Path:
    """Return the folder of a sample data set, drawn where it is not there yet."""
    sample = work / "sample"
    if not sample.exists():
        medcutmix_cli.write_sample(sample, studies=studies)
    return sample


def run_in(work: Path, studies: int = STUDIES) -> Path:
    """Return the folder of a run of the sample, made where it is not whole yet."""
    status = medcutmix_cli.augment(sample_in(work, studies), work / "run", config=RECIPE)
    insist_on_pairs(status, work / "run")
    return work / "run"


def insist_on_pairs(status: RunStatus, out: Path) -> None:
    """Leave with 1, and say why, where a run has no pair, or no mix: what comes after it would mean nothing."""
    if status.has_no_pair or status.has_no_mix:
        sys.exit(f"{no_pairs(status, out)}")
