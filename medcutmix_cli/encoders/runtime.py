"""Where and how a network runs: device, precision, batches. One code path for CPU and GPU; knows no model.

Bits must not depend on what else is encoded. Batches are always full (the last one is filled up by repeating), so
that the same kernels run, on a CPU on one torch thread and, unless asked otherwise, with one picture a batch. Only
running out of memory changes their size: that is said and counted.
"""

from __future__ import annotations

import logging
import os
import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import cache

import torch

from medcutmix_cli.encoders.choices import check_choices
from medcutmix_cli.encoders.device_queue import Compute, CudaQueue, DeviceQueue, HostQueue, Pending
from medcutmix_cli.encoders.notes import note
from medcutmix_cli.encoders.once import OnceTable
from medcutmix_cli.errors import EncoderError
from medcutmix_cli.system.cpus import computes_in

_HALF = {"bf16": torch.bfloat16, "fp16": torch.float16}
_GPU_BATCH = 32
_LOG = logging.getLogger("medcutmix")

Forward = Callable[..., torch.Tensor]


@dataclass(frozen=True, slots=True)
class Batch:
    """What runs at once.

    Attributes:
        inputs: Tensors on the CPU.
        compute: Takes them on the device; what it returns is brought back.
    """

    inputs: list[torch.Tensor]
    compute: Compute


@dataclass(frozen=True, slots=True)
class Runtime:
    """One way of running a network.

    Attributes:
        device: "auto" (a GPU where there is one), "cpu", "cuda" or "cuda:1".
        precision: One of `settings.PRECISIONS`; autocast, so that weights stay float32. tf32 is fp32 whose products a
            GPU rounds to 10 bits of mantissa: faster, and never used unless asked for.
        batch_size: Inputs at once; 0 takes 1 on a CPU and 32 on a GPU.

    Raises:
        ValueError: A device or precision there is not.
    """

    device: str = "auto"
    precision: str = "fp32"
    batch_size: int = 0

    def __post_init__(self) -> None:
        """Refuse what has no meaning; whether the device is there is asked when it is needed."""
        check_choices(self.device, self.precision, self.batch_size)

    @property
    def torch_device(self) -> torch.device:
        """Return the device.

        Raises:
            EncoderError: A GPU was asked for and there is none, or none of that number.
        """
        return _device(self.device)

    @property
    def batch(self) -> int:
        """Return how many inputs run at once, after what running out of memory has taught."""
        asked = self.batch_size or (_GPU_BATCH if self.torch_device.type != "cpu" else 1)
        return min(asked, _FITS.get(str(self.torch_device), asked))

    def place(self, model: torch.nn.Module) -> torch.nn.Module:
        """Freeze a model, put it into evaluation mode and on the device; say so where that will be very slow."""
        if self.torch_device.type == "cpu":
            _warn_of_slow(self.precision)
        return model.eval().requires_grad_(False).to(self.torch_device)

    @contextmanager
    def scope(self, *, gradients: bool = False) -> Iterator[torch.device]:
        """Run what is inside without gradients (unless asked for), in the precision, with fixed kernels."""
        device = self.torch_device
        with ExitStack() as stack:
            if device.type != "cpu":
                stack.enter_context(_ON_GPU)
                _fix_kernels(allow_tf32=self.precision == "tf32")
            elif torch.get_num_threads() != 1:
                # Two threads cut a sum elsewhere than one does. The count is kept per thread, so it is set in each.
                torch.set_num_threads(1)
            stack.enter_context(torch.enable_grad() if gradients else torch.inference_mode())
            half = _HALF.get(self.precision)
            stack.enter_context(torch.autocast(device.type, dtype=half, enabled=half is not None))
            yield device

    @contextmanager
    def in_full(self) -> Iterator[None]:
        """Compute what is inside a scope in float32, not rounded, whatever the precision."""
        device = self.torch_device
        with torch.autocast(device.type, enabled=False):
            if device.type == "cpu":
                yield
                return
            _fix_kernels(allow_tf32=False)
            try:
                yield
            finally:
                _fix_kernels(allow_tf32=self.precision == "tf32")

    def run(self, forward: Forward, *inputs: torch.Tensor) -> torch.Tensor:
        """Run `forward` over inputs in batches and put its results together.

        Args:
            forward: Takes a batch of each input, on the device; returns (batch, ...).
            inputs: (n, ...) tensors on the CPU, n >= 1, all of one n.

        Returns:
            (n, ...) float32 on the CPU.

        Raises:
            EncoderError: Not even one input fits into the device's memory.
        """

        def batch(part: slice, size: int) -> Batch:
            own = [full[part] for full in inputs]
            count = len(own[0])
            return Batch(
                [fill_up(one, size) for one in own], lambda *there: [forward(*there)[:count].float()]
            )

        return torch.cat([result for _, (result,) in self.run_batches(len(inputs[0]), batch)])

    def run_batches(
        self, total: int, batch: Callable[[slice, int], Batch], *, gradients: bool = False
    ) -> Iterator[tuple[slice, list[torch.Tensor]]]:
        """Run batches one behind the other, the next on its way to the device while one is computed.

        Args:
            total: How many inputs there are.
            batch: Makes the batch of some of them, filled up to a size.
            gradients: As of `scope`.

        Yields:
            Which inputs were in the batch, and its results on the CPU; in order.

        Raises:
            EncoderError: Not even one input fits into the device's memory.
        """
        queue, pending, start = _queue(str(self.torch_device)), deque[tuple[slice, Pending]](), 0
        try:
            while start < total:
                size = self.batch
                # Who has a batch there waits for its own before for a place: two might wait for each other.
                while not queue.enter(wait=not pending):
                    yield _waited(*pending.popleft())
                part = slice(start, min(start + size, total))
                launched = self._try_launch(queue, batch(part, size), size, gradients)
                if launched is None:
                    self._shrink(size)
                else:
                    pending.append((part, launched))
                    start += size
            while pending:
                yield _waited(*pending.popleft())
        finally:
            for _, left in pending:
                left.wait()

    def _try_launch(self, queue: DeviceQueue, batch: Batch, size: int, gradients: bool) -> Pending | None:
        """Return None where memory runs out: what the failed pass held is free once its error is gone."""
        launched = None
        try:
            launched = self._launch(queue, batch, gradients)
        except torch.OutOfMemoryError as error:
            if size > 1:
                return None
            raise EncoderError(
                f"the memory of {self.torch_device} does not hold one input",
                hint="--device cpu, a lower --precision, or a GPU that nobody else uses",
            ) from error
        finally:
            if launched is None:
                queue.leave()
        return launched

    def _launch(self, queue: DeviceQueue, batch: Batch, gradients: bool) -> Pending:
        upload = queue.upload(batch.inputs)
        with self.scope(gradients=gradients):
            return queue.launch(batch.compute, upload)

    def _shrink(self, size: int) -> None:
        """Halve the batches of the device, unless another thread has done so since."""
        device = str(self.torch_device)
        with _SHRINKING:
            if _FITS.get(device, size) < size:
                return
            _FITS[device] = size // 2
        note("batch-halved")
        if self.torch_device.type != "cpu":
            torch.cuda.empty_cache()
        _LOG.warning(
            "out of memory on %s: going on with batches of %d instead of %d", device, size // 2, size
        )


def _waited(part: slice, pending: Pending) -> tuple[slice, list[torch.Tensor]]:
    return part, pending.wait()


def fill_up(part: torch.Tensor, size: int) -> torch.Tensor:
    """Fill (n, ...) up to (size, ...) by repeating the last one, so that the same kernels run; 1 <= n <= size."""
    missing = size - len(part)
    return torch.cat([part, part[-1:].expand(missing, *part.shape[1:])]) if missing else part


_FITS: dict[str, int] = {}
_QUEUES: OnceTable[str, DeviceQueue] = OnceTable()
_SHRINKING = threading.Lock()
_ON_GPU = threading.RLock()


def _queue(device: str) -> DeviceQueue:
    """Return the queue of a device, one for all threads."""
    found = torch.device(device)
    return _QUEUES.get(device, lambda: HostQueue() if found.type == "cpu" else CudaQueue(found))


@cache
def _device(name: str) -> torch.device:
    there = torch.cuda.device_count() if torch.cuda.is_available() else 0
    if name == "cpu" or (name == "auto" and not there):
        return torch.device("cpu")
    number = int(name.partition(":")[2] or 0)
    if number >= there:
        seen = f"{there} GPU(s), numbered from 0" if there else "no GPU that torch can use"
        raise EncoderError(
            f"there is no {name}: this machine has {seen}", hint="--device auto or --device cpu"
        )
    return torch.device("cuda", number)


@cache
def _warn_of_slow(precision: str) -> None:
    """Say once that the CPU has no instructions for a precision."""
    if not computes_in(precision):
        _LOG.warning(
            "this CPU has no instructions for %s and takes many times as long as with --precision fp32",
            precision,
        )


def _fix_kernels(*, allow_tf32: bool) -> None:
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")  # read when the first product runs
    torch.backends.cudnn.benchmark = False
    torch.backends.cudnn.deterministic = True
    torch.backends.cudnn.allow_tf32 = allow_tf32
    torch.backends.cuda.matmul.allow_tf32 = allow_tf32
