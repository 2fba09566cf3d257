"""Against the notebook loop, and against the floor, which are measured in one run: loop, product, floor, loop ..."""

from __future__ import annotations

from statistics import median

from tests.benchmarks.speed.page import stamp, table
from tests.benchmarks.speed.runs import Figures, Setup, in_turns, per_written, ratios, spread

FORMATS = {"JPG": ".jpg", "DICOM": ".dcm"}
LOOP_HEAD = ("pictures", "encoder", "loop, ms a pair", "medcutmix, ms a written pair", "ratio", "CPU ratio")
LOOP_HEAD = (*LOOP_HEAD, "written of planned")
FLOOR_HEAD = ("pictures", "encoder", "floor, ms a pair", "medcutmix, ms a written pair", "ratio", "CPU ratio")
FLOOR_HEAD = (*FLOOR_HEAD, "pictures a written pair")


def measure(setup: Setup) -> dict[str, str]:
    """Return the blocks "notebook" and "floor"."""
    loops, floors = [], []
    for pictures, suffix in FORMATS.items():
        found = _format(setup, suffix)
        for encoder in setup.encoders:
            loop, own, floor = (found[f"{encoder}: {who}"] for who in ("loop", "medcutmix", "floor"))
            loops.append([pictures, encoder, *against(loop, own), _share(own)])
            floors.append([pictures, encoder, *against(floor, own, floor=True), _pictures(own)])
    said = stamp(setup, "notebook")
    return {
        "notebook": f"{said}\n\n{table(LOOP_HEAD, loops)}",
        "floor": f"{said}\n\n{table(FLOOR_HEAD, floors)}",
    }


def _format(setup: Setup, suffix: str) -> dict[str, list[Figures]]:
    subjects = {}
    for encoder in setup.encoders:
        plan = setup.plan(suffix, encoder)
        pairs = setup.loop_pairs if "ViT" not in encoder else -(-setup.loop_pairs // 3)
        subjects |= {
            f"{encoder}: loop": lambda plan=plan, pairs=pairs: setup.loop(plan, pairs),
            f"{encoder}: medcutmix": lambda plan=plan: setup.render(plan),
            f"{encoder}: floor": setup.floor,
        }
    return in_turns(subjects, setup.rounds)


def against(other: list[Figures], own: list[Figures], *, floor: bool = False) -> tuple[str, ...]:
    """Return both times and how many times as long the slower one took, in wall and in CPU time."""
    cells = [spread(per_written(other), 1), spread(per_written(own), 1)]
    for what in ("seconds", "cpu"):
        pair = per_written(other, what), per_written(own, what)
        slow, fast = reversed(pair) if floor else pair
        cells.append(spread(ratios(slow, fast), 2 if floor else 1, "x"))
    return tuple(cells)


def _share(own: list[Figures]) -> str:
    return f"{own[0]['written']} of {own[0]['planned']}"


def _pictures(own: list[Figures]) -> str:
    return f"{median(one['pictures'] / one['written'] for one in own):.2f}"
