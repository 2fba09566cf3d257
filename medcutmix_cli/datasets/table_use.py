"""How many studies have a row in a table of the user's, counted while studies pass by. Knows no column but the ids'."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from medcutmix_cli.errors import DatasetError

FEW = 0.5
"""Below this share of studies with a row a table is most likely another data set's, or another split's."""


@dataclass(slots=True)
class TableUse:
    """What came of a table.

    Attributes:
        option: By which the table was given.
        path: The table; "" where there is none, of which nothing is said.
        wanted: An id that a row could be about, as the data set writes it.
        studies: Studies that were looked up.
        matched: How many of them have a row.
    """

    option: str
    path: str
    wanted: str = ""
    studies: int = 0
    matched: int = 0

    def note(self, identifier: str, *, matched: bool) -> None:
        """Count a study that was looked up by an id."""
        self.wanted = self.wanted or identifier
        self.studies += 1
        self.matched += matched

    def require_match(self, ids: Collection[str]) -> None:
        """Check that some study has a row, if any was looked up.

        Raises:
            DatasetError: None has.
        """
        if self.path and self.studies and not self.matched:
            example = next((f"; the table has {one!r}" for one in ids), "; the table has no row")
            raise DatasetError(
                f"no row of the table of {self.option} is about one of {self.studies:,} studies",
                where=self.path,
                hint=f"its ids are to be those of the data set, for example {self.wanted!r}{example}",
            )

    @property
    def problem(self) -> str:
        """What is to be said where few studies have a row; "" where enough have."""
        if not self.path or self.matched >= FEW * self.studies:
            return ""
        return (
            f"{self.matched:,} of {self.studies:,} studies have a row in the table of {self.option}: "
            "are its ids those of the data set?"
        )
