"""How many pairs a second an encoder sees on a device, and for which share of the time the device is busy."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import cycle, islice

import torch

from medcutmix_cli.encoders.runtime import Runtime
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


class _Clock:
    """Adds up the time of every forward pass: with events on a GPU, which needs no waiting in between."""

    def __init__(self, device: torch.device) -> None:
        self.device = device
        self._events: list = []
        self._seconds = 0.0
        self._inputs = 0
        self._lock = threading.Lock()

    def around(self, forward, images):
        def timed(*inputs):
            if self.device.type != "cuda":
                began = time.perf_counter()
                result = forward(*inputs)
                self._add(time.perf_counter() - began, len(inputs[0]) if images else 0)
                return result
            start, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))
            start.record()
            result = forward(*inputs)
            end.record()
            self._events.append((start, end))
            self._add(0.0, len(inputs[0]) if images else 0)
            return result

        return timed

    def _add(self, seconds, inputs):
        with self._lock:
            self._seconds += seconds
            self._inputs += inputs

    def read(self):
        """Return seconds of all passes."""
        if self.device.type == "cuda":
            torch.cuda.synchronize(self.device)
        return self._seconds + sum(start.elapsed_time(end) for start, end in self._events) / 1000


@contextmanager
def device_clock(device: torch.device):
    """Time every forward pass of every encoder inside."""
    clock, plain = _Clock(device), Runtime._one_batch

    def one_batch(self, forward, inputs, size):
        return plain(self, clock.around(forward, images=True), inputs, size)

    Runtime._one_batch = one_batch
    try:
        yield clock
    finally:
        Runtime._one_batch = plain


def measure(network, precision: str, batch: int, *, seconds: float, threads: int) -> Speed:
    """Measure for about `seconds`, with as many threads as would prepare pictures in a run."""
    encoder, device = network.at(precision, batch), network.encoder._runtime.torch_device
    seen = pictures(8, canvas=encoder.card.reads)

    def group(_=None):
        for image in encoder.encode_images(list(islice(cycle(seen), batch))):
            encoder.attend(image, network.query)

    group()  # kernels are chosen, memory is taken
    if device.type == "cuda":
        torch.cuda.reset_peak_memory_stats(device)
    began = time.perf_counter()
    group()
    groups = max(threads, min(200, round(seconds * threads / 2 / (time.perf_counter() - began))))
    with device_clock(device) as clock, ThreadPoolExecutor(threads) as pool:
        began = time.perf_counter()
        list(pool.map(group, range(groups)))
        wall = time.perf_counter() - began
        busy = clock.read()
    memory = torch.cuda.max_memory_allocated(device) if device.type == "cuda" else 0
    return Speed(
        groups * batch / 2 / wall,
        groups * batch / busy,
        min(1.0, busy / (wall * _share(device, threads))),
        memory,
    )


def _share(device, threads):
    """A GPU runs one pass at a time; on a CPU each thread is a device of its own."""
    return 1 if device.type == "cuda" else threads
