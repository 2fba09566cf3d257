"""Put what was rendered of a shard in place so that its files belong together, whoever else renders the same shard.

Two tasks may: one was taken for dead and its shards given to another, or an array was started twice. On one kind of
processor both write the same bytes, and nothing can go wrong. On two kinds they may differ in the last digit of a map,
so that the state of one must not speak of the rows of the other. There are no locks (a dead task's would stay, and
not every shared file system has them); instead

1. whoever finds the shard complete before it puts its rows in place steps aside, and drops its own;
2. the state file goes before rows are put in place: none ever speaks of rows that are no longer there;
3. the state file is put in place only if rows and failure list are still those it speaks of, and looked at again
   afterwards: whoever finds another's files takes its own state back.

With rows of A and B put in place in this order, only B can pass 3; where each replaced a file of the other, none does,
and the shard is rendered again. Left over is a task that is killed between the two looks of 3, while all of the other's
last steps fall between the first and the state file: milliseconds against milliseconds. Then the sizes tell
(`read_complete`), or `verify`, which compares hashes.
"""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from medcutmix_cli.run_folder import PairOutcome, RunFolder, ShardState, outcome_lines, read_complete
from medcutmix_cli.shards import publish, sha256


class SteppedAside(Exception):  # noqa: N818 - no error: the shard is in good hands
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
        return cls(sha256(path), path.stat().st_size, _mark(path))

    def lie_in(self, path: Path) -> bool:
        """Say whether `path` is this file, or one of the same bytes (not every file system keeps inodes)."""
        with suppress(FileNotFoundError):
            return _mark(path) == self.mark or sha256(path) == self.sha256
        return False


def _mark(path: Path) -> tuple[int, int, int]:
    # Opened, because NFS asks the server then: a name alone may be answered from what it was some seconds ago.
    with path.open("rb"):
        found = path.stat()
    return found.st_ino, found.st_size, found.st_mtime_ns


def make_way(folder: RunFolder, shard: int, failed: int) -> None:
    """Take the state file away before new rows come.

    Args:
        folder: The run's.
        shard: Its number.
        failed: How many pairs failed in the new rendering.

    Raises:
        SteppedAside: Another task has completed the shard meanwhile, with no more failed pairs.
    """
    found = read_complete(folder, shard)
    if found is not None and sum(found.failed.values()) <= failed:
        raise SteppedAside(found)
    folder.state_file(shard).unlink(missing_ok=True)


def claim(folder: RunFolder, state: ShardState, rows: WrittenRows, outcomes: list[PairOutcome]) -> None:
    """Write the state file, which says that the shard is complete, and stop counting attempts.

    Raises:
        SteppedAside: Another task has put its own files in place of these.
    """
    lines = outcome_lines(outcomes)
    target = folder.state_file(state.shard)
    text = json.dumps(asdict(state), indent=1, sort_keys=True, ensure_ascii=False) + "\n"
    with publish(target) as temporary:
        temporary.write_text(text, encoding="utf-8")
        if not _all_ours(folder, state.shard, rows, lines):
            raise SteppedAside(state)
    if not _all_ours(folder, state.shard, rows, lines):
        with suppress(FileNotFoundError):
            if target.read_text(encoding="utf-8") == text:
                target.unlink()
        raise SteppedAside(state)
    folder.attempts_file(state.shard).unlink(missing_ok=True)


def _all_ours(folder: RunFolder, shard: int, rows: WrittenRows, lines: str) -> bool:
    with suppress(FileNotFoundError):
        listed = folder.failures_file(shard).read_text(encoding="utf-8")
        return listed == lines and rows.lie_in(folder.shard_file(shard))
    return False
