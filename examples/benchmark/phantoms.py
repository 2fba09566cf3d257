"""Phantoms of one chunk: chosen by what they show, painted, and written as a table that medcutmix opens.

A phantom is drawn before it is painted, so that one is painted only where its cell (finding x attribute) has room.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from examples.benchmark.cases import Cases, Pixels, Probes, originals, shrunk
from examples.benchmark.config import OBSERVATION, OBSERVED, Benchmark, StudySet
from medcutmix_cli.datasets.phantoms import (
    LOCAL_FINDINGS,
    Phantom,
    draw_phantom,
    lesion_sentence,
    paint,
    write_report,
)
from medcutmix_cli.datasets.phantoms.phrases import capitalise, load_phrasebook
from medcutmix_cli.datasets.phantoms.sampling.pictures import jpg_bytes
from medcutmix_cli.errors import UsageError
from medcutmix_cli.findings import CHEXPERT
from medcutmix_cli.images import decode_picture, letterbox, single_threaded_opencv
from medcutmix_cli.seeds import stable_generator, stable_hash
from medcutmix_cli.system.cpus import usable_cpus

Cell = tuple[bool, bool]
COLUMNS = ("study", "subject", "image", "report", "split", "view", "sex", "age", "device", "exposure")
ATTRIBUTES = ("device", "pacemaker", "view", "exposure")
HELD_OUT = "held-out"
SENTENCES = 8
"""How many wordings of each finding a prompt averages."""

_LOW, _HIGH = 0.12, 0.42  # scatter without and with the attribute "exposure"


@dataclass(frozen=True, slots=True)
class Drawn:
    """A phantom that was chosen, by its name."""

    name: str
    phantom: Phantom
    cell: Cell


def draw(whole: Benchmark, studies: StudySet, part: str, chunk: str) -> list[Drawn]:
    """Choose the phantoms of one part ("train" or "test") of a chunk; no other part or chunk has any of them.

    Raises:
        UsageError: No phantom ever has the set's finding or attribute.
    """
    for told, known in ((studies.finding, OBSERVATION), (studies.attribute, ATTRIBUTES)):
        if told and told not in known:
            raise UsageError(
                f"no phantom has {told!r}", where=studies.name, hint=f"known: {', '.join(known)}"
            )
    room, chosen = quotas(studies, part), []
    for number in count():
        name = stable_hash("benchmark", whole.seed, studies.name, chunk, part, number)
        for drawn in _candidates(studies, part, name, phantom_of(whole, name)):
            if room.get(drawn.cell, 0) > 0:
                room[drawn.cell] -= 1
                chosen.append(drawn)
                break
        if not any(room.values()):
            return chosen
    raise AssertionError("counting never ends")


def quotas(studies: StudySet, part: str) -> dict[Cell, int]:
    """Return how many studies of each cell (has the finding, has the attribute) a part holds.

    In a test part the finding is in half of the studies, and the attribute in half of those and half of the others.
    """
    total = studies.train if part == "train" else studies.test
    if not (studies.positives or studies.attribute):
        return {(False, False): total}
    if not studies.attribute:
        having = studies.positives if part == "train" else total // 2
        return {(True, False): having, (False, False): total - having}
    if part == "test":
        return dict.fromkeys(((True, True), (True, False), (False, True), (False, False)), total // 4)
    having, others = studies.positives, total - studies.positives
    both, neither = round(studies.together * having), round(studies.together * others)
    return {
        (True, True): both,
        (True, False): having - both,
        (False, True): others - neither,
        (False, False): neither,
    }


def phantom_of(whole: Benchmark, name: str) -> Phantom:
    """Draw the phantom of a name; looks beyond the first are those of `medcutmix sample`, where it has them."""
    looks: dict[str, Any] = {"look": whole.look} if whole.look > 1 else {}
    return draw_phantom(int(name, 16), **looks)


def _candidates(studies: StudySet, part: str, name: str, phantom: Phantom) -> Iterator[Drawn]:
    """Yield a phantom, once with and once without an attribute that can be chosen freely."""
    shown = {lesion.finding for lesion in phantom.lesions}
    found = bool(studies.positives or studies.attribute) and studies.finding in shown
    if studies.site and part == "test":
        phantom = at_other_site(phantom)
    if studies.attribute == "exposure":
        for high in (False, True):
            yield Drawn(name, with_scatter(phantom, _HIGH if high else _LOW), (found, high))
        return
    kinds = {lesion.kind for lesion in phantom.lesions}
    known = {
        "device": "support_devices" in shown,
        "pacemaker": "pacemaker" in kinds,
        "view": phantom.view == "AP",
    }
    having = known.get(studies.attribute, False)
    yield Drawn(name, phantom, (found, having))


def with_scatter(phantom: Phantom, scatter: float) -> Phantom:
    """Return the phantom as taken with more or less scattered radiation."""
    return replace(phantom, exposure=replace(phantom.exposure, scatter=scatter))


def at_other_site(phantom: Phantom) -> Phantom:
    """Return the phantom as another site takes it: closer, tilted, with more scatter and noise and its own letter."""
    own = phantom.exposure
    rng = stable_generator("benchmark", "site", phantom.seed)
    return replace(
        phantom,
        exposure=replace(
            own,
            zoom=own.zoom * 0.9,
            rotation=own.rotation + float(rng.normal(0, 4)),
            scatter=own.scatter + 0.12,
            noise=own.noise * 2,
            tilt_x=own.tilt_x + 0.15,
            marker="R",
        ),
    )


def write_tree(whole: Benchmark, chosen: list[Drawn], root: Path, part: str) -> None:
    """Paint the phantoms below `root`, with the table `manifest.csv` beside them, which is written last."""
    root.mkdir(parents=True, exist_ok=True)

    def write(drawn: Drawn) -> None:
        (root / f"{drawn.name}.jpg").write_bytes(jpg_bytes(paint(drawn.phantom, whole.height).image))

    with single_threaded_opencv(), ThreadPoolExecutor(whole.workers or usable_cpus()) as pool:
        list(pool.map(write, chosen))
    with (root / "manifest.csv").open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(COLUMNS)
        writer.writerows(_row(drawn, part, whole.prose) for drawn in chosen)


def _row(drawn: Drawn, part: str, prose: int) -> tuple[object, ...]:
    phantom, name = drawn.phantom, drawn.name
    device = any(lesion.finding == "support_devices" for lesion in phantom.lesions)
    report = write_report(phantom, prose=prose).text
    patient, scatter = phantom.patient, f"{phantom.exposure.scatter:.3f}"
    told = (part, phantom.view, patient.sex, patient.age, int(device), scatter)
    return (name, f"p{name}", f"{name}.jpg", report, *told)


def paint_part(whole: Benchmark, chosen: list[Drawn]) -> tuple[Cases, Probes]:
    """Paint the test phantoms in memory; their labels are the truth, their reports are of held-out words."""
    side = whole.training.side
    with single_threaded_opencv(), ThreadPoolExecutor(whole.workers or usable_cpus()) as pool:
        painted = list(pool.map(lambda drawn: _painted(drawn, whole), chosen))
    labels = np.stack([truth(drawn.phantom) for drawn in chosen])
    reports = [_body(drawn.phantom) for drawn in chosen]
    names = [drawn.name for drawn in chosen]
    pictures = [pixels for pixels, _ in painted]
    cases = originals(names, pictures, reports, labels, [drawn.cell[1] for drawn in chosen])
    asked = [
        (number, _worded(chosen[number].phantom, lesion), mask)
        for number, (_, masks) in enumerate(painted)
        for lesion, mask in masks.items()
    ]
    where = np.array([number for number, _, _ in asked], np.intp)
    sentences = np.array([sentence for _, sentence, _ in asked], dtype=np.str_)
    masks = np.array([mask for _, _, mask in asked], np.bool_).reshape(len(asked), side, side)
    return cases, Probes(where, sentences, masks)


def _painted(drawn: Drawn, whole: Benchmark) -> tuple[Pixels, dict[int, np.ndarray]]:
    """Return the small picture, and the small mask of each lesion that has a place."""
    shown = paint(drawn.phantom, whole.height)
    plane = decode_picture(jpg_bytes(shown.image))
    local = {n: mask for n, mask in shown.masks.items() if drawn.phantom.lesions[n].finding in LOCAL_FINDINGS}
    masks = {n: _letterboxed(mask.astype(np.uint8) * 255, whole) > 0 for n, mask in local.items()}
    return _letterboxed(plane, whole), {n: mask for n, mask in masks.items() if mask.any()}


def _letterboxed(plane: Pixels, whole: Benchmark) -> Pixels:
    """Bring a plane onto its canvas, then to the network's side, as the pictures of a run are."""
    at = letterbox(*plane.shape, whole.canvas)
    canvas = np.zeros((whole.canvas, whole.canvas), np.uint8)
    small = cv2.resize(plane, (at.width, at.height), interpolation=cv2.INTER_AREA)
    canvas[at.top : at.top + at.height, at.left : at.left + at.width] = small
    return shrunk(canvas, whole.training.side)


def _worded(phantom: Phantom, lesion: int) -> str:
    rng = stable_generator("benchmark", "sentence", phantom.seed, lesion)
    return lesion_sentence(phantom.lesions[lesion], rng, HELD_OUT)


def _body(phantom: Phantom) -> str:
    return "\n".join(sentence.text for sentence in write_report(phantom, HELD_OUT).sentences)


def truth(phantom: Phantom) -> np.ndarray:
    """Return what the picture shows, (14,) float32; NaN for observations that no phantom ever has."""
    shown = {OBSERVATION[lesion.finding] for lesion in phantom.lesions}
    return np.array([float(n in shown) if n in OBSERVED else np.nan for n in CHEXPERT], np.float32)


def held_out_prompts() -> dict[str, tuple[tuple[str, ...], tuple[str, ...]]]:
    """Return, for each observation, sentences that assert and deny it, in words that no training report has."""
    book, said = load_phrasebook(HELD_OUT), _assertions()
    return {
        name: (
            said[name],
            tuple(_denials(book.shared["absent_one"], [book.noun(f) for f in _findings(name)])),
        )
        for name in OBSERVED
    }


def _findings(observation: str) -> list[str]:
    return [finding for finding, name in OBSERVATION.items() if name == observation]


def _denials(templates: object, nouns: list[str]) -> list[str]:
    return [capitalise(template.format(list=noun)) for noun in nouns for template in templates]  # type: ignore[attr-defined]


def _assertions() -> Mapping[str, tuple[str, ...]]:
    """Word lesions of phantoms that are in no chunk."""
    rng = stable_generator("benchmark", "prompts")
    found: dict[str, list[str]] = {name: [] for name in OBSERVED}
    for number in count():
        for lesion in draw_phantom(int(stable_hash("benchmark", "prompt", number), 16)).lesions:
            said = found[OBSERVATION[lesion.finding]]
            if len(said) < SENTENCES:
                said.append(lesion_sentence(lesion, rng, HELD_OUT))
        if all(len(said) == SENTENCES for said in found.values()):
            break
    return {name: tuple(said) for name, said in found.items()}
