"""Is an export what was written? By its manifest, its list of hashes and nothing else; mends nothing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from medcutmix_cli.engines import Progress
from medcutmix_cli.errors import RunError
from medcutmix_cli.exports.manifest import ExportFolder, ExportManifest, read_manifest, read_sums
from medcutmix_cli.run.problem import Problem
from medcutmix_cli.system.file_hash import file_sha256


@dataclass(frozen=True, slots=True)
class ExportCheck:
    """What was looked at, and what is wrong.

    Attributes:
        files: That are listed.
        rows: That the manifest counts.
    """

    files: int
    rows: int
    problems: tuple[Problem, ...]


def check_export(
    folder: ExportFolder, *, hashes: bool = True, progress: Progress | None = None
) -> ExportCheck:
    """Check an export.

    Args:
        folder: Where it lies.
        hashes: Whether to read every file; otherwise names and the sum of sizes are looked at.
        progress: Called with ("hashing", files done, files).
    """
    if folder.is_begun():
        detail = "this export is not complete: type the same command again"
        return ExportCheck(0, 0, (Problem(folder.manifest_file.name, "missing", detail),))
    try:
        manifest = read_manifest(folder)
        listed = dict(read_sums(folder))
    except RunError as error:
        return ExportCheck(0, 0, (Problem(Path(error.where).name, "damaged", error.what),))
    faults = [*_list_faults(folder, manifest, listed), *_foreign(folder, listed)]
    size = 0
    for number, (path, digest) in enumerate(listed.items(), start=1):
        found = folder.root / path
        if not found.is_file():
            faults.append(Problem(path, "missing", "this file is gone"))
            continue
        size += found.stat().st_size
        if hashes and file_sha256(found) != digest:
            faults.append(Problem(path, "hash", "the file is not the one that was written"))
        if progress:
            progress("hashing", number, len(listed))
    if not faults and size != manifest.bytes:
        faults.append(Problem(folder.manifest_file.name, "size", "files have other sizes than were written"))
    return ExportCheck(len(listed), manifest.total, tuple(faults))


def _list_faults(folder: ExportFolder, manifest: ExportManifest, listed: dict[str, str]) -> Iterator[Problem]:
    name = folder.sums_file.name
    if file_sha256(folder.sums_file) != manifest.sums:
        yield Problem(name, "hash", "the list of hashes is not the one that was written")
    if len(listed) != manifest.files:
        yield Problem(name, "sums", "it lists another number of files than were written")


def _foreign(folder: ExportFolder, listed: dict[str, str]) -> Iterator[Problem]:
    """Find files that nobody wrote beside others of their kind: who reads all of a folder would read them too.

    Caches that trainers keep here (`captions.pickle`, an index) are of no kind that the export has.
    """
    kinds = {_kind(path) for path in listed}
    for path in sorted(folder.root.rglob("*")):
        below = path.relative_to(folder.root).as_posix()
        if path.is_file() and below not in listed and _kind(below) in kinds and below != "export.json":
            yield Problem(below, "numbering", "the export has no such file")


def _kind(path: str) -> tuple[str, str]:
    """Return folder and suffix; tables and indexes at the top are told by their whole name."""
    folder, _, name = path.rpartition("/")
    suffix = name.rpartition(".")[2]
    return folder, name if suffix in ("json", "pickle") else suffix
