"""What must hold on a device, as plain functions that raise `AssertionError`: no test library is needed.

Needs torch, transformers and numpy only. A claim returns one sentence of what was found.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch

from medcutmix_cli.encoders import runtime
from medcutmix_cli.encoders.base import Picture, Query, look, map_of, see_pictures
from medcutmix_cli.encoders.runtime import Runtime
from medcutmix_cli.records import Placement

TOLERANCES = {"fp32": 0.001, "tf32": 0.01, "bf16": 0.05}
"""The most by which a cell may differ from the CPU's fp32 map, as a cosine (BLIP: as the logarithm of a share).

Maps are stored in float16, which adds two of its steps.
"""

TOP = 0.2  # share of the cells that a mask keeps


@dataclass(frozen=True)
class Difference:
    """How far a map is from the map of the CPU in fp32.

    Attributes:
        worst: Largest difference of a cell, as a cosine, beyond two float16 steps of the score.
        moved: Share of the top fifth of the cells that is another.
    """

    worst: float
    moved: float

    def within(self, precision: str) -> bool:
        return self.worst <= TOLERANCES[precision]


def pictures(count: int, canvas: int = 672, seed: int = 0) -> list[Picture]:
    """Return portraits with smooth structure and noise, different for each number."""
    height, width = canvas, canvas * 5 // 6
    at = Placement(height * 4, width * 4, canvas, 0, (canvas - width) // 2, height, width)
    rng = np.random.default_rng(seed)
    made = []
    for number in range(count):
        coarse = np.kron(rng.random((8, 8)), np.ones((canvas // 8, canvas // 8)))
        grey = (200 * coarse + 55 * rng.random((canvas, canvas)))[:height, :width].astype(np.uint8)
        pixels = np.zeros((canvas, canvas), np.uint8)
        pixels[at.top : at.top + height, at.left : at.left + width] = grey
        made.append(Picture(f"p{number}", pixels, at))
    return made


def maps(encoder, query, seen) -> np.ndarray:
    """Return (pictures, grid_h, grid_w) float32."""
    asked = {"asked": Query(query)}
    images = see_pictures(encoder, [look(encoder, own) for own in seen], [asked] * len(seen), keep=False)
    found = [map_of(encoder, own, "asked", asked["asked"]).scores for own in images]
    return np.stack(found).astype(np.float32)


def difference(found: np.ndarray, expected: np.ndarray, unit: float) -> Difference:
    """Compare maps of the same pictures; they must have their scores in the same cells."""
    assert np.array_equal(np.isnan(found), np.isnan(expected)), "scores lie in other cells"
    worst = moved = 0.0
    for own, wanted in zip(found, expected, strict=True):
        inside = ~np.isnan(wanted)
        own, wanted = own[inside], wanted[inside]
        assert np.ptp(wanted) > 0, "the map is flat: nothing can be compared"
        rounding = 2 * float(np.spacing(np.float16(np.abs(wanted).max())))
        worst = max(worst, (float(np.abs(own - wanted).max()) - rounding) / unit)
        kept = max(1, round(TOP * len(wanted)))
        both = set(np.argsort(own)[-kept:]) & set(np.argsort(wanted)[-kept:])
        moved = max(moved, 1 - len(both) / kept)
    return Difference(worst, moved)


def no_bit_depends_on_company(device: str, batch: int, precision: str) -> str:
    """A result is the same, bit for bit, alone and among others."""
    torch.manual_seed(0)
    model = torch.nn.Sequential(
        torch.nn.Conv2d(1, 16, 3), torch.nn.ReLU(), torch.nn.Flatten(), torch.nn.Linear(16 * 81, 17)
    )
    own, inputs = Runtime(device, precision, batch), torch.randn(9, 1, 11, 11)
    model = own.place(model)
    alone = torch.cat([own.run(model, inputs[i : i + 1]) for i in range(len(inputs))])
    assert torch.equal(alone, own.run(model, inputs)), "bits depend on what else is in the batch"
    return (
        f"9 inputs alone and together, batches of {batch or 'the default size'}, {precision}: the same bits"
    )


def no_bit_of_a_map_depends_on_company(network, precision: str) -> str:
    """The maps of an encoder are the same, bit for bit, whichever pictures share its batch."""
    encoder, seen = network.at(precision, 2), pictures(3, canvas=224)
    together = maps(encoder, network.query, seen)
    alone = np.concatenate([maps(encoder, network.query, [one]) for one in seen])
    assert np.array_equal(alone, together, equal_nan=True), "bits depend on what else is in the batch"
    return "3 pictures alone and together in batches of 2: the same bits"


def nobody_waits_in_a_group(network, device: str) -> str:
    """What is asked of a group is launched without waiting for the device, whatever the number of pairs."""
    encoder, seen = network.at("fp32", 2), pictures(3, canvas=224)
    looks = [look(encoder, own) for own in seen]

    def ask(count):
        asked = {f"{number}": Query(network.query) for number in range(count)}
        return see_pictures(encoder, looks, [asked] * len(looks), keep=False)

    ask(1), ask(9)  # what is made on first use may wait
    if not device.startswith("cuda"):
        return "on a CPU nothing waits"
    torch.cuda.synchronize()
    torch.cuda.set_sync_debug_mode("error")
    try:
        ask(1), ask(9)
    except RuntimeError as error:
        raise AssertionError(f"something waits for the device: {str(error)[:200]}") from error
    finally:
        torch.cuda.set_sync_debug_mode("default")
    return "27 maps of 3 pictures in batches of 2: torch saw nothing wait but for results"


def maps_of_a_group_are_those_of_pairs(network, precision: str) -> str:
    """One product for a group gives the maps that products pair by pair on the host give."""
    encoder, seen = network.at(precision, 2), pictures(3, canvas=224)
    images = encoder.encode_images(seen)
    alone = np.stack([encoder.attend(image, network.query).scores for image in images]).astype(np.float32)
    found = difference(maps(encoder, network.query, seen), alone, network.unit)
    assert found.within(precision), f"they differ by {found.worst:.5f}"
    return f"3 pictures: within {found.worst:.5f}"


def batches_halve_until_they_fit(device: str) -> str:
    """Batches that do not fit into the memory are halved, and no result changes."""
    fits = dict(runtime._FITS)
    runtime._FITS.clear()
    own = Runtime(device, batch_size=16)
    try:
        inputs = torch.arange(40, dtype=torch.float32).reshape(20, 2)
        with _little_memory(own.torch_device) as hungry:
            assert torch.equal(own.run(hungry, inputs), inputs * 3 + 1), (
                "running out of memory changed results"
            )
        assert 1 <= own.batch < 16, f"batches of {own.batch}: the memory never ran out"
        return f"20 inputs in batches of 16, memory for fewer: went on with {own.batch}, the same results"
    finally:
        runtime._FITS.clear()
        runtime._FITS.update(fits)


class _little_memory:  # noqa: N801 - used as a word of a `with`
    """A forward that takes 256 MiB an input, where at most about 1.5 GiB may be taken; elsewhere it says so itself."""

    def __init__(self, device: torch.device) -> None:
        self.device = device

    def __enter__(self):
        if self.device.type != "cuda":
            return self._pretend
        torch.cuda.empty_cache()
        whole = torch.cuda.get_device_properties(self.device).total_memory
        taken = torch.cuda.memory_reserved(self.device)
        torch.cuda.set_per_process_memory_fraction(min(1.0, (taken + 3 * 2**29) / whole), self.device)
        return self._take

    def __exit__(self, *_):
        if self.device.type == "cuda":
            torch.cuda.set_per_process_memory_fraction(1.0, self.device)
            torch.cuda.empty_cache()

    @staticmethod
    def _pretend(batch):
        if len(batch) > 5:
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 MiB.")
        return batch * 3 + 1

    @staticmethod
    def _take(batch):
        held = torch.empty(len(batch), 2**26, device=batch.device)  # float32: 256 MiB each
        held[:, :2] = batch
        return held[:, :2] * 3 + 1
