"""Parts of an export: each is written whole, told of in a small file, and never written again."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field
from itertools import chain
from pathlib import Path
from typing import Protocol

from medcutmix_cli.exports.files import FileRecord, PartFiles
from medcutmix_cli.exports.formulas import ID_IS_FORMULA, has_formula_id
from medcutmix_cli.exports.profile import SPLITS, ExportProfile
from medcutmix_cli.exports.row import ExportRow
from medcutmix_cli.exports.tables import Entry, json_text
from medcutmix_cli.records import Drop
from medcutmix_cli.run.seals import write_json
from medcutmix_cli.system.atomic_files import publish
from medcutmix_cli.system.private_files import FOLDER_MODE, make_private, make_private_folder


class ExportSource(Protocol):
    """Where the rows of one part come from."""

    def rows(self) -> Iterator[ExportRow | Drop]:
        """Yield the rows in order, and what is left out by name."""


@dataclass(frozen=True, slots=True)
class ExportPart:
    """One part: a shard's rows of one split, or a block of originals.

    Attributes:
        tree: Folder that it is written below; "" where all lie together.
        place: Among the parts of its tree and split, those without a row too.
        number: Among those that have a row, which alone write files.
    """

    tree: str
    split: str
    place: int
    number: int
    source: ExportSource

    @property
    def name(self) -> str:
        """What its state is called."""
        return f"{self.split}-{self.place:05d}"

    @property
    def file_name(self) -> str:
        """What its files are called."""
        return f"{self.split}-{self.number:05d}"


@dataclass(frozen=True, slots=True)
class PartState:
    """What a part left.

    Attributes:
        rows: By source, "mix" and "original".
        no_hflip: Rows that a flip would make wrong.
        dropped: Rows left out, by reason.
        files: What was written.
        prompted: Rows with words that were made from labels.
    """

    rows: dict[str, int]
    no_hflip: int
    dropped: dict[str, int]
    files: tuple[FileRecord, ...]
    prompted: int = 0


@dataclass(frozen=True, slots=True)
class PartLedger:
    """Where it is noted which parts are complete: a state file, written last, and the entries of its rows."""

    work: Path

    def state_file(self, part: ExportPart) -> Path:
        """Return the file that says that a part is complete."""
        return self.work / part.tree / f"{part.name}.json"

    def entries_file(self, tree: str, name: str) -> Path:
        """Return the file of a part's entries."""
        return self.work / tree / f"{name}.jsonl"

    def read(self, root: Path, part: ExportPart) -> PartState | None:
        """Return what a part left; None where it must be written, or a file of it is gone or cut short."""
        try:
            plain = json.loads(self.state_file(part).read_text(encoding="utf-8"))
            state = PartState(**{**plain, "files": tuple(FileRecord(**one) for one in plain["files"])})
        except (OSError, ValueError, TypeError, KeyError):
            return None
        whole = all(_has_size(root / record.path, record.bytes) for record in state.files)
        return state if whole and self.entries_file(part.tree, part.name).is_file() else None

    def begin(self, part: ExportPart) -> None:
        """Make the folder of a part's state.

        Raises:
            FileNotFoundError: The export is not under way any more: another process has ended it, or taken it away.
        """
        folder = self.work / part.tree
        if part.tree:
            folder.mkdir(exist_ok=True, mode=FOLDER_MODE)
        make_private(folder)

    def entries(self, tree: str, names: Iterable[str]) -> PartEntries:
        """Return the entries of a tree, of these parts in their order."""
        return PartEntries(self.work / tree, tuple(names))


def _has_size(path: Path, size: int) -> bool:
    return path.is_file() and path.stat().st_size == size


@dataclass(frozen=True, slots=True)
class PartEntries:
    """The entries of one tree, read from the parts' files (see `profile.EntrySource`).

    Attributes:
        folder: Where the files lie.
        names: Of all parts. One whose file is gone is an error: what lies there is what another process has left.
    """

    folder: Path
    names: tuple[str, ...]

    @property
    def splits(self) -> tuple[str, ...]:
        """The splits that have an entry."""
        return tuple(split for split in SPLITS if any(path.stat().st_size for path in self._files(split)))

    def of(self, split: str) -> Iterator[Entry]:
        """Yield the entries of one split, parts in order."""
        for path in self._files(split):
            with path.open(encoding="utf-8") as lines:
                for line in lines:
                    yield json.loads(line)

    def _files(self, split: str) -> list[Path]:
        return [self.folder / f"{name}.jsonl" for name in self.names if name.startswith(f"{split}-")]


@dataclass(slots=True)
class _Taken:
    """Passes on the rows of a part that its profile can take, and counts all."""

    profile: ExportProfile
    source: ExportSource
    rows: Counter[str] = field(default_factory=Counter)
    dropped: Counter[str] = field(default_factory=Counter)
    no_hflip: int = 0
    prompted: int = 0

    def __iter__(self) -> Iterator[ExportRow]:
        for row in self.source.rows():
            reason = row.reason if isinstance(row, Drop) else self._refuse(row)
            if isinstance(row, Drop) or reason:
                self.dropped[reason] += 1
                continue
            self.rows[row.source] += 1
            self.no_hflip += row.no_hflip
            self.prompted += row.prompted
            yield row

    def _refuse(self, row: ExportRow) -> str:
        return ID_IS_FORMULA if has_formula_id(row) else self.profile.refuse(row)


def write_part(root: Path, ledger: PartLedger, part: ExportPart, profile: ExportProfile) -> PartState:
    """Write one part, its entries, and last the file that says that it is complete; without a row it has no file."""
    files = PartFiles(root, part.tree, part.file_name)
    taken = _Taken(profile, part.source)
    ledger.state_file(part).unlink(missing_ok=True)
    target = ledger.entries_file(part.tree, part.name)
    with publish(target) as temporary, temporary.open("w", encoding="utf-8", newline="\n") as handle:
        for entry in _stored(taken, files):
            handle.write(json_text(entry) + "\n")
    state = PartState(
        rows=dict(taken.rows),
        no_hflip=taken.no_hflip,
        dropped=dict(taken.dropped),
        files=tuple(files.records),
        prompted=taken.prompted,
    )
    write_json(ledger.state_file(part), asdict(state))
    return state


def _stored(taken: _Taken, files: PartFiles) -> Iterable[Entry]:
    rows = iter(taken)
    first = next(rows, None)
    if first is None:
        return ()
    make_private_folder(files.folder)
    return taken.profile.store(chain((first,), rows), files)
