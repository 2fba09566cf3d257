"""`Run("RUN")`: what lies in a run folder, to be counted, indexed and looked at."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import overload

from medcutmix_cli.inspection.pair_rows import PairRows
from medcutmix_cli.inspection.pair_view import view_at
from medcutmix_cli.inspection.summary import Inspection, inspect
from medcutmix_cli.notebook.pair import RunPair
from medcutmix_cli.run.contents import Contents, open_contents
from medcutmix_cli.run.shards import ShardHead
from medcutmix_cli.run.status import RunStatus
from medcutmix_cli.system.fact_table import fact_table
from medcutmix_cli.system.plain_text import escape_html as escape
from medcutmix_cli.system.readable import count_line


class RunPairs(Sequence[RunPair]):
    """The pairs of some shards by number: `pairs[0]`, `pairs[-1]`, `pairs[:3]`, `len(pairs)`.

    Args:
        contents: Where the shards are.
    """

    def __init__(self, contents: Contents) -> None:
        self.contents = contents
        self._rows = PairRows(picture=True)

    @property
    def path(self) -> Path:
        """What was opened."""
        return self.contents.path

    def __len__(self) -> int:
        """Return how many pairs the complete shards hold, by their footers."""
        return self.contents.rows

    @overload
    def __getitem__(self, index: int) -> RunPair: ...
    @overload
    def __getitem__(self, index: slice) -> list[RunPair]: ...

    def __getitem__(self, index: int | slice) -> RunPair | list[RunPair]:
        """Return one pair with its picture, or those of a slice.

        Raises:
            IndexError: There is no such pair.
            ShardError: A page of its shard is damaged.
        """
        if isinstance(index, slice):
            return [self[k] for k in range(*index.indices(len(self)))]
        number = index + len(self) if index < 0 else index
        if not 0 <= number < len(self):
            raise IndexError(f"there is no index {index} in {len(self)} pairs, which begin at 0")
        return RunPair(view_at(self.contents, number, self._rows))

    def __repr__(self) -> str:
        return f"{type(self).__name__}({str(self.path)!r}): {len(self):,} pairs"


class Shard(RunPairs):
    """One file of a run: `run.shards[0]`.

    Args:
        head: Its footer.
        contents: What it lies in.
    """

    def __init__(self, head: ShardHead, contents: Contents) -> None:
        super().__init__(Contents(head.path, "shard", (head,), contents.record))

    @property
    def bytes(self) -> int:
        """Size of the file."""
        return self.path.stat().st_size

    def _repr_html_(self) -> str:
        """Return what a notebook shows."""
        return fact_table(self.path.name, {"Pairs": f"{len(self):,}", "Bytes": f"{self.bytes:,}"})


class Run(RunPairs):
    """A run folder, a folder of shards or a lone shard, as it is now; make it again to see what has come.

    `run[0]` is a pair, `run.shards` its files, `run.status` what became of everything, `run.inspection` its numbers.

    Args:
        path: Where it is.

    Raises:
        RunError: There is neither run nor shard.
        ShardError: A shard is damaged or of another schema version.
    """

    def __init__(self, path: str | Path) -> None:
        super().__init__(open_contents(path))

    @property
    def shards(self) -> tuple[Shard, ...]:
        """The complete shards, in order."""
        return tuple(Shard(head, self.contents) for head in self.contents.heads)

    @cached_property
    def inspection(self) -> Inspection:
        """All that is counted; the columns are read when it is first asked for."""
        return inspect(self.path)

    @property
    def status(self) -> RunStatus | None:
        """What went in, came out and is missing; None for shards without their run."""
        return self.inspection.status

    def find(self, finding: str) -> Iterator[RunPair]:
        """Yield the pairs into which a finding comes, in order.

        Args:
            finding: Lexicon id, as `run.inspection.findings` counts them.
        """
        return (pair for pair in self if pair.finding == finding)

    def _repr_html_(self) -> str:
        """Return what a notebook shows."""
        seen = self.inspection
        facts = {
            "Pairs": f"{len(self):,} of {seen.patients:,} patients, in {seen.shards:,} shards",
            "Findings": escape(count_line(seen.came_in)) or "none",
            "Encoder": escape(seen.encoder.get("name", "unknown")),
            **({"State": _state(seen.status)} if seen.status else {}),
            "Terms": escape(seen.terms or "unknown"),
        }
        return fact_table(str(self.path), facts)


def _state(status: RunStatus) -> str:
    left_out = sum(status.rejected.values()) + sum(status.failed.values())
    still = f", {status.waiting:,} still to render" if status.waiting else ""
    return f"{status.planned:,} planned, {status.written:,} written, {left_out:,} rejected or failed{still}"
