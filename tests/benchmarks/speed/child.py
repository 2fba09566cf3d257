"""What is measured, each in a process of its own; the last line it prints is JSON.

python -m tests.benchmarks.speed.child plan MANIFEST RUN OPTIONS
python -m tests.benchmarks.speed.child render RUN OPTIONS [stages] [here]
python -m tests.benchmarks.speed.child floor RUN WORKERS
"""

from __future__ import annotations

import atexit
import json
import resource
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import cycle, islice
from pathlib import Path
from typing import Any

import numpy as np
import psutil

import medcutmix_cli
from medcutmix_cli.assembly.opening import open_renderer
from medcutmix_cli.cluster import local
from medcutmix_cli.encoders.base import Picture, encode_pictures
from medcutmix_cli.engines import Work
from medcutmix_cli.images import encode_picture, single_threaded_opencv
from medcutmix_cli.images.decoding import DecodingRequest, decode
from medcutmix_cli.images.plain_dicom import read_plain_dicom
from medcutmix_cli.images.shrink import Plane
from medcutmix_cli.records import Parent, Placement
from medcutmix_cli.rendering.pair import Renderer, prepare
from medcutmix_cli.rendering.staging import InPlace
from medcutmix_cli.run.folder import RunFolder
from medcutmix_cli.run.plan_file import read_plan
from medcutmix_cli.run.run_record import read_run
from medcutmix_cli.run.shard_state import read_state
from tests.benchmarks.speed.cpu import cpu_seconds, decoder_seconds
from tests.benchmarks.speed.decoding_here import decode_here
from tests.benchmarks.speed.encoders import use_benchmark_encoders
from tests.benchmarks.speed.stages import StageClock

MB = 2**20


def plan(manifest: str, run: str, options: str) -> dict[str, Any]:
    """Plan mixed pairs only, and calibrate the gate."""
    status = medcutmix_cli.plan(manifest, run, unmixed="drop", **json.loads(options))
    begun = time.perf_counter()
    medcutmix_cli.calibrate(run)
    return {"planned": status.planned, "calibration_seconds": time.perf_counter() - begun}


class Opened:
    """What was so when everything was there to render with: encoder loaded, decoders started, one picture seen."""

    def __init__(self, clock: StageClock | None) -> None:
        self.at = self.cpu = self.decoders = self.mb = 0.0
        self.clock = clock
        local.open_renderer = self.open

    def open(self, *asked: Any) -> Renderer:
        renderer = open_renderer(*asked)
        if self.at:  # a refill opens it again
            return renderer
        _warm_up(renderer)
        if self.clock:
            self.clock.watch(type(renderer.encoder))
        self.mb = psutil.Process().memory_info().rss / MB
        self.cpu, self.decoders, self.at = cpu_seconds(), decoder_seconds(), time.perf_counter()
        return renderer


def _warm_up(renderer: Renderer) -> None:
    """Do once what the first pictures have to wait for: a decoder for each thread, the network's first pass."""
    first = read_plan(renderer.folder.plan_file, 0)[: renderer.workers]
    with ThreadPoolExecutor(renderer.workers) as pool:
        list(pool.map(lambda pair: prepare(renderer, InPlace(), [pair.recipient], None, {}), first))


def render(run: str, options: str, *more: str) -> dict[str, Any]:
    """Render a plan; seconds from when everything was there to the end, pairs as the states of the shards say.

    Of `more`, "stages" asks for the CPU time of each, "here" decodes in this process.
    """
    clock = StageClock() if "stages" in more else None
    if "here" in more:
        decode_here()
    opened = Opened(clock)
    medcutmix_cli.render(run, **json.loads(options))
    seconds, cpu = time.perf_counter() - opened.at, cpu_seconds() - opened.cpu
    decoders = decoder_seconds() - opened.decoders
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    said = {"seconds": seconds, "cpu": cpu, "decoders": decoders, "opened_mb": opened.mb, "peak_mb": peak}
    return {**said, **counted(run), "stages": clock.seconds if clock else {}}


def counted(run: str) -> dict[str, int]:
    """Count pairs by the states of the shards, and the different pictures they are mixed from."""
    folder = RunFolder(Path(run))
    states = [read_state(folder, shard) for shard in range(len(read_run(folder).shards))]
    done = [state for state in states if state is not None]
    return {
        "planned": sum(state.planned for state in done),
        "written": sum(state.written for state in done),
        "rejected": sum(sum(state.rejected.values()) for state in done),
        "failed": sum(sum(state.failed.values()) for state in done),
        "pictures": len(_pictures(folder)),
    }


def _pictures(folder: RunFolder) -> dict[str, Parent]:
    """Return a parent for each different picture of a run."""
    shards = range(len(read_run(folder).shards))
    pairs = [pair for shard in shards for pair in read_plan(folder.plan_file, shard)]
    return {parent.image_path: parent for pair in pairs for parent in (pair.recipient, pair.donor)}


def floor(run: str, workers: str) -> dict[str, Any]:
    """Decode and encode each picture of a finished run, and compress one PNG for each pair that it wrote."""
    folder = RunFolder(Path(run))
    parents, written = list(_pictures(folder).values()), counted(run)["written"]
    renderer = open_renderer(Work(folder.root.resolve(), read_run(folder).fingerprint, (), (), {}))
    with single_threaded_opencv(), ThreadPoolExecutor(int(workers)) as pool:
        list(pool.map(lambda parent: _seen(renderer, parent), parents[: int(workers)]))
        begun, cpu = time.perf_counter(), time.process_time()
        canvases = list(pool.map(lambda parent: _seen(renderer, parent), parents))
        pngs = pool.map(lambda canvas: len(encode_picture(canvas, "png")), islice(cycle(canvases), written))
        size = sum(pngs)
        seconds, cpu = time.perf_counter() - begun, time.process_time() - cpu
    return {"seconds": seconds, "cpu": cpu, "written": written, "bytes": size}


def _seen(renderer: Renderer, parent: Parent) -> np.ndarray:
    """Decode one picture in this process, as the encoder wants to see it, and encode it."""
    request = renderer.request(parent.image_path)
    side = request.sides[-1]
    plane, at = _decoded(request.file, side, request.rules.dicom_mode)
    pixels = np.zeros((side, side), np.uint8)
    pixels[at.top : at.top + at.height, at.left : at.left + at.width] = plane
    encode_pictures(renderer.encoder, [Picture(parent.image_id, pixels, at)])
    return pixels


def _decoded(file: Path, side: int, mode: str) -> tuple[Plane, Placement]:
    """Decode by the quickest way there is, with no process between."""
    asked = DecodingRequest(file.stat().st_size, side, mode)
    if file.suffix == ".dcm":
        with file.open("rb", buffering=0) as opened:
            found = read_plain_dicom(opened, asked)
            assert found is not None
            return found
    return decode(memoryview(file.read_bytes()), asked)


def loop(run: str, out: str, pairs: str) -> dict[str, Any]:
    """Run the notebook loop; its libraries are not the product's, so that nobody else waits for them."""
    from tests.benchmarks.notebook_loop import mix_pairs

    return mix_pairs(run, out, int(pairs))


CALLS: dict[str, Callable[..., dict[str, Any]]] = {
    "plan": plan,
    "render": render,
    "floor": floor,
    "loop": loop,
}


def run_call(words: list[str]) -> dict[str, Any]:
    """Run one of `CALLS`: the last thing that a process does."""
    use_benchmark_encoders()
    try:
        return CALLS[words[0]](*words[1:])
    finally:
        atexit._run_exitfuncs()  # ends the decoders, which a forked process would leave to themselves


if __name__ == "__main__":
    print(json.dumps(run_call(sys.argv[1:])))
