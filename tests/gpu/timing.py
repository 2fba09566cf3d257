"""How many pairs a second an encoder sees on a device, and for which share of the time the device is busy."""

from __future__ import annotations

import threading
import time
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import cycle, islice

import torch

from medcutmix_cli.encoders.base import Query, look, map_of, see_pictures
from medcutmix_cli.encoders.device_queue import AHEAD, HostQueue
from medcutmix_cli.encoders.work_time import work_time
from tests.gpu.claims import pictures


@dataclass(frozen=True)
class Speed:
    """What was measured.

    Attributes:
        pairs: A second; a pair is two pictures brought to the network's size, encoded, and one map of each.
        pictures: A second, counting only the time in which the device computed.
        busy: Share of the time in which the device computed, copies not counted.
        memory: Most bytes that torch held on the device; 0 on a CPU.
    """

    pairs: float
    pictures: float
    busy: float
    memory: int


@contextmanager
def device_clock(device: torch.device):
    """Give a function that says for how many seconds the device has computed inside; on a CPU, in forward passes."""
    if device.type != "cpu":
        before = work_time()
        yield lambda: work_time().since(before).device
        return
    spent, plain, lock = [0.0], HostQueue.launch, threading.Lock()

    def launch(self, compute, upload):
        began = time.perf_counter()
        try:
            return plain(self, compute, upload)
        finally:
            with lock:
                spent[0] += time.perf_counter() - began

    HostQueue.launch = launch
    try:
        yield lambda: spent[0]
    finally:
        HostQueue.launch = plain


def measure(network, precision: str, batch: int, *, seconds: float, threads: int) -> Speed:
    """Measure for about `seconds`, with as many threads as would prepare pictures in a run.

    As in a run, pictures are looked at one by one in those threads, and groups are seen by threads of their own.
    """
    encoder, device = network.at(precision, batch), network.encoder._runtime.torch_device
    seen, query = pictures(8, canvas=encoder.card.reads), {"asked": Query(network.query)}

    def group(looks):
        for own in see_pictures(encoder, looks, [query] * batch, keep=False):
            map_of(encoder, own, "asked", query["asked"])

    def run(count):
        with ThreadPoolExecutor(threads) as lookers, ThreadPoolExecutor(AHEAD) as groups:
            pending = deque()
            for _ in range(count):
                looks = [lookers.submit(look, encoder, own) for own in islice(cycle(seen), batch)]
                pending.append(groups.submit(lambda own: group([one.result() for one in own]), looks))
                if len(pending) > 2 * AHEAD:
                    pending.popleft().result()
            for left in pending:
                left.result()

    run(1)  # kernels are chosen, memory is taken
    if device.type == "cuda":
        torch.cuda.reset_peak_memory_stats(device)
    began = time.perf_counter()
    run(2)
    groups = max(AHEAD, min(400, round(2 * seconds / (time.perf_counter() - began))))
    with device_clock(device) as busy_seconds:
        began = time.perf_counter()
        run(groups)
        wall = time.perf_counter() - began
        busy = busy_seconds()
    memory = torch.cuda.max_memory_allocated(device) if device.type == "cuda" else 0
    return Speed(
        groups * batch / 2 / wall,
        groups * batch / busy,
        min(1.0, busy / (wall * _share(device))),
        memory,
    )


def _share(device):
    """A GPU runs one pass at a time; on a CPU each thread that sees groups is a device of its own."""
    return AHEAD if device.type == "cpu" else 1
