"""CPU time by stage for each written pair, and what follows from it for all of MIMIC-CXR."""

from __future__ import annotations

from collections.abc import Mapping
from statistics import median

from tests.benchmarks.speed.encoders import BF16, BUNDLED, FP32
from tests.benchmarks.speed.page import stamp, table
from tests.benchmarks.speed.projection import IMAGES, Costs, assumptions, projected
from tests.benchmarks.speed.runs import Figures, Setup, in_turns, spread
from tests.benchmarks.speed.stages import DECODE, ENCODE, MAPS, READ, SENTENCES, STAGES

SUBJECTS = (("JPG", BUNDLED), ("DICOM", BUNDLED), ("JPG", FP32), ("JPG", BF16))
SUFFIX = {"JPG": ".jpg", "DICOM": ".dcm"}
REST = "all else"
_FIRST = (DECODE, READ, ENCODE, SENTENCES, MAPS)
ROWS = (*_FIRST, *(name for name, _, _ in STAGES if name not in _FIRST), REST)
SUM, PICTURES, WRITTEN = "sum", "pictures a written pair", "written of planned"


def measure(setup: Setup) -> dict[str, str]:
    """Return the blocks "stages" and "projection"."""
    subjects = {}
    for pictures, encoder in SUBJECTS:
        if encoder in setup.encoders:
            plan = setup.plan(SUFFIX[pictures], encoder)
            subjects[f"{pictures}, {encoder}"] = lambda plan=plan: setup.render(plan, stages=True)
    found = in_turns(subjects, setup.rounds)
    return blocks(stamp(setup, "stages"), found, _megabytes(setup))


def blocks(said: str, found: Mapping[str, list[Figures]], megabytes: float) -> dict[str, str]:
    """Lay both blocks out.

    Args:
        said: Beginning of a block.
        found: "JPG, bundled" and so on -> what its runs said.
        megabytes: Of a picture file.
    """
    names = (*ROWS, SUM, PICTURES, WRITTEN)
    rows = [[name, *(_cell(name, runs) for runs in found.values())] for name in names]
    paid = (name for name in (FP32, BF16) if f"JPG, {name}" in found)
    costs = {name: costs_of(found[f"JPG, {name}"], megabytes) for name in paid}
    ahead = table(["encoder", "cores", "GPUs", "hours", "bound by"], projected(costs))
    return {
        "stages": f"{said}\n\n{table(['stage, CPU ms a written pair', *found], rows)}",
        "projection": f"{said}\n{IMAGES:,} images. {assumptions(costs)}\n\n{ahead}",
    }


def stage_milliseconds(name: str, run: Figures) -> float:
    """Return CPU milliseconds of one stage for each written pair of one run."""
    own = {**run["stages"], DECODE: run["decoders"], SUM: run["cpu"]}
    own[REST] = run["cpu"] - run["decoders"] - sum(run["stages"].values())
    return 1000 * own.get(name, 0.0) / run["written"]


def _cell(name: str, runs: list[Figures]) -> str:
    if name == PICTURES:
        return f"{median(run['pictures'] / run['written'] for run in runs):.2f}"
    if name == WRITTEN:
        return f"{runs[0]['written']} of {runs[0]['planned']}"
    return spread([stage_milliseconds(name, run) for run in runs], 1)


def costs_of(runs: list[Figures], megabytes: float) -> Costs:
    """Return what projecting needs to know of some runs."""

    def middle(name: str) -> float:
        return median(stage_milliseconds(name, run) for run in runs) / 1000

    return Costs(
        pair=middle(SUM) - middle(ENCODE),
        encode=middle(ENCODE),
        pictures=median(run["pictures"] / run["written"] for run in runs),
        megabytes=megabytes,
    )


def _megabytes(setup: Setup) -> float:
    files = sorted(setup.data_set(".jpg").glob("*.jpg"))
    return sum(file.stat().st_size for file in files) / len(files) / 1e6
