"""How long all images of MIMIC-CXR would take on other machines, from measured costs. Nothing is measured here."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

IMAGES = 377_110
MACHINES = tuple((cores, gpus) for cores in (2, 16, 32) for gpus in (0, 1, 8))
STORAGE = 1000.0
"""MB a second, assumed: a parallel file system or a local NVMe disk gives more, an office's NFS a tenth."""

ASSUMED = 1000.0
"""Pictures a second that one GPU encodes, where GPU.md has no figure: a ViT-B/16 on any card of a data centre."""

GPU_PAGE = Path(__file__).resolve().parents[1] / "GPU.md"
GPU_NAME = "clip ViT-B/16"


@dataclass(frozen=True, slots=True)
class Costs:
    """What one written pair costs.

    Attributes:
        pair: CPU seconds of all but encoding pictures, decoding included.
        encode: CPU seconds of encoding its pictures on a CPU.
        pictures: Different pictures decoded and encoded for it; fewer than two, since pairs share them.
        megabytes: Of one picture file.
    """

    pair: float
    encode: float
    pictures: float
    megabytes: float

    @property
    def pairs(self) -> float:
        """Pairs that are written when every image is used as often as in the measured run."""
        return IMAGES / self.pictures


def projected(costs: Mapping[str, Costs]) -> list[list[str]]:
    """Return a row for each encoder and machine: hours, and what bounds them."""
    rows = []
    for encoder, own in costs.items():
        for cores, gpus in MACHINES:
            needs = seconds_needed(own, cores, gpus, gpu_speed(encoder)[0])
            bound = max(needs, key=lambda name: needs[name])
            rows.append([encoder, str(cores), str(gpus), f"{needs[bound] / 3600:.2f}", bound])
    return rows


def seconds_needed(costs: Costs, cores: int, gpus: int, speed: float) -> dict[str, float]:
    """Return how long each resource alone would take; they work side by side, and the longest is the time.

    Args:
        costs: Of a pair.
        cores: As fast as one of the measured machine.
        gpus: Of the machine; 0 encodes on the cores.
        speed: Pictures a second that one GPU encodes.
    """
    on_cores = costs.pair + (0 if gpus else costs.encode)
    needs = {
        "cores": costs.pairs * on_cores / cores,
        "storage": IMAGES * costs.megabytes / STORAGE,
    }
    return needs | ({"GPUs": IMAGES / (gpus * speed)} if gpus else {})


def gpu_speed(encoder: str, page: Path = GPU_PAGE) -> tuple[float, bool]:
    """Return pictures a second of one GPU at the encoder's precision, and whether GPU.md says so."""
    precision = encoder.split()[-1]
    row = rf"^\| {re.escape(GPU_NAME)} \| [^|]+ \| {precision} \| [^|]+ \| [^|]+ \| ([\d.]+) \|"
    found = re.findall(row, page.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return (max(map(float, found)), True) if found else (ASSUMED, False)


def assumptions(costs: Mapping[str, Costs]) -> str:
    """State the formula and its figures."""
    said = []
    for encoder, own in costs.items():
        speed, measured = gpu_speed(encoder)
        source = "GPU.md" if measured else "assumed, GPU.md has no figure yet"
        said.append(
            f"- {encoder}: c = {1000 * own.pair:.1f} ms, e = {1000 * own.encode:.1f} ms, p = {own.pictures:.2f}, "
            f"b = {own.megabytes:.2f} MB, g = {speed:,.0f} pictures/s ({source})"
        )
    formula = (
        "Hours = max(N / p * (c + e) / cores, N * b / s, N / (g * GPUs)) / 3600; with a GPU e is left out of the\n"
        "first term. N images, p pictures a written pair, c CPU time a written pair without encoding, e of encoding\n"
        f"its pictures on a CPU, b size of a picture, s = {STORAGE:,.0f} MB/s (assumed), g pictures/s of one GPU.\n"
        "Cores are as fast as these, and there are as many tasks as it takes to keep them busy. All images are used\n"
        "as often as in the measured run; planning is not in it."
    )
    return "\n".join([formula, "", *said])
