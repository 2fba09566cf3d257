"""Batches on their way to a device, in it and back, so that it never waits. Knows no model and no precision.

What a batch needs is laid into pinned memory and copied on a stream of its own while the batch before is computed;
results come back behind the batch that made them. Nobody waits but who wants a result, and only for that one. On a
CPU nothing is copied.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor

from medcutmix_cli.encoders.work_time import add_device_seconds

AHEAD = 3
"""Batches on a device at once: one is computed, one waits behind it, one is on its way there or back."""

Compute = Callable[..., Sequence[Tensor]]


@dataclass(frozen=True, slots=True)
class Upload:
    """Inputs of a batch, on the device or on their way there; `arrived` is None where there is no way."""

    parts: list[Tensor]
    arrived: torch.cuda.Event | None = None


class Pending(Protocol):
    """Results that a device may still be computing."""

    def wait(self) -> list[Tensor]:
        """Return them on the CPU; to be called once."""


class DeviceQueue(Protocol):
    """The batches of one device."""

    def enter(self, *, wait: bool) -> bool:
        """Take one of the places for batches; False where none is free and `wait` is not said."""

    def leave(self) -> None:
        """Give a place back: of a batch whose results are there, or that was never launched."""

    def upload(self, parts: Iterable[Tensor]) -> Upload:
        """Bring tensors of the CPU to the device."""

    def launch(self, compute: Compute, upload: Upload) -> Pending:
        """Let the device compute behind what it is at, and bring the results back; waits for nothing.

        The batch keeps its place until somebody has waited for it.
        """


@dataclass(frozen=True, slots=True)
class Ready:
    """Results that are there."""

    results: list[Tensor]

    def wait(self) -> list[Tensor]:
        """Return them."""
        return self.results


class HostQueue:
    """A CPU: as many threads as there are compute at once, and nothing is copied."""

    def enter(self, *, wait: bool) -> bool:
        """There is always a place."""
        return True

    def leave(self) -> None:
        """There is nothing to give back."""

    def upload(self, parts: Iterable[Tensor]) -> Upload:
        """Return them as they are."""
        return Upload(list(parts))

    def launch(self, compute: Compute, upload: Upload) -> Pending:
        """Compute now."""
        return Ready(list(compute(*upload.parts)))


class CudaQueue:
    """A GPU: every process has one queue to each."""

    def __init__(self, device: torch.device) -> None:
        self.device = device
        self._places = threading.Semaphore(AHEAD)
        self._copies = torch.cuda.Stream(device)  # type: ignore[no-untyped-call]

    def enter(self, *, wait: bool) -> bool:
        """Take a place."""
        return self._places.acquire(blocking=wait)

    def leave(self) -> None:
        """Give a place back."""
        self._places.release()

    def upload(self, parts: Iterable[Tensor]) -> Upload:
        """Copy beside what is computed; torch keeps the pinned memory until the copy is done."""
        with torch.cuda.stream(self._copies):
            there = [part.contiguous().pin_memory().to(self.device, non_blocking=True) for part in parts]
            return Upload(there, self._copies.record_event())

    def launch(self, compute: Compute, upload: Upload) -> Pending:
        """Compute on the device's default stream, which all threads share, once the copies are there."""
        stream = torch.cuda.current_stream(self.device)
        if upload.arrived is not None:
            stream.wait_event(upload.arrived)
        for part in upload.parts:
            part.record_stream(stream)  # else its memory would go to the next copy, which waits for no kernel
        began, computed, fetched = _event(), _event(), _event()
        began.record(stream)
        results = compute(*upload.parts)
        computed.record(stream)
        own = [
            result.to("cpu", non_blocking=True) for result in results
        ]  # torch pins what it comes back into
        fetched.record(stream)
        return _Fetched(own, began, computed, fetched, self)


def _event() -> torch.cuda.Event:
    return torch.cuda.Event(enable_timing=True)  # type: ignore[no-untyped-call]


@dataclass(frozen=True, slots=True)
class _Fetched:
    """Results on their way back from a GPU."""

    results: list[Tensor]
    began: torch.cuda.Event
    computed: torch.cuda.Event
    fetched: torch.cuda.Event
    queue: CudaQueue

    def wait(self) -> list[Tensor]:
        """Wait for this batch alone; what others have launched behind it goes on."""
        try:
            self.fetched.synchronize()
            add_device_seconds(self.began.elapsed_time(self.computed) / 1000)
        finally:
            self.queue.leave()
        return self.results
