"""A GPU that is not there: its tensors lie in the CPU's memory, and every copy and every wait of the host is counted.

Its name for torch is "meta", which every build of torch knows; only what crosses to the CPU or back, or asks for a
value, is counted. What torch needs a driver for (streams, events, pinned memory) is stood in for. It computes what the
CPU computes, at once. A tensor that is made there of Python numbers holds none of them: make it here and send it.
"""

from __future__ import annotations

import threading
import time
from collections import Counter
from contextlib import contextmanager, nullcontext

import torch
from torch.utils._python_dispatch import TorchDispatchMode, _disable_current_modes
from torch.utils._pytree import tree_leaves, tree_map

from medcutmix_cli.encoders import runtime

GPU, CPU = torch.device("meta"), torch.device("cpu")
WAITS = {"_local_scalar_dense", "nonzero", "is_nonzero", "equal", "masked_select", "unique_dim", "_unique2"}


class Counted:
    """What was seen: "to the device", "to the host" ("waited for": without non_blocking), "values" that were asked."""

    def __init__(self):
        self.seen, self._lock = Counter(), threading.Lock()

    def add(self, name):
        with self._lock:
            self.seen[name] += 1

    def taken(self):
        """Return what was seen since this was asked last."""
        with self._lock:
            found, self.seen = self.seen, Counter()
        return found


COUNTED = Counted()


class GpuTensor(torch.Tensor):
    """A tensor that says that it is on the GPU; `own` is it."""

    @staticmethod
    def __new__(cls, own):
        strides, offset = own.stride(), own.storage_offset()
        return torch.Tensor._make_wrapper_subclass(
            cls, own.size(), strides=strides, storage_offset=offset, dtype=own.dtype, device=GPU
        )

    def __init__(self, own):
        self.own = own

    def __repr__(self):
        return f"GpuTensor({tuple(self.shape)})"

    @classmethod
    def __torch_dispatch__(cls, function, types, args=(), kwargs=None):
        return _call(function, args, kwargs or {})

    def record_stream(self, stream):
        assert isinstance(stream, _Stream)


class _Mode(TorchDispatchMode):
    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        return _call(function, args, kwargs or {})


def _call(function, args, kwargs):
    name = function.overloadpacket.__name__
    ours = any(isinstance(leaf, GpuTensor) for leaf in tree_leaves((args, kwargs)))
    if name == "_to_copy":
        ours = _copied(ours, kwargs)
    elif name == "copy_" and isinstance(args[0], GpuTensor) != isinstance(args[1], GpuTensor):
        _cross(isinstance(args[0], GpuTensor), blocking=not (len(args) > 2 and args[2]))
    elif name in WAITS and ours:
        COUNTED.add("values")
    elif kwargs.get("device") is not None:
        ours = ours or kwargs["device"].type == GPU.type
    with _disable_current_modes():
        found = function(*tree_map(_plain, args), **tree_map(_plain, kwargs))
    if function._schema.is_mutable and isinstance(args[0], torch.Tensor) and name.endswith("_"):
        return args[0]
    return tree_map(lambda own: GpuTensor(own) if ours and isinstance(own, torch.Tensor) else own, found)


def _copied(ours, kwargs):
    """Count a copy from one to the other; return whether the result is the GPU's."""
    target = kwargs.get("device")
    there = ours if target is None else target.type == GPU.type
    if there != ours:
        _cross(there, blocking=not kwargs.get("non_blocking"))
    return there


def _cross(to_device, *, blocking):
    COUNTED.add("to the device" if to_device else "to the host")
    if blocking:
        COUNTED.add("waited for")


def _plain(value):
    if isinstance(value, GpuTensor):
        return value.own
    return CPU if isinstance(value, torch.device) else value


class _Event:
    def __init__(self, enable_timing=False):
        self.at = 0.0

    def record(self, stream=None):
        self.at = time.perf_counter()

    def synchronize(self):
        COUNTED.add("events waited for")

    def elapsed_time(self, other):
        return 1000 * (other.at - self.at)


class _Stream:
    def __init__(self, device=None):
        self.device = device

    def record_event(self):
        return _Event()

    def wait_event(self, event):
        assert isinstance(event, _Event)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        return None


def _pinned(tensor):
    COUNTED.add("pinned")
    assert not isinstance(tensor, GpuTensor)
    return tensor


@contextmanager
def plugged_in(monkeypatch):
    """Let there be such a GPU, in this thread and in those that `entered` begins."""
    for name, value in {
        "empty_cache": lambda: None,
        "Stream": _Stream,
        "Event": _Event,
        "stream": lambda stream: stream,
        "current_stream": lambda _=None: _Stream(GPU),
    }.items():
        monkeypatch.setattr(torch.cuda, name, value)
    monkeypatch.setattr(torch, "inference_mode", torch.no_grad)  # torch wraps no tensors in it
    monkeypatch.setattr(torch, "autocast", lambda *_, **__: nullcontext())
    monkeypatch.setattr(runtime, "_device", lambda name: CPU if name == "cpu" else GPU)
    monkeypatch.setattr(torch.Tensor, "pin_memory", _pinned)
    monkeypatch.setattr(runtime, "_fix_kernels", lambda *, allow_tf32: None)
    monkeypatch.setattr(runtime, "_QUEUES", runtime.OnceTable())
    monkeypatch.setattr(runtime, "_FITS", {})
    torch.__future__.set_overwrite_module_params_on_conversion(True)
    COUNTED.taken()
    try:
        with _Mode():
            yield COUNTED
    finally:
        torch.__future__.set_overwrite_module_params_on_conversion(False)


def entered():
    """Let what this thread does from now on be seen: for the initializer of a pool."""
    _Mode().__enter__()
