"""What a data set is to the rest: a stream of studies or named drops, and a way to each picture's file."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar, Protocol, runtime_checkable

from medcutmix_cli.records import Drop, Study

SAMPLE_MARKER = "SAMPLE.json"
"""A file of this name at the root says that every picture and word below it is made up."""


@runtime_checkable
class Dataset(Protocol):
    """A frozen dataclass whose fields are the settings of one data set; the first field is `root`.

    Attributes:
        kind: Name of its entry point.
        looks_for: One line: which files tell that a folder is one of these.
    """

    kind: ClassVar[str]
    looks_for: ClassVar[str]

    @property
    def root(self) -> Path:
        """Folder or file that the user pointed to."""

    @property
    def synthetic(self) -> bool:
        """Whether it is made up (see `SAMPLE_MARKER`), so that a demonstration encoder may be the default."""

    @classmethod
    def recognises(cls, root: Path) -> bool:
        """Tell whether `root` is such a data set by a few fixed names; never walks the tree."""

    def studies(self) -> Iterator[Study | Drop]:
        """Yield every study once, by (subject_id, study_id), as itself or as what became of it.

        `Dropped("study", ...)` stands for a study that is left out; `Dropped("image", ...)` comes before a
        study that goes on without that image.

        Raises:
            DatasetError: A part of the data set is missing or malformed.
        """

    def resolve(self, image_path: str) -> Path:
        """Return the file of an `Image.path`."""

    def provenance(self) -> dict[str, str | int]:
        """Return what was read, by name: sizes, sha256 of tables, settings that choose between files."""


@runtime_checkable
class ListedDataset(Protocol):
    """A data set whose tables name every picture there should be, so that it can be counted without a report."""

    def listed_pictures(self) -> Iterator[tuple[str, str, str]]:
        """Yield (subject, study, split) of every picture that the tables name.

        Raises:
            DatasetError: A table is missing or malformed.
        """


def is_synthetic(folder: Path) -> bool:
    """Tell whether the folder carries the marker of the bundled sample."""
    return (folder / SAMPLE_MARKER).is_file()
