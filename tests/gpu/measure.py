"""Run the claims and the timings on this machine's GPU and write one Markdown table; see run.sh."""

from __future__ import annotations

import argparse
import os
import sys
import time
import traceback
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import numpy as np
import torch

from tests.gpu import claims, networks
from tests.gpu.timing import measure

NO_GPU = os.EX_UNAVAILABLE  # 69
CLAIM_FAILED = 1
PRECISIONS = ("fp32", "tf32", "bf16")
BATCHES = (8, 32, 128)
HOME = Path(__file__).resolve().parents[1] / "benchmarks" / "GPU.md"


@dataclass
class Report:
    """What is to be written: claims with what was found, and the rows of the two tables."""

    device: str
    where: str = "cpu"
    claims: list[tuple[str, bool, str]] = field(default_factory=list)
    equality: list[tuple] = field(default_factory=list)
    speed: list[tuple] = field(default_factory=list)
    unmeasured: list[str] = field(default_factory=list)

    def check(self, name, claim, *asked):
        try:
            self.claims.append((name, True, claim(*asked)))
        except AssertionError as error:
            self.claims.append((name, False, str(error)))

    @property
    def holds(self):
        return all(kept for _, kept, _ in self.claims)


def parse(words):
    parser = argparse.ArgumentParser(prog="run.sh", description=__doc__)
    parser.add_argument(
        "--cpu", action="store_true", help="tiny networks on the CPU: the same code, no figures"
    )
    parser.add_argument("--seconds", type=float, default=450, help="begin nothing new after so long")
    parser.add_argument(
        "--only", nargs="+", choices=networks.NAMES, default=networks.NAMES, metavar="ENCODER"
    )
    return parser.parse_args(words)


def main(words=None) -> int:
    asked = parse(words)
    if not asked.cpu and not torch.cuda.is_available():
        print(
            "no GPU: torch finds none on this machine, so nothing was run and nothing written",
            file=sys.stderr,
        )
        print("tests/gpu/run.sh --cpu runs the same code with tiny networks", file=sys.stderr)
        return NO_GPU
    _stand_in_for_pillow()
    report = run(asked)
    print(write(report))
    return 0 if report.holds else CLAIM_FAILED


def _target(cpu):
    said = os.environ.get("OUT", "")
    if not said:
        return None if cpu else HOME
    return Path(said) / "GPU.md" if Path(said).is_dir() else Path(said)


def run(asked) -> Report:
    device, until = "cpu" if asked.cpu else "cuda:0", time.monotonic() + asked.seconds
    report = Report(device if asked.cpu else torch.cuda.get_device_name(0), device)
    for precision in PRECISIONS:
        for batch in (0, 2, 4, 7):
            name = f"no bit depends on what else is encoded ({precision}, batch {batch})"
            report.check(name, claims.no_bit_depends_on_company, device, batch, precision)
    report.check("running out of memory halves batches", claims.batches_halve_until_they_fit, device)
    for name in asked.only:
        if time.monotonic() > until:
            report.unmeasured.append(name)
            continue
        try:
            look_at(report, name, device, asked.cpu, until)
        except Exception as error:  # noqa: BLE001 - device time is short: the other encoders are still measured
            traceback.print_exc()
            report.claims.append((f"{name} runs", False, type(error).__name__))
        if target := _target(asked.cpu):
            target.write_text(write(report), encoding="utf-8")  # what is known by now, should time run out
    return report


def look_at(report, name, device, tiny, until):
    network = networks.make(name, device, tiny=tiny)
    try:
        compare(report, network)
        time_all(report, network, tiny, until)
    finally:
        networks.forget(network)


def compare(report, network):
    """Hold the maps of each precision against the CPU's in fp32."""
    seen = claims.pictures(2, canvas=network.encoder.card.reads)
    expected = claims.maps(networks.on_cpu(network).at("fp32", 1), network.query, seen)
    waits = f"nobody waits for the device within a group ({network.name})"
    report.check(waits, claims.nobody_waits_in_a_group, network, report.where)
    for precision in PRECISIONS:
        claim = f"one product for a group gives the maps of its pairs ({network.name}, {precision})"
        report.check(claim, claims.maps_of_a_group_are_those_of_pairs, network, precision)
        claim = f"maps do not depend on the batch ({network.name}, {precision})"
        report.check(claim, claims.no_bit_of_a_map_depends_on_company, network, precision)
        own = claims.maps(network.at(precision, 2), network.query, seen)
        found = claims.difference(own, expected, network.unit)
        report.equality.append((network.name, precision, found))
        kept = found.within(precision)
        report.claims.append(
            (f"maps are those of the CPU ({network.name}, {precision})", kept, f"within {found.worst:.5f}")
        )


def time_all(report, network, tiny, until):
    seconds, threads = (0.05, 2) if tiny else (1.5, max(2, min(16, os.cpu_count() or 2)))
    for precision in ("fp32", "bf16") if tiny else PRECISIONS:
        for batch in (2,) if tiny else BATCHES:
            if time.monotonic() > until:
                report.unmeasured.append(f"{network.name} {precision} {batch}")
                continue
            speed = measure(network, precision, batch, seconds=seconds, threads=threads)
            report.speed.append((network.name, network.parameters, precision, batch, speed))


def write(report: Report) -> str:
    own = f"torch {torch.__version__}, NumPy {np.__version__}, {os.cpu_count()} CPUs"
    lines = [
        "# What the encoders do on a GPU",
        "",
        f"`sh tests/gpu/run.sh`, {date.today()}, **{report.device}**, {own}.",
        f"{'Tiny networks: no figures.' if report.device == 'cpu' else 'Random weights at the sizes of the releases.'}",
        "",
        "A pair is two pictures brought to the network's size on the CPU, encoded, and one map of each, in groups of",
        "the batch as in a run: the next one is filled and copied while the device computes. Busy is the share of the",
        'time in which the device computed (copies not counted); "device alone" counts that time only.',
        "",
        "| encoder | million weights | precision | batch | pairs/s | pictures/s, device alone | busy | memory |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for name, weights, precision, batch, speed in report.speed:
        figures = (
            f"{speed.pairs:.1f} | {speed.pictures:.1f} | {speed.busy:.0%} | {speed.memory / 2**30:.1f} GiB"
        )
        lines.append(f"| {name} | {weights / 1e6:.0f} | {precision} | {batch} | {figures} |")
    lines += [
        "",
        "Maps against those of the CPU in fp32: the largest difference of a cell as a cosine (BLIP: as the log of",
        "a share) beyond the rounding of float16, and the share of the top fifth of the cells that is another. Random",
        "networks send all cells nearly one way, so their order flips sooner than that of trained ones.",
        "",
        "| encoder | precision | largest difference | tolerance | cells that moved |",
        "|---|---|---|---|---|",
    ]
    for name, precision, found in report.equality:
        allowed = claims.TOLERANCES[precision]
        lines.append(f"| {name} | {precision} | {found.worst:.5f} | {allowed} | {found.moved:.1%} |")
    lines += ["", "Claims:", ""]
    lines += [
        f"- {'holds' if kept else 'DOES NOT HOLD'}: {name}: {what}" for name, kept, what in report.claims
    ]
    if report.unmeasured:
        lines += ["", f"No time was left for: {', '.join(report.unmeasured)}."]
    return "\n".join(lines) + "\n"


def _stand_in_for_pillow() -> None:
    """Resize without Pillow where it is not installed: nearest pixel, which is enough for time and for equality."""
    try:
        import PIL.Image  # noqa: F401
    except ImportError:
        import types

        from medcutmix_cli.encoders import geometry

        def nearest(pixels, height, width, _resampling):
            rows = np.arange(height) * pixels.shape[0] // height
            columns = np.arange(width) * pixels.shape[1] // width
            return np.ascontiguousarray(pixels[rows[:, None], columns])

        geometry._resized = nearest
        image = types.ModuleType("PIL.Image")
        image.Resampling = types.SimpleNamespace(BILINEAR=2, BICUBIC=3)
        sys.modules["PIL"], sys.modules["PIL.Image"] = types.ModuleType("PIL"), image


if __name__ == "__main__":
    sys.exit(main())
