"""What an export says of itself: `export.json`, and `SHA256SUMS`, which lists its files. Knows no row and no profile.

OUT/export.json   what was asked for, rows, drops; written last: the export is complete
OUT/SHA256SUMS    a hash and a path a line, as `sha256sum -c` reads them
OUT/sizes.json    rows of each file that holds or lists some (a folder's own, where originals lie apart)
OUT/.export/      what is complete of an export under way: removed at its end
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from medcutmix_cli.errors import RunError
from medcutmix_cli.exports.files import FileRecord
from medcutmix_cli.run.seals import write_json
from medcutmix_cli.system.atomic_files import write_text
from medcutmix_cli.system.readable import Readable, count_line

EXPORT_FORMAT = 1


@dataclass(frozen=True, slots=True)
class ExportFolder:
    """The paths of one export beside what its profile writes."""

    root: Path

    @property
    def manifest_file(self) -> Path:
        """What says that the export is complete."""
        return self.root / "export.json"

    @property
    def sums_file(self) -> Path:
        """Hashes of all files but this one and the manifest."""
        return self.root / "SHA256SUMS"

    @property
    def card_file(self) -> Path:
        """What it is, for people."""
        return self.root / "README.md"

    @property
    def work(self) -> Path:
        """Folder of what is complete of an export under way."""
        return self.root / ".export"

    @property
    def request_file(self) -> Path:
        """What the export under way was asked for."""
        return self.work / "request.json"

    def is_export(self) -> bool:
        """Say whether a complete export lies here."""
        return self.manifest_file.is_file()

    def is_begun(self) -> bool:
        """Say whether an export lies here that is not complete."""
        return self.request_file.is_file() and not self.is_export()


@dataclass(frozen=True, slots=True)
class ExportRequest:
    """What was asked for; with the same request the same files are written.

    Attributes:
        profile: Registered name.
        options: Its own, by name.
        originals: "together", "apart" or "none".
        splits: Empty for those of the run.
        caption: One of `row.CAPTIONS`.
        fingerprint: Of the run.
        shards: Rows of each of its shards.
        version: Of the program.
        escape_formulas: Whether texts that a spreadsheet would run get an apostrophe before them.
    """

    profile: str
    options: Mapping[str, Any]
    originals: str
    splits: tuple[str, ...]
    caption: str
    fingerprint: str
    shards: tuple[int, ...]
    version: str
    escape_formulas: bool = False

    def plain(self) -> dict[str, Any]:
        """Return it as JSON has it."""
        found: dict[str, Any] = json.loads(json.dumps(asdict(self), default=str))
        return found


@dataclass(frozen=True, slots=True, repr=False)
class ExportManifest(Readable):
    """What export.json says.

    Attributes:
        request: `ExportRequest` as a dict.
        reader: Who reads it, as its profile says.
        terms: One sentence on the terms the rows are under.
        synthetic: Whether the source is procedural, with no patient in it.
        rows: Split -> "mix" and "original" -> rows.
        no_hflip: Rows that a flip would make wrong.
        dropped: Rows and studies left out, by reason.
        files: How many `SHA256SUMS` lists (likewise bytes).
        sums: Hash of `SHA256SUMS`.
        formulas: Texts in tables that a spreadsheet would run; escaped where that was asked for.
        prompted: Rows with words that were made from labels, for want of a report.
        readers: Folder of the export ("" where all lie together) -> who reads it there, and how; OUT is the export.
    """

    request: dict[str, Any]
    reader: str
    terms: str
    synthetic: bool
    rows: dict[str, dict[str, int]]
    no_hflip: int
    dropped: dict[str, int]
    files: int
    bytes: int
    sums: str
    formulas: int = 0
    prompted: int = 0
    readers: dict[str, str] = field(default_factory=dict)
    format: int = EXPORT_FORMAT

    def facts(self) -> dict[str, str]:
        """Return what it holds, who reads it, and what was left out."""
        return {
            "profile": str(self.request.get("profile", "")),
            **{split: count_line(by_source) for split, by_source in self.rows.items()},
            "left out": count_line(self.dropped),
            "no flips": f"{self.no_hflip:,} of {self.total:,} rows",
            **({"made from labels": f"{self.prompted:,} rows"} if self.prompted else {}),
            "files": f"{self.files:,}",
            "read by": "; ".join(self.readers.values()),
        }

    @property
    def total(self) -> int:
        """Rows of all splits and sources."""
        return sum(sum(by_source.values()) for by_source in self.rows.values())


def read_manifest(folder: ExportFolder) -> ExportManifest:
    """Read export.json.

    Raises:
        RunError: There is none, or it cannot be read.
    """
    path = folder.manifest_file
    try:
        found = ExportManifest(**json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError) as error:
        hint = "was it written by another version, or edited?"
        raise RunError("export.json cannot be read", where=str(path), hint=hint) from error
    if found.format != EXPORT_FORMAT:
        raise RunError(
            "export.json is of another version",
            where=str(path),
            hint="export again with this version, or use the one that wrote it",
        )
    return found


def write_manifest(folder: ExportFolder, manifest: ExportManifest) -> None:
    """Write export.json, which says that all is there."""
    write_json(folder.manifest_file, asdict(manifest))


def write_sums(folder: ExportFolder, records: Iterable[FileRecord]) -> None:
    """Write the hash of each file, by path."""
    listed = sorted(records, key=lambda record: record.path)
    write_text(folder.sums_file, "".join(f"{record.sha256}  {record.path}\n" for record in listed))


def read_sums(folder: ExportFolder) -> Iterator[tuple[str, str]]:
    """Yield (path, sha256) of each file that is listed.

    Raises:
        RunError: The list is gone, or a line of it is none.
    """
    try:
        lines = folder.sums_file.read_text(encoding="utf-8").splitlines()
    except (OSError, ValueError) as error:
        raise RunError(
            "the list of hashes cannot be read",
            where=str(folder.sums_file),
            hint="export again: the list is damaged or gone",
        ) from error
    for line in lines:
        digest, separator, path = line.partition("  ")
        if len(digest) != 64 or not separator or not path:
            raise RunError(
                "a line of the list of hashes is none",
                where=str(folder.sums_file),
                hint="export again: the list is damaged",
            )
        yield path, digest


def sizes_of(records: Iterable[FileRecord], tree: str) -> dict[str, int]:
    """Return how many rows each file of a tree holds or lists, by its path there: what open_clip looks for.

    Args:
        records: All files of the export.
        tree: Folder; "" where all lie together.
    """
    beginning = f"{tree}/" if tree else ""
    return {
        record.path.removeprefix(beginning): record.rows
        for record in records
        if record.path.startswith(beginning) and record.rows
    }
