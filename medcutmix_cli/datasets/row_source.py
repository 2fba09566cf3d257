"""Rows of cells, whatever file they stand in: all that a kind of table says of itself before a study is made of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

Row = Mapping[str, Any]
PROBLEM = "<problem>"
"""Cell by which a source says why a row cannot be used; of a user's table only columns that play a role are read."""


class RowSource(Protocol):
    """One file of rows, or what is read as one.

    Attributes:
        name: Its path relative to the data set's folder; pictures inside of it are found by it.
        columns: Names of its columns, in order.
        pictures: Columns whose pictures lie in the file itself.
        known: What is so of all its rows, by role: {"split": "train"}; a column wins over it.
    """

    @property
    def name(self) -> str: ...  # noqa: D102
    @property
    def columns(self) -> Sequence[str]: ...  # noqa: D102
    @property
    def pictures(self) -> frozenset[str]: ...  # noqa: D102
    @property
    def known(self) -> Mapping[str, str]: ...  # noqa: D102

    def rows(self, columns: list[str]) -> Iterator[tuple[int, Row]]:
        """Yield (row number from 1, values of `columns`).

        Raises:
            DatasetError: The file is damaged.
        """


@dataclass(frozen=True)
class FileSource:
    """What a file of rows of any format is called; formats say how it is read.

    Attributes:
        folder: What its name is relative to; its own folder, where None.
        known: See `RowSource`.
    """

    path: Path
    folder: Path | None = None
    known: Mapping[str, str] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """Its path relative to the folder."""
        return self.path.relative_to(self.folder or self.path.parent).as_posix()
