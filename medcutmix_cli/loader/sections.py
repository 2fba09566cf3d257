"""What HybridMED trains on: a picture with its findings and its impression, only where both are there."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

import torch

from medcutmix_cli.errors import UsageError
from medcutmix_cli.loader.pairs import picture_tensor
from medcutmix_cli.loader.rows import require
from medcutmix_cli.rendering.rows import row_pixels
from medcutmix_cli.run.columns import check_names
from medcutmix_cli.run.shards import Row

SECTIONS = check_names("findings", "impression", "impression_consistent")
"""The columns that triples of the mix need beside "image"; for a parent, `findings_a` and `impression_a`."""

LEFT_OUT = ("no-findings", "no-impression", "neither", "impression-inconsistent")
"""The names that rows are left out by."""

PictureOf = Callable[[Row], torch.Tensor]


class SectionTriple(NamedTuple):
    """One triple.

    Attributes:
        image: (1, canvas, canvas) float32 in [0, 1], or what `picture` returns.
        findings: Body of the findings section.
        impression: Body of the impression section.
    """

    image: torch.Tensor
    findings: str
    impression: str


class SectionTriples(Iterable[SectionTriple]):
    """The triples of some rows, and how many rows gave none.

    Attributes:
        left_out: Rows without a triple, by name, counted while it is iterated; see `LEFT_OUT`.
    """

    def __init__(self, rows: Iterable[Row], which: str, picture: PictureOf, *, consistent: bool) -> None:
        self.left_out: Counter[str] = Counter()
        self._rows, self._which, self._picture, self._consistent = rows, which, picture, consistent

    def __iter__(self) -> Iterator[SectionTriple]:
        """Yield the triples in the order of the rows, counting afresh."""
        self.left_out.clear()
        suffix = _suffix(self._which)
        for row in self._rows:
            reason = no_triple(row, self._which, consistent=self._consistent)
            if reason:
                self.left_out[reason] += 1
                continue
            yield SectionTriple(self._picture(row), row[f"findings{suffix}"], row[f"impression{suffix}"])


def section_triples(
    rows: Iterable[Row], which: str = "mix", *, consistent: bool = True, picture: PictureOf | None = None
) -> SectionTriples:
    """Return (image, findings, impression) of the rows that have both sections.

    A study that is the parent of several rows comes several times.

    Args:
        rows: Read with `SECTIONS` (a parent: its own sections) and, for the mix, "image".
        which: "mix", "a" (the recipient's own picture and report) or "b" (the donor's).
        consistent: Of the mix, leave out rows whose findings and impression do not say the same.
        picture: What makes a picture of a row; by default the mixed picture, decoded. A parent's own lies in the
            data set: `lambda row: picture_tensor(read_parent(row, "a", folder))`.

    Raises:
        UsageError: A parent's triples were asked for, but nothing that reads its pictures.
    """
    _suffix(which)
    if which != "mix" and picture is None:
        raise UsageError("the shards have no picture of the parents", hint="say picture=, see read_parent")
    return SectionTriples(rows, which, picture or _mixed_picture, consistent=consistent)


def no_triple(row: Row, which: str = "mix", *, consistent: bool = True) -> str:
    """Return why a row has no triple, one of `LEFT_OUT`, or "" where it has one.

    With `MixedPairs.find` it makes a map-style data set of triples, reading no picture:
    `Subset(pairs, pairs.find(lambda row: not no_triple(row), SECTIONS))`.
    """
    suffix = _suffix(which)
    names = (f"findings{suffix}", f"impression{suffix}")
    require(row, names if which != "mix" or not consistent else SECTIONS, "a triple")
    findings, impression = ((row[name] or "").strip() for name in names)
    if not findings or not impression:
        return "no-impression" if findings else "no-findings" if impression else "neither"
    told = which != "mix" or not consistent or row["impression_consistent"]
    return "" if told else "impression-inconsistent"


def _suffix(which: str) -> str:
    if which not in ("mix", "a", "b"):
        raise UsageError(f"triples are of mix, a or b, not of {which!r}")
    return "" if which == "mix" else f"_{which}"


def _mixed_picture(row: Row) -> torch.Tensor:
    require(row, ("image",), "a triple of the mix")
    return picture_tensor(row_pixels(row))
