"""Put what was rendered of a shard in place so that its files belong together, whoever else renders the same shard.

Two tasks may: one was taken for dead and its shards given to another, or an array was started twice. On one kind of
processor both write the same bytes, and nothing can go wrong. On two kinds they may differ in the last digit of a map,
so that the state of one must not speak of the rows of the other. There are no locks (a dead task's would stay, and
not every shared file system has them); instead

1. whoever finds the shard complete before it puts its rows in place steps aside, and drops its own;
2. the state file goes before rows are put in place: none ever speaks of rows that are no longer there;
3. the failure list is put in place only if the rows are still those it belongs to, and the state file only if both are;
4. the state is looked at again afterwards: whoever finds another's files under its own state takes it back.

With rows of A and B put in place in this order, only B can pass; where each replaced a file of the other, neither
does, and the shard is rendered again. Left over are the microseconds between a look and the renaming after it: all that
the other has left to do would have to fall into them. Then the sizes tell (`read_complete`), or `verify`, which
compares hashes.
"""

from __future__ import annotations

import hashlib
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from medcutmix_cli.run.failure_list import PairOutcome, outcome_lines
from medcutmix_cli.run.folder import RunFolder
from medcutmix_cli.run.shard_state import ShardState, read_complete, state_text
from medcutmix_cli.system.atomic_files import publish
from medcutmix_cli.system.file_hash import file_sha256


class SupersededShard(Exception):  # noqa: N818 - no error: the shard is in good hands
    """Another task completes the shard.

    Attributes:
        state: What is to be reported of it.
    """

    def __init__(self, state: ShardState) -> None:
        super().__init__()
        self.state = state


@dataclass(frozen=True, slots=True)
class WrittenRows:
    """The file of rows as this task wrote it.

    Attributes:
        mark: Inode, size and time of the last write: a quick look tells whether it is the same file.
    """

    sha256: str
    bytes: int
    mark: tuple[int, int, int]

    @classmethod
    def of(cls, path: Path) -> WrittenRows:
        """Look at a file that is whole but not yet in place."""
        return cls(file_sha256(path), path.stat().st_size, _mark(path))

    def lie_in(self, path: Path) -> bool:
        """Say whether `path` is this file, or one of the same bytes (not every file system keeps inodes)."""
        with suppress(FileNotFoundError):
            return _mark(path) == self.mark or file_sha256(path) == self.sha256
        return False


def _mark(path: Path) -> tuple[int, int, int]:
    # Opened, because NFS asks the server then: a name alone may be answered from what it was some seconds ago.
    with path.open("rb"):
        found = path.stat()
    return found.st_ino, found.st_size, found.st_mtime_ns


def withdraw_state(folder: RunFolder, shard: int, failed: int) -> None:
    """Take the state file away before new rows come.

    Args:
        folder: The run's.
        shard: Its number.
        failed: How many pairs failed in the new rendering.

    Raises:
        SteppedAside: Another task has completed the shard meanwhile, with no more failed pairs.
    """
    stale = folder.state_file(
        shard
    ).exists()  # one that comes after this look is another task's, and speaks the truth
    found = read_complete(folder, shard)
    if found is not None and sum(found.failed.values()) <= failed:
        raise SupersededShard(found)
    if stale:
        folder.state_file(shard).unlink(missing_ok=True)


def claim(folder: RunFolder, state: ShardState, rows: WrittenRows, outcomes: list[PairOutcome]) -> None:
    """Write the failure list and the state file, which says that the shard is complete; stop counting attempts.

    Raises:
        SteppedAside: Another task has put its own files in place of these.
    """
    lines, target = outcome_lines(outcomes), folder.state_file(state.shard)
    said = state_text(replace(state, failures=hashlib.sha256(lines.encode("utf-8")).hexdigest()))

    def look(whole: bool = True) -> None:
        if not _ours(folder, state.shard, rows, lines if whole else None):
            raise SupersededShard(state)

    with publish(folder.failures_file(state.shard), lambda: look(whole=False)) as temporary:
        temporary.write_text(lines, encoding="utf-8")
    with publish(target, look) as temporary:
        temporary.write_text(said, encoding="utf-8")
    try:
        look()
    except SupersededShard:
        _take_back(target, said)
        raise
    folder.attempts_file(state.shard).unlink(missing_ok=True)


def _ours(folder: RunFolder, shard: int, rows: WrittenRows, lines: str | None) -> bool:
    """Say whether rows, and a failure list where one is given, are in place as this task wrote them."""
    with suppress(FileNotFoundError):
        if lines is None or folder.failures_file(shard).read_text(encoding="utf-8") == lines:
            return rows.lie_in(folder.shard_file(shard))
    return False


def _take_back(target: Path, said: str) -> None:
    with suppress(FileNotFoundError):
        if target.read_text(encoding="utf-8") == said:
            target.unlink()
