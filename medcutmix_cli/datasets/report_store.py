"""Report texts by study id, out of a folder, a zip or a tar archive, without unpacking. Knows no table."""

from __future__ import annotations

import errno
import lzma
import re
import struct
import tarfile
import zipfile
import zlib
from pathlib import Path
from typing import Protocol

from medcutmix_cli.datasets.grouping import Report
from medcutmix_cli.errors import DatasetError, cause
from medcutmix_cli.system.regular_files import check_regular, read_regular
from medcutmix_cli.system.text_encodings import wide_encoding

ARCHIVES = (".zip", ".tar.gz", ".tgz", ".tar")

_NAME = re.compile(r"(?:.*/)?(s\w+)\.txt")


class ReportStore(Protocol):
    """Reads one report by its ids."""

    def read(self, subject_id: str, study_id: str) -> Report:
        """Return the text untouched, or a problem: "report-missing", "-unreadable" or "-duplicate"."""

    def close(self) -> None:
        """Let go of the file."""


MOST_BYTES = 1 << 24
"""Of one report: what says it has more, in an archive of any size, is not unpacked."""

# What the archives' readers let through. RuntimeError: encrypted; NotImplementedError: of a later version of zip;
# TypeError: a gzip header that ends too early, read by tarfile.
_DAMAGE = (
    OSError,
    EOFError,
    ValueError,
    LookupError,
    ArithmeticError,
    RuntimeError,
    TypeError,
    struct.error,
    zlib.error,
    lzma.LZMAError,
    tarfile.TarError,
    zipfile.BadZipFile,
)


def open_reports(path: Path) -> ReportStore:
    """Open a folder or an archive of MIMIC-CXR reports (`.../s50414267.txt`).

    Raises:
        DatasetError: It is neither, is damaged, or holds no report.
    """
    try:
        if path.is_dir():
            return FolderReports(path)
        check_regular(path)
        return ZipReports(path) if path.name.endswith(".zip") else TarReports(path)
    except _DAMAGE as error:
        what = f"the archive of reports cannot be read ({cause(error)})"
        raise DatasetError(what, where=str(path), hint=f"known: a folder, {', '.join(ARCHIVES)}") from error


class FolderReports:
    """A folder with reports as MIMIC-CXR lays them out, below `files/` or not, or all in one folder."""

    def __init__(self, folder: Path) -> None:
        self._base = folder / "files" if (folder / "files").is_dir() else folder

    def read(self, subject_id: str, study_id: str) -> Report:
        """Return the text of one report (see `ReportStore`)."""
        for path in self._places(subject_id, study_id):
            try:
                return decode_text(read_regular(path, MOST_BYTES))
            except (FileNotFoundError, NotADirectoryError):
                continue
            except OSError as error:
                return Report(problem=name_problem(error))
        return Report(problem="report-missing")

    def holds(self, subject_id: str, study_id: str) -> bool:
        """Tell whether the report is there."""
        return any(path.is_file() for path in self._places(subject_id, study_id))

    def close(self) -> None:
        """Do nothing: no file is held."""

    def _places(self, subject_id: str, study_id: str) -> tuple[Path, Path]:
        name = f"s{study_id}.txt"
        return self._base / f"p{subject_id[:2]}" / f"p{subject_id}" / name, self._base / name


class ZipReports:
    """A zip, read at random by name: only its central directory is held in memory."""

    def __init__(self, path: Path) -> None:
        self._archive = zipfile.ZipFile(path)
        self._index: dict[str, zipfile.ZipInfo | None] = {}
        for info in self._archive.infolist():
            if found := _NAME.fullmatch(info.filename):
                # None where a study has two files: which one is right cannot be known.
                self._index[found[1]] = None if found[1] in self._index else info
        _refuse_empty(path, len(self._index))

    def read(self, subject_id: str, study_id: str) -> Report:
        """Return the text of one report (see `ReportStore`)."""
        name = f"s{study_id}"
        if name not in self._index:
            return Report(problem="report-missing")
        info = self._index[name]
        if info is None:
            return Report(problem="report-duplicate")
        if info.file_size > MOST_BYTES:
            return Report(problem="report-too-long")
        try:
            return decode_text(self._archive.read(info))
        except _DAMAGE:
            return Report(problem="report-unreadable")

    def close(self) -> None:
        """Close the archive."""
        self._archive.close()


class TarReports:
    """A tar, gzipped or not: one pass over it, each text kept compressed.

    A tar has no directory and gzip no random access: reading by name would start from the front each time.
    """

    def __init__(self, path: Path) -> None:
        self._texts: dict[str, bytes | None] = {}
        with tarfile.open(path, "r|*") as archive:
            for member in archive:
                found = _NAME.fullmatch(member.name)
                file = archive.extractfile(member) if found and member.isfile() else None
                if found and file:
                    known = found[1] in self._texts
                    self._texts[found[1]] = None if known else zlib.compress(file.read(MOST_BYTES + 1), 1)
                archive.members = []  # type: ignore[attr-defined] # else tarfile keeps a record of every file it has passed
        _refuse_empty(path, len(self._texts))

    def read(self, subject_id: str, study_id: str) -> Report:
        """Return the text of one report (see `ReportStore`)."""
        name = f"s{study_id}"
        if name not in self._texts:
            return Report(problem="report-missing")
        packed = self._texts[name]
        if packed is None:
            return Report(problem="report-duplicate")
        content = zlib.decompress(packed)
        return Report(problem="report-too-long") if len(content) > MOST_BYTES else decode_text(content)

    def close(self) -> None:
        """Let go of the texts."""
        self._texts.clear()


def name_problem(error: OSError) -> str:
    """Name why a report could not be read."""
    return "report-too-long" if error.errno == errno.EFBIG else "report-unreadable"


def decode_text(content: bytes) -> Report:
    """Return UTF-8 text untouched, line ends as they are, but for a byte-order mark, which is not text."""
    if wide_encoding(content):
        return Report(problem="report-unreadable")
    try:
        return Report(content.decode("utf-8-sig"))
    except UnicodeDecodeError:
        return Report(problem="report-unreadable")


def _refuse_empty(path: Path, count: int) -> None:
    if count == 0:
        raise DatasetError(
            "the archive holds no report (s<study>.txt)",
            where=str(path),
            hint="is it mimic-cxr-reports.zip, or a folder of files named s<study>.txt?",
        )
