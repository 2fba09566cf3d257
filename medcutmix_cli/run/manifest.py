"""The large files of a run, sealed by `run.json`: their sizes and hashes, and whether they are still so.

Also says which files a run folder holds, and how each of the small ones is sealed. Mends nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import asdict
from pathlib import Path

from medcutmix_cli.run.folder import RunFolder
from medcutmix_cli.run.plan_file import piece_of
from medcutmix_cli.run.problem import Problem
from medcutmix_cli.run.refill import refills_rendered
from medcutmix_cli.run.run_record import RunRecord
from medcutmix_cli.run.seals import FileSeal, Seal, seal_of_json, seal_of_page
from medcutmix_cli.system.file_hash import file_sha256

CHANGED = "the file is not the one that was written"
_PLAN = "restore it from a copy; without one, plan again in an empty folder"
_CARD = "the same `medcutmix render` writes it again when all shards are complete"


def list_files(folder: RunFolder, record: RunRecord) -> dict[str, dict[str, str | int]]:
    """Return what `run.json` is to say of the files that planning and refills have written, by name."""
    there = (path for path in planned_files(folder, record) if path.is_file())
    return {path.name: asdict(FileSeal.of(path)) for path in there}


def planned_files(folder: RunFolder, record: RunRecord) -> Iterator[Path]:
    """Yield the files that planning and refills write, whether they are there or not."""
    yield from (piece_of(folder.plan_file, number) for number in range(1 + refills_rendered(record)))
    yield from (folder.reserve_file, folder.nulls_file, folder.lexicon_file, folder.schema_file)


def check_files(folder: RunFolder, record: RunRecord, *, hashes: bool) -> Iterator[Problem]:
    """Compare the files of planning and refills with what `run.json` says of them.

    Args:
        folder: The run's.
        record: Its `run.json`; where an earlier version wrote it, there is nothing to compare with.
        hashes: Whether to read the files; otherwise their sizes are looked at.
    """
    for name, said in sorted(record.files.items()):
        path, sealed = folder.root / name, FileSeal(**said)
        hint = _CARD if path == folder.schema_file else _PLAN
        if not path.is_file():
            yield Problem(name, "missing", f"this file is gone; {hint}")
        elif path.stat().st_size != sealed.bytes:
            yield Problem(name, "size", f"the file has another size than it was written with; {hint}")
        elif hashes and file_sha256(path) != sealed.sha256:
            yield Problem(name, "hash", f"{CHANGED}; {hint}")
    if record.sealed:
        for path in planned_files(folder, record):
            needed = path in (folder.reserve_file, folder.nulls_file, folder.schema_file)
            if path.name not in record.files and (path.is_file() or needed or path == folder.plan_file):
                yield Problem(path.name, "seal", f"run.json does not list this file; {_PLAN}")


def small_files(folder: RunFolder) -> Iterator[tuple[Path, str]]:
    """Yield each small file that seals itself and is there, with what to do where its seal is broken."""
    again = "remove it; the shard will be rendered again"
    yield folder.run_file, "restore it from a copy"
    yield folder.calibration_file, "remove it; it is made again, and the shards that it gated with it"
    yield folder.card_file, _CARD
    yield folder.root / "report.html", "write it again with `medcutmix inspect --html`, or remove it"
    for pattern, hint in (("*.json", again), ("*.attempts", "remove it; counting begins again")):
        yield from ((path, hint) for path in sorted((folder.root / "state").glob(pattern)))


def check_seals(folder: RunFolder, record: RunRecord) -> tuple[list[Problem], tuple[str, ...]]:
    """Look at the seals of all small files.

    Returns:
        What is wrong, and the files of an earlier version that have no seal, as paths below the run folder.
    """
    faults: list[Problem] = []
    unsealed: list[str] = []
    for path, hint in small_files(folder):
        where = path.relative_to(folder.root).as_posix()
        try:
            seal = _seal_of(path)
        except FileNotFoundError:
            continue  # not made yet, or another task has just ended
        if seal is Seal.BROKEN:
            faults.append(Problem(where, "seal", f"{CHANGED}; {hint}"))
        elif seal is Seal.ABSENT and record.sealed:
            faults.append(Problem(where, "seal", f"its seal is gone; {hint}"))
        elif seal is Seal.ABSENT:
            unsealed.append(where)
    if record.sealed and not folder.card_file.is_file():
        faults.append(Problem(folder.card_file.name, "missing", f"this file is gone; {_CARD}"))
    return faults, tuple(unsealed)


def _seal_of(path: Path) -> Seal:
    content = path.read_bytes()
    return seal_of_page(content) if path.suffix in (".md", ".html") else seal_of_json(content)


def stray_files(folder: RunFolder, shards: int) -> Iterator[Problem]:
    """Find files beside the state files and failure lists of the plan's shards."""
    for parent, names in (
        ("state", {own for k in range(shards) for own in _state_names(folder, k)}),
        ("failures", {folder.failures_file(k).name for k in range(shards)}),
    ):
        yield from _strays(folder.root / parent, names)


def _state_names(folder: RunFolder, shard: int) -> Iterable[str]:
    return folder.state_file(shard).name, folder.attempts_file(shard).name


def _strays(parent: Path, expected: set[str]) -> Iterator[Problem]:
    for path in sorted(parent.glob("*")):
        if path.name not in expected and not path.name.endswith(".tmp"):
            yield Problem(f"{parent.name}/{path.name}", "numbering", "the plan has no such shard; remove it")
