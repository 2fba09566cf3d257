"""Figures of the page: each arm's difference to a control, with its interval. Needs matplotlib (extra `benchmark`)."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import matplotlib
import numpy as np
from matplotlib.figure import Figure

from examples.benchmark.tables import Comparison

matplotlib.rcParams["svg.hashsalt"] = "medcutmix"
_COLOURS = {"none": "#1f4e79", "identity": "#7f7f7f", "oversampling": "#c55a11"}


def draw_differences(comparisons: Sequence[Comparison], title: str, path: Path) -> Path:
    """Draw one row of points with intervals for each arm, a colour for each control.

    Args:
        comparisons: Of one outcome of one set.
        title: Set and outcome.
        path: A PNG.
    """
    arms = list(dict.fromkeys(each.arm for each in comparisons))
    controls = list(dict.fromkeys(each.control for each in comparisons))
    figure = Figure(figsize=(8.5, 1.0 + 0.42 * len(arms)), layout="constrained")
    axes = figure.subplots()
    for number, control in enumerate(controls):
        mine = [each for each in comparisons if each.control == control]
        places = [arms.index(each.arm) + 0.2 * (number - (len(controls) - 1) / 2) for each in mine]
        means = [each.difference.mean for each in mine]
        reach = np.nan_to_num([each.difference.half for each in mine])
        axes.errorbar(
            means, places, xerr=reach, fmt="o", ms=4, color=_COLOURS[control], label=f"to {control}"
        )
    axes.axvline(0, color="black", lw=0.8)
    axes.set_yticks(range(len(arms)), arms)
    axes.invert_yaxis()
    axes.set_xlabel("difference in AUC, 95 % interval over chunks")
    axes.set_title(title)
    figure.legend(loc="outside right upper", fontsize=8)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=110, metadata={"Software": None})
    return path
