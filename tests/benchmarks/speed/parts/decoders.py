"""What it costs that pictures are decoded in processes of their own, with limits of time and memory."""

from __future__ import annotations

from statistics import median

from tests.benchmarks.speed.encoders import BUNDLED, FREE
from tests.benchmarks.speed.page import stamp, table
from tests.benchmarks.speed.runs import Figures, Setup, in_turns, per_written, ratios, spread

HERE, APART = "here", "apart"
HEAD = (
    "encoder",
    "in one process, ms a pair",
    "apart, ms a pair",
    "pairs/s, apart against in one",
    "CPU ratio",
)
HEAD = (*HEAD, "written")


def measure(setup: Setup) -> dict[str, str]:
    """Return the block "decoders": JPGs only, since the same thread decodes plain DICOM either way."""
    rows = []
    for encoder in sorted({FREE, BUNDLED} & set(setup.encoders), reverse=True):
        plan = setup.plan(".jpg", encoder)
        subjects = {
            HERE: lambda plan=plan: setup.render(plan, here=True),
            APART: lambda plan=plan: setup.render(plan),
        }
        found = in_turns(subjects, setup.rounds)
        rows.append([encoder, *compared(found[HERE], found[APART])])
    return {"decoders": f"{stamp(setup, 'decoders')}\n\n{table(HEAD, rows)}"}


def compared(here: list[Figures], apart: list[Figures]) -> list[str]:
    """Return both times, how the pairs per second compare, the CPU time, and how many pairs were written."""
    speed = ratios(per_written(here), per_written(apart))
    cpu = ratios(per_written(apart, "cpu"), per_written(here, "cpu"))
    times = [spread(per_written(one), 1) for one in (here, apart)]
    return [*times, spread(speed, 3, "x"), spread(cpu, 3, "x"), str(median(one["written"] for one in apart))]
