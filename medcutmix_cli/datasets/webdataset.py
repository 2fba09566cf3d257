"""Tar files of pictures with reports, as webdataset has them: `KEY.png`, `KEY.txt`, `KEY.json`. Unpacks nothing."""

from __future__ import annotations

import hashlib
import json
import tarfile
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import Any, ClassVar

from medcutmix_cli.datasets.embedded_pictures import EmbeddedPicture
from medcutmix_cli.datasets.report_store import MOST_BYTES, decode_text
from medcutmix_cli.datasets.row_source import FileSource, Row
from medcutmix_cli.datasets.split_names import split_folder, split_named
from medcutmix_cli.datasets.table_dataset import TableDataset
from medcutmix_cli.errors import DatasetError, cause
from medcutmix_cli.images.picture_parts import range_part
from medcutmix_cli.system.regular_files import check_regular

PICTURES = ("png", "jpg", "jpeg", "dcm", "dicom")
SUFFIXES = (".tar", ".tar.gz", ".tgz")
TEXTS = ("txt", "findings.txt", "impression.txt", "report.txt")


@dataclass(frozen=True, slots=True)
class WebDataset(TableDataset):
    """A tar file, or a folder with some, whose members `KEY.png`, `KEY.txt` and `KEY.json` are one row.

    The fields of `KEY.json` are the columns, found and mapped as those of a table; `KEY.txt` is the report. Where no
    field says the patient, each key is one of its own; the split is that of the tar's name or folder.
    """

    kind: ClassVar[str] = "webdataset"
    looks_for: ClassVar[str] = (
        "a .tar or .tar.gz file, or some in the folder, that begins with KEY.png, KEY.txt or KEY.json"
    )

    @classmethod
    def recognises(cls, root: Path) -> bool:
        """Tell whether the first member of the first tar is one of a row."""
        return any(_begins_a_row(path) for path in _tar_files(root)[:1])

    def sources(self) -> Sequence[TarSource]:
        """Return the tar files, in the order of their names."""
        found = _tar_files(self.root)
        if not found:
            raise DatasetError(
                "there is no tar file", where=str(self.root), hint=f"looked for {self.looks_for}"
            )
        return [TarSource(path, self.folder, _known(path)) for path in found]

    def provenance(self) -> dict[str, str | int]:
        """Return sizes of the files, and sha256 of their lists of members and of their texts."""
        told: dict[str, str | int] = {"kind": self.kind}
        for source in self.sources():
            told[f"{source.name}:bytes"] = source.path.stat().st_size
            told[f"{source.name}:sha256"] = source.sha256
        return told


def _tar_files(root: Path) -> list[Path]:
    if root.is_file():
        return [root] if root.name.endswith(SUFFIXES) else []
    folders = [root, *(path for path in sorted(root.glob("*")) if path.is_dir() and split_folder(path.name))]
    return sorted(path for folder in folders for path in folder.glob("*.t*") if path.name.endswith(SUFFIXES))


def _open(path: Path) -> tarfile.TarFile:
    return tarfile.open(path, "r:" if path.suffix == ".tar" else "r:gz")


def _known(path: Path) -> dict[str, str]:
    split = split_named(path.name) or split_folder(path.parent.name)
    return {"subject": ""} | ({"split": split} if split else {})


def _begins_a_row(path: Path) -> bool:
    try:
        with _open(path) as archive:
            first = next((member for member in archive if member.isfile()), None)
    except (OSError, EOFError, zlib.error, tarfile.TarError):
        return False
    # A tree of folders in a tar is another data set's.
    flat = first is not None and first.name.removeprefix("./").count("/") <= 1
    return flat and first is not None and _key(first.name)[1] in (*PICTURES, *TEXTS, "json")


def _key(name: str) -> tuple[str, str]:
    """Return key and extension of a member: the key ends at the first dot of the last part of its name."""
    path = PurePosixPath(name)
    stem, _, extension = path.name.partition(".")
    return path.with_name(stem).as_posix() if stem else "", extension.lower()


@dataclass(frozen=True)
class TarSource(FileSource):
    """One tar file as rows, a key each."""

    @property
    def columns(self) -> list[str]:
        """`image`, `report` and the fields of the JSON members."""
        return list(dict.fromkeys(name for row in self._rows for name in row))

    @property
    def pictures(self) -> frozenset[str]:
        """The column of pictures."""
        return frozenset({"image"})

    @property
    def sha256(self) -> str:
        """Of what is in the rows: places of pictures, texts and fields."""
        rows = [[key, repr(value)] for row in self._rows for key, value in sorted(row.items())]
        return hashlib.sha256(json.dumps(rows).encode()).hexdigest()

    def rows(self, columns: list[str]) -> Iterator[tuple[int, Row]]:
        """Yield the rows (see `RowSource`)."""
        for number, row in enumerate(self._rows, start=1):
            yield number, {name: row.get(name) for name in columns}

    @cached_property
    def _rows(self) -> list[dict[str, Any]]:
        rows: dict[str, dict[str, Any]] = {}
        try:
            check_regular(self.path)
            with _open(self.path) as archive:
                for member in archive:
                    key, extension = _key(member.name)
                    if member.isfile() and key:
                        _add(rows.setdefault(key, {}), key, extension, member, archive)
        except (OSError, EOFError, zlib.error, tarfile.TarError) as error:
            what = f"the tar file cannot be read ({cause(error)})"
            raise DatasetError(
                what, where=str(self.path), hint="is it whole? a gzipped one is to be called .tar.gz"
            ) from error
        return list(rows.values())


def _add(
    row: dict[str, Any], key: str, extension: str, member: tarfile.TarInfo, archive: tarfile.TarFile
) -> None:
    """Add what one member says to the row of its key; of a JSON member, fields that nothing else says."""
    if extension in PICTURES:
        row["image"] = EmbeddedPicture(range_part(member.offset_data, member.size), key)
    elif extension in TEXTS:
        role = extension.removesuffix(".txt") if "." in extension else "report"
        row[role] = decode_text(_content(archive, member)).text
    elif extension == "json":
        for name, value in _fields(archive, member).items():
            row.setdefault(name, value)


def _fields(archive: tarfile.TarFile, member: tarfile.TarInfo) -> dict[str, Any]:
    try:
        found = json.loads(_content(archive, member))
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise DatasetError(
            "a member is no JSON object",
            where=f"{_file_name(archive)}, {member.name}",
            hint="each .json of a sample holds one object in braces",
        )
    return found


def _file_name(archive: tarfile.TarFile) -> str:
    return Path(str(archive.name)).name


def _content(archive: tarfile.TarFile, member: tarfile.TarInfo) -> bytes:
    file = archive.extractfile(member)
    return file.read(MOST_BYTES + 1) if file else b""
