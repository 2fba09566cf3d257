"""NIH ChestX-ray14 (Wang et al. 2017, arXiv:1705.02315): frontal pictures with labels and no reports.

Each study gets a prompt report that says its labels, and is flagged as `prompted`. Reads tables, never a pixel.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import ClassVar

from medcutmix_cli.configuration.settings import SPLITS
from medcutmix_cli.datasets.base import is_synthetic
from medcutmix_cli.datasets.grouping import Companions, ImageRow, Report, group_studies
from medcutmix_cli.datasets.nih_tables import (
    COLUMNS,
    LISTS,
    RELEASED,
    Entries,
    find_table,
    list_pictures,
    read_entries,
    read_lists,
)
from medcutmix_cli.datasets.tables import fingerprint, read_columns
from medcutmix_cli.errors import DatasetError, UsageError, suggest
from medcutmix_cli.records import Drop, Study
from medcutmix_cli.reports.lexicon import label_of
from medcutmix_cli.reports.prompts import NO_FINDING, prompt_report
from medcutmix_cli.reports.tables import remember
from medcutmix_cli.seeds import stable_hash


@dataclass(frozen=True, slots=True)
class NihChestXray14:
    """The folder with `Data_Entry_2017_v2020.csv` (or `Data_Entry_2017.csv`), the two lists and the pictures.

    Each image is a study of its own (a "follow-up"). Its labels, text-mined from a report that was not released,
    are taken as present; a finding that is not listed is not called absent, but for "No Finding". Of the fourteen,
    eleven are CheXpert observations as well and become labels; emphysema, fibrosis and hernia stand in the prompt
    report only.

    Attributes:
        root: Folder of the data set; `manifest.csv` is read where the released table is not there.
        tables: Folder with table and lists, where `root` holds the pictures only.
        split: Split of every image, where the lists are not there or not wanted.
        validate_share: Share of the training patients, drawn by a hash of the patient, that become "validate".
        columns: Column by role, where the table has others: {"image": "path", "subject": "patient"}.
    """

    root: Path
    tables: Path | None = None
    split: str = ""
    validate_share: float = 0.0
    columns: Mapping[str, str] = field(default_factory=dict)

    kind: ClassVar[str] = "nih-chestxray14"
    looks_for: ClassVar[str] = " or ".join(f"{name}[.gz]" for name in RELEASED)

    def __post_init__(self) -> None:
        object.__setattr__(self, "root", Path(self.root))
        object.__setattr__(self, "tables", Path(self.tables) if self.tables else None)
        if self.split and self.split not in SPLITS:
            raise UsageError(f"there is no split {self.split!r}", hint=suggest(self.split, SPLITS))
        if not _is_share(self.validate_share):
            raise UsageError(f"validate_share must be from 0 to below 1, not {self.validate_share!r}")
        if not isinstance(self.columns, Mapping):
            raise UsageError("columns must map names to names", hint="in TOML: columns = {image = 'path'}")
        for role in self.columns:
            if role not in COLUMNS:
                raise UsageError(f"there is no role {role!r} of a column", hint=suggest(role, COLUMNS))

    @classmethod
    def recognises(cls, root: Path) -> bool:
        """Tell whether `root` holds the released table."""
        return root.is_dir() and find_table(root, RELEASED) is not None

    @property
    def synthetic(self) -> bool:
        """Whether the tree carries the marker of made-up data."""
        return is_synthetic(self.root)

    def studies(self) -> Iterator[Study | Drop]:
        """Yield every study once, by (subject_id, study_id) (see `Dataset.studies`)."""
        splits = self.split or read_lists(self._folder)
        entries = read_entries(self._table(), self.root, {**COLUMNS, **self.columns}, splits)
        if entries.known and not any(entry.row.path for entry in entries.known.values()):
            hint = "unpack the archives into images/, or images_001/ to images_012/, below it"
            raise DatasetError("no picture of the table is there", where=str(self.root), hint=hint)
        for study in group_studies(map(self._carved, entries.rows()), _beside(entries)):
            yield study if isinstance(study, Drop) else replace(study, prompted=True)

    def listed_pictures(self) -> Iterator[tuple[str, str, str]]:
        """Yield (subject, study, split) of every picture of the table (see `ListedDataset`)."""
        splits = {} if self.split else read_lists(self._folder)
        columns = {**COLUMNS, **self.columns}
        for image, subject in read_columns(self._table(), (columns["image"], columns["subject"])):
            yield subject, Path(image).stem, self.split or splits.get(Path(image).stem, "")

    def resolve(self, image_path: str) -> Path:
        """Return the file of an `Image.path`."""
        return self.root / image_path

    def provenance(self) -> dict[str, str | int]:
        """Return names, sizes and sha256 of table and lists, and how many pictures lie in the folders."""
        lists = () if self.split else (find_table(self._folder, [name]) for name in LISTS)
        facts: dict[str, str | int] = {"kind": self.kind}
        for path in filter(None, (self._table(), *lists)):
            facts[f"{path.name}:bytes"] = path.stat().st_size
            facts[f"{path.name}:sha256"] = fingerprint(path)
        return {**facts, "pictures": len(list_pictures(self.root))}

    @property
    def _folder(self) -> Path:
        return self.tables or self.root

    def _table(self) -> Path:
        if path := find_table(self._folder, (*RELEASED, "manifest.csv")):
            return path
        hint = "put it into the root, or set tables = PATH of its folder under [dataset]"
        raise DatasetError(
            f"{RELEASED[0]} of NIH ChestX-ray14 is missing", where=str(self._folder), hint=hint
        )

    def _carved(self, row: ImageRow) -> ImageRow:
        """Move a share of the training patients to "validate", all images of a patient together."""
        if row.split != "train" or not self.validate_share:
            return row
        drawn = int(stable_hash("nih-validate", row.subject_id), 16) / 16**16
        return replace(row, split="validate") if drawn < self.validate_share else row


def _is_share(share: object) -> bool:
    return isinstance(share, int | float) and not isinstance(share, bool) and 0 <= share < 1


def _beside(entries: Entries) -> Companions:
    def report(_subject: str, study: str) -> Report:
        return Report(prompt_report(study, entries.known[study].labels))

    def labels(study: str) -> Mapping[str, float]:
        return chexpert_of(entries.known[study].labels)

    return Companions(report, labels)


def chexpert_of(labels: Iterable[str]) -> dict[str, float]:
    """Return 1.0 by CheXpert observation for what ChestX-ray14 lists; names that have no observation say nothing."""
    return {name: 1.0 for label in labels if (name := _observations().get(label))}


@remember()
def _observations() -> dict[str, str]:
    """Return ChestX-ray14's name -> CheXpert's."""
    chexpert = label_of("chexpert")
    named = {name: chexpert[finding] for finding, name in label_of("nih").items() if finding in chexpert}
    return {**named, NO_FINDING: NO_FINDING}
