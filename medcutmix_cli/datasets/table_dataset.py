"""What all data sets share whose rows a user may name columns and values of: options, studies, provenance."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

from medcutmix_cli.datasets.base import is_synthetic
from medcutmix_cli.datasets.column_roles import ROLES
from medcutmix_cli.datasets.row_source import RowSource
from medcutmix_cli.datasets.study_table import TableValues, read_studies
from medcutmix_cli.datasets.value_guesses import CHOICES, is_understood
from medcutmix_cli.errors import UsageError, suggest
from medcutmix_cli.records import Drop, Study

MAPPED = ("view", "split")
"""Roles whose values may be mapped."""


@dataclass(frozen=True, slots=True)
class TableDataset:
    """A data set of rows, one per image; its kinds say where the rows come from.

    Rows with the same study form one study; without a study column every image is a study of its own. Labels come
    from columns with CheXpert names, or from one column of such names to values.

    Attributes:
        root: The table, or its folder. Paths in it are relative to that folder.
        reports: Folder that report paths are relative to, where it is another.
        columns: Column by role (see `column_roles.ROLES`): {"image": "path", "report": "clinical_notes"}.
        split: Split of every image, where no column says it.
        view: View of every image, where no column says it.
        splits: What the table calls its splits: {"val": "validate"}.
        views: What the table calls its views: {"AP Supine": "AP", "L": "LATERAL"}.
        maps: Both in one: {"view:L": "LATERAL", "split:val": "validate"}.
        validate_share: Share of the training patients, drawn by a hash of the patient, that become "validate".
        test_share: Likewise "test".
        unsaid: What to type for a role that no column plays, where it is another than for any table.
        made_of_labels: Whether the reports are prompts that say labels.
        named_by_users: Whether a user can say which column is which; those of a published data set are known.
    """

    root: Path
    reports: Path | None = None
    columns: Mapping[str, str] = field(default_factory=dict)
    split: str = ""
    view: str = ""
    splits: Mapping[str, str] = field(default_factory=dict)
    views: Mapping[str, str] = field(default_factory=dict)
    maps: Mapping[str, str] = field(default_factory=dict)
    validate_share: float = 0.0
    test_share: float = 0.0

    unsaid: ClassVar[Mapping[str, str]] = {}
    made_of_labels: ClassVar[bool] = False
    named_by_users: ClassVar[bool] = True

    def __post_init__(self) -> None:
        object.__setattr__(self, "root", Path(self.root))
        object.__setattr__(self, "reports", Path(self.reports) if self.reports else None)
        for name in ("columns", "splits", "views", "maps"):
            _check_mapping(name, getattr(self, name))
        if unknown := sorted(set(self.columns) - set(ROLES)):
            raise UsageError(f"there is no role {unknown[0]!r} of a column", hint=suggest(unknown[0], ROLES))
        for key in self.maps:
            if key.partition(":")[0] not in MAPPED or ":" not in key:
                hint = f"{' or '.join(MAPPED)}, a colon, the value: --map view:Frontal=PA"
                raise UsageError(f"{key!r} is no value of a role", hint=hint)
        _check_meanings("split", self.split, *self._meanings("split").values())
        _check_meanings("view", self.view, *self._meanings("view").values())
        _check_shares(validate_share=self.validate_share, test_share=self.test_share)

    @property
    def synthetic(self) -> bool:
        """Whether the marker of the bundled sample lies beside the table."""
        return is_synthetic(self.folder)

    @property
    def folder(self) -> Path:
        """The folder that paths are relative to."""
        return self.root if self.root.is_dir() else self.root.parent

    @property
    def values(self) -> TableValues:
        """What was said of columns and values."""
        known = {"split": self.split, "view": self.view}
        return TableValues(
            self.folder,
            self.reports or self.folder,
            self.columns,
            {role: value for role, value in known.items() if value},
            {role: self._meanings(role) for role in MAPPED},
            {"validate": self.validate_share, "test": self.test_share},
            self.unsaid,
            self.made_of_labels,
        )

    def sources(self) -> Sequence[RowSource]:
        """Return the tables that the rows come from.

        Raises:
            DatasetError: There is none.
        """
        raise NotImplementedError

    def studies(self) -> Iterator[Study | Drop]:
        """Yield every study once, by (subject_id, study_id) (see `Dataset.studies`)."""
        yield from read_studies(self.sources(), self.values)

    def resolve(self, image_path: str) -> Path:
        """Return the file of an `Image.path`, or the place in one."""
        return self.folder / image_path

    def _meanings(self, role: str) -> dict[str, str]:
        own = self.splits if role == "split" else self.views
        start = f"{role}:"
        said = {key.removeprefix(start): value for key, value in self.maps.items() if key.startswith(start)}
        return {**own, **said}


def _check_mapping(name: str, mapping: object) -> None:
    if not isinstance(mapping, Mapping) or not all(isinstance(value, str) for value in mapping.values()):
        raise UsageError(f"{name} must map names to names", hint=f"in TOML: {name} = {{this = 'that'}}")


def _check_meanings(role: str, *meanings: str) -> None:
    for meaning in meanings:
        if "|" in meaning or (meaning and not is_understood(role, meaning)):
            raise UsageError(f"there is no {role} {meaning!r}", hint=f"known: {', '.join(CHOICES[role])}")


def _check_shares(**shares: float) -> None:
    for name, share in shares.items():
        if isinstance(share, bool) or not isinstance(share, int | float) or not 0 <= share < 1:
            raise UsageError(f"{name} must be from 0 to below 1, not {share!r}")
    if sum(shares.values()) >= 1:
        raise UsageError(f"{' and '.join(shares)} leave nobody to train on", hint="below 1 together")
