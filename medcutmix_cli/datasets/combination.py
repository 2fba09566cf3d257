"""A paired data set with an unpaired one beside it, as one stream of studies. Knows neither's layout."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import ClassVar

from medcutmix_cli.datasets.base import Dataset
from medcutmix_cli.datasets.table_dataset import TableDataset
from medcutmix_cli.errors import DatasetError
from medcutmix_cli.records import Drop, Study

UNPAIRED = "unpaired:"
"""What paths of the unpaired set's pictures begin with; the names of its sources likewise."""


@dataclass(frozen=True, slots=True)
class CombinedDataset:
    """Two data sets: reports with pictures, and pictures whose reports are prompts.

    Attributes:
        paired: Keeps its paths as they are.
        unpaired: Every study of it must be `prompted`.
    """

    paired: Dataset
    unpaired: Dataset

    def __post_init__(self) -> None:
        """Refuse a table of a kind with reports at once: one without would be told to name their column.

        Raises:
            DatasetError: The unpaired set is of a kind that has reports of its own.
        """
        if isinstance(self.unpaired, TableDataset) and not self.unpaired.made_of_labels:
            raise self._has_reports()

    kind: ClassVar[str] = "combined"
    looks_for: ClassVar[str] = "nothing: it is made of two data sets"

    @property
    def root(self) -> Path:
        """Root of the paired set."""
        return self.paired.root

    @property
    def synthetic(self) -> bool:
        """Whether both are made up."""
        return self.paired.synthetic and self.unpaired.synthetic

    @classmethod
    def recognises(cls, root: Path) -> bool:
        """Never: no folder is two data sets."""
        return False

    def studies(self) -> Iterator[Study | Drop]:
        """Yield every study of the paired set, then of the unpaired one, each in its own order.

        Raises:
            DatasetError: A study of the unpaired set has a report of its own, or its id is in both sets.
        """
        seen: set[str] = set()
        for entry in self.paired.studies():
            seen.add(_unit(entry))
            yield entry
        for entry in self.unpaired.studies():
            if _unit(entry) in seen:
                what = "two data sets have a study or picture of this name"
                raise DatasetError(what, where=_unit(entry), hint="is the unpaired set a part of the other?")
            yield entry if isinstance(entry, Drop) else self._moved(entry)

    def resolve(self, image_path: str) -> Path:
        """Return the file of an `Image.path`."""
        if image_path.startswith(UNPAIRED):
            return self.unpaired.resolve(image_path.removeprefix(UNPAIRED))
        return self.paired.resolve(image_path)

    def provenance(self) -> dict[str, str | int]:
        """Return what was read, of both."""
        beside = {f"{UNPAIRED}{name}": fact for name, fact in self.unpaired.provenance().items()}
        return {**self.paired.provenance(), **beside}

    def _moved(self, study: Study) -> Study:
        if not study.prompted:
            raise self._has_reports()
        images = tuple(replace(image, path=f"{UNPAIRED}{image.path}") for image in study.images)
        return replace(study, images=images)

    def _has_reports(self) -> DatasetError:
        what = f"the unpaired data set is of the kind {self.unpaired.kind}, which has reports of its own"
        hint = (
            "give it as the data set itself; unpaired are published pictures with labels (docs/data-sets.md)"
        )
        return DatasetError(what, where=str(self.unpaired.root), hint=hint)


def kind_of(dataset: Dataset) -> str:
    """Return the kind under which a data set is opened again: of two, that of the paired one."""
    return dataset.paired.kind if isinstance(dataset, CombinedDataset) else dataset.kind


def _unit(entry: Study | Drop) -> str:
    return entry.study_id if isinstance(entry, Study) else entry.identifier
