"""What a small network is trained and tested on: pictures, texts, labels and parents as arrays, and their files."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TypeVar

import cv2
import numpy as np
import numpy.typing as npt

from medcutmix_cli.records import Reading, ReadStudy
from medcutmix_cli.system.atomic_files import publish

Pixels = npt.NDArray[np.uint8]
Floats = npt.NDArray[np.float32]
Words = npt.NDArray[np.str_]
Arrays = TypeVar("Arrays", "Cases", "Probes", "States")


@dataclass(frozen=True, slots=True, eq=False)
class Cases:
    """Image-report pairs, originals or mixed.

    Attributes:
        ids: (n,) study ids; of the recipients where they are mixed.
        donors: (n,) study ids of the donors; `ids` where nothing is mixed.
        shares: (n,) float32 in [0, 1], the recipient's share; 1 where nothing is mixed.
        pictures: (n, side, side) uint8, bright = radio-opaque.
        texts: (n,) what findings and impression say.
        labels: (n, 14) float32, CheXpert order: in [0, 1], -1 uncertain, NaN not said.
        removed: (n, 14) bool, what the recipient had and the mix no longer speaks of: none of an original.
        attribute: (n,) bool, whether it has the set's attribute.
    """

    ids: Words
    donors: Words
    shares: Floats
    pictures: Pixels
    texts: Words
    labels: Floats
    removed: npt.NDArray[np.bool_]
    attribute: npt.NDArray[np.bool_]

    def __len__(self) -> int:
        """Return how many pairs there are."""
        return len(self.ids)

    def take(self, chosen: npt.NDArray[np.intp] | Sequence[int]) -> Cases:
        """Return some of them, in the order chosen; one may come several times."""
        where = np.asarray(chosen, np.intp)
        return Cases(**{entry.name: getattr(self, entry.name)[where] for entry in fields(self)})


@dataclass(frozen=True, slots=True, eq=False)
class Probes:
    """Questions of where a finding is: a sentence of held-out words, and where the lesion truly lies.

    Attributes:
        cases: (m,) which test picture.
        sentences: (m,) what it is asked for.
        masks: (m, side, side) bool, where the lesion is.
    """

    cases: npt.NDArray[np.intp]
    sentences: Words
    masks: npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class States:
    """Both parents of mixed rows, for mixing inside the network.

    Attributes:
        recipients: (n, side, side) uint8 (likewise donors, as they were pasted).
        weights: (n, grid, grid) float32, the donor's share of each cell of the layer.
    """

    recipients: Pixels
    donors: Pixels
    weights: Floats

    def take(self, chosen: npt.NDArray[np.intp]) -> States:
        """Return those of some rows, in the order chosen."""
        return States(self.recipients[chosen], self.donors[chosen], self.weights[chosen])


@dataclass(frozen=True, slots=True, eq=False)
class Chunk:
    """One chunk of one set: what is trained on, what is tested on, and the words of the prompts.

    Attributes:
        root: The data set's folder, for runs of medcutmix.
        resolve: From the path of a picture in that data set to its file.
        left_out: Studies or patients of that data set that are not of this chunk.
        attributes: Table of the set's attribute by study_id, "" for none.
        others: Test sets of other data sets, by name.
        prompts: Observation -> (sentences that say it is there, sentences that say it is not).
    """

    root: Path
    resolve: Callable[[str], Path]
    left_out: tuple[str, ...]
    attributes: str
    train: Cases
    test: Cases
    probes: Probes
    prompts: dict[str, tuple[tuple[str, ...], tuple[str, ...]]]
    others: dict[str, Cases]


def joined(first: Cases, second: Cases) -> Cases:
    """Return the pairs of both."""
    parts = {f.name: (getattr(first, f.name), getattr(second, f.name)) for f in fields(Cases)}
    return Cases(**{name: np.concatenate(both) for name, both in parts.items()})


def shrunk(pixels: Pixels, side: int) -> Pixels:
    """Return (side, side) uint8, area-averaged."""
    return np.asarray(cv2.resize(pixels, (side, side), interpolation=cv2.INTER_AREA))


def told(parts: Iterable[str | None], whole: str) -> str:
    """Join the sections that say what a study shows; the whole report where it has none."""
    return "\n".join(part for part in parts if part) or whole


def study_text(read: ReadStudy) -> str:
    """Return findings and impression of an original, as the columns of a shard have them for a mix."""
    reading: Reading = read.reading
    sections = (reading.section(name) for name in ("findings", "impression", "last_paragraph"))
    report = read.study.report
    return told((report[part.start : part.end] if part else None for part in sections), report)


def originals(
    ids: Sequence[str],
    pictures: Sequence[Pixels],
    texts: Sequence[str],
    labels: Floats,
    attribute: Sequence[bool],
) -> Cases:
    """Make cases of which nothing is mixed."""
    names = np.array(ids, dtype=np.str_)
    return Cases(
        ids=names,
        donors=names,
        shares=np.ones(len(names), np.float32),
        pictures=np.stack(pictures),
        texts=np.array(texts, dtype=np.str_),
        labels=np.asarray(labels, np.float32).reshape(len(names), 14),
        removed=np.zeros((len(names), 14), np.bool_),
        attribute=np.array(attribute, np.bool_),
    )


def save(path: Path, arrays: Cases | Probes | States) -> None:
    """Write arrays whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with publish(path) as unfinished, unfinished.open("wb") as stream:
        np.savez_compressed(stream, **{entry.name: getattr(arrays, entry.name) for entry in fields(arrays)})


def load(path: Path, kind: type[Arrays]) -> Arrays:
    """Read what `save` has written."""
    with np.load(path, allow_pickle=False) as stored:
        return kind(**{entry.name: stored[entry.name] for entry in fields(kind)})
