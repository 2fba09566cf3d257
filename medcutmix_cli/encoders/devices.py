"""Say where a network runs. torch is asked only where there may be a GPU: loading it takes seconds."""

from __future__ import annotations

import sys
from functools import cache
from pathlib import Path

_NODES = ("nvidia*", "nvhost*", "nvmap", "dxg", "kfd")
"""Under /dev, what drivers of GPUs that torch can use are reached by: NVIDIA's, Tegra's, WSL's, AMD's."""


def runs_on_cpu(device: str) -> bool:
    """Say whether a network that was asked to run on `device` runs on the CPU.

    Args:
        device: "auto" (a GPU where there is one), "cpu", "cuda" or "cuda:1".

    Raises:
        EncoderError: A GPU was asked for and there is none, or none of that number.
    """
    if device == "cpu" or (device == "auto" and not may_have_gpu()):
        return True
    from medcutmix_cli.encoders.runtime import Runtime

    return Runtime(device).torch_device.type == "cpu"


def describe(device: str) -> str:
    """Say what a device is, for people: "cpu" or "cuda:0 (NVIDIA H100)".

    Raises:
        EncoderError: As `runs_on_cpu`.
    """
    if runs_on_cpu(device):
        return "cpu"
    import torch

    from medcutmix_cli.encoders.runtime import Runtime

    found = Runtime(device).torch_device
    return f"{found} ({torch.cuda.get_device_name(found)})" if found.type == "cuda" else str(found)


def may_have_gpu(nodes: Path = Path("/dev")) -> bool:
    """Say whether torch has to be asked for GPUs: not where it is not loaded yet and no driver of one is there."""
    if "torch" in sys.modules or sys.platform != "linux":
        return True
    return _has_driver(nodes)


@cache
def _has_driver(nodes: Path) -> bool:
    return any(next(nodes.glob(pattern), None) for pattern in _NODES)
