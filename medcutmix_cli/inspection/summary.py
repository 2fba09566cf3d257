"""What lies in a run folder or a lone shard, as records. Prints nothing, decodes no picture, changes no file.

Of a shard only the columns that are asked for are read, so that counting costs no picture.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from medcutmix_cli.inspection.schema import ColumnMeaning, schema_view
from medcutmix_cli.planning.written_shape import written_status
from medcutmix_cli.run.column import ColumnSummary
from medcutmix_cli.run.columns import COLUMNS, summed_up
from medcutmix_cli.run.contents import Contents, open_contents, read_table
from medcutmix_cli.run.folder import RunFolder
from medcutmix_cli.run.shards import AS_IT_IS, count_unmixed
from medcutmix_cli.run.status import RunStatus
from medcutmix_cli.system.counts import most_frequent
from medcutmix_cli.system.readable import Readable, count_line

WEIGHTS = summed_up(ColumnSummary.RANGE)
"""The recipient's shares, by every definition."""

_READ = tuple(column.name for column in COLUMNS if column.summary)
_PATIENTS = summed_up(ColumnSummary.DISTINCT)

NOTHING_CAME = "no finding came in"
"""What is said of a mix that only something left."""


@dataclass(frozen=True, slots=True)
class WeightSummary:
    """One weight over all rows, each in [0, 1]; mean is NaN where there are no rows."""

    name: str
    minimum: float
    mean: float
    maximum: float


@dataclass(frozen=True, slots=True, repr=False)
class Inspection(Readable):
    """A run folder, a folder of shards or a lone shard in numbers.

    Attributes:
        path: What was inspected.
        kind: "run", "shards" or "shard".
        rows: Pairs in the complete shards (likewise bytes).
        findings: Rows per finding that came in, "" where none did, most frequent first (likewise splits,
            strategies, image_modes; left: per finding that left).
        inconsistent: Rows whose impression and findings do not say the same.
        prompted: Rows with a report that was made from labels.
        patients: Distinct patients among the recipients and donors.
        weights: One summary per weight of `WEIGHTS`.
        schema: Every column with its meaning, in order.
        encoder: `EncoderCard` as a dict.
        settings: What decides the output.
        terms: One sentence on the terms the rows are under, "" where no shard says so.
        synthetic: Whether no patient is in it; None where neither run.json nor shard says so.
        status: The sums of the run; None for shards without their run.
        least_confidence: Least `gate_confidence` of a parent; NaN where the gate promises nothing.
        unmixed: Rows that are studies as they are.
    """

    path: str
    kind: str
    shards: int
    rows: int
    bytes: int
    findings: dict[str, int]
    left: dict[str, int]
    splits: dict[str, int]
    strategies: dict[str, int]
    image_modes: dict[str, int]
    inconsistent: int
    prompted: int
    patients: int
    weights: tuple[WeightSummary, ...]
    schema_version: int
    schema: tuple[ColumnMeaning, ...] = field(repr=False)
    encoder: dict[str, Any]
    settings: dict[str, Any] = field(repr=False)
    fingerprint: str
    terms: str
    synthetic: bool | None
    status: RunStatus | None
    least_confidence: float
    unmixed: int

    @property
    def came_in(self) -> dict[str, int]:
        """Rows by what came in, in words, most frequent first: studies as they are are told by that name."""
        nothing = self.findings.get("", 0) - self.unmixed
        named = {finding: count for finding, count in self.findings.items() if finding}
        all_of_them = {**named, AS_IT_IS: self.unmixed, NOTHING_CAME: nothing}
        return dict(sorted(((name, n) for name, n in all_of_them.items() if n), key=lambda one: -one[1]))

    def facts(self) -> dict[str, str]:
        """Return what is counted, in words."""
        return {
            self.kind: self.path,
            "pairs": f"{self.rows:,} of {self.patients:,} patients, in {self.shards:,} shards",
            "findings that came in": count_line(self.came_in),
            "splits": count_line(self.splits),
            "strategies": count_line(self.strategies),
            "encoder": str(self.encoder.get("name", "unknown")),
            "terms": self.terms,
        }

    @property
    def demonstration(self) -> bool:
        """Say whether the maps come from an encoder that means nothing outside phantoms."""
        return bool(self.encoder.get("demonstration"))


def inspect(path: str | Path) -> Inspection:
    """Count what lies in a run folder, a folder of shards or a lone shard.

    Raises:
        RunError: There is neither run nor shard.
        ShardError: A shard is damaged or of another schema version.
    """
    contents = open_contents(path)
    origin = _origin(contents)
    rows = read_table(contents.heads, _READ)
    counts = {name: _value_counts(rows[name]) for name in summed_up(ColumnSummary.COUNTS)}
    patients = pa.chunked_array([chunk for name in _PATIENTS for chunk in rows[name].chunks], pa.string())
    return Inspection(
        path=str(path),
        kind=contents.kind,
        shards=len(contents.heads),
        rows=contents.rows,
        bytes=sum(head.path.stat().st_size for head in contents.heads),
        findings=counts["finding"],
        left=counts["finding_a"],
        splits=counts["split"],
        strategies=counts["strategy"],
        image_modes=counts["image_mode"],
        inconsistent=_count(pc.invert(rows["impression_consistent"])),
        prompted=_count(pc.or_(rows["prompted_a"], rows["prompted_b"])),
        patients=pc.count_distinct(patients).as_py(),
        weights=tuple(_weight_summary(name, rows[name]) for name in WEIGHTS),
        schema_version=origin["schema_version"],
        schema=schema_view().columns,
        encoder=origin["encoder"],
        settings=origin["settings"],
        fingerprint=origin["fingerprint"],
        terms=origin["terms"],
        synthetic=contents.record.synthetic if contents.record else origin.get("synthetic"),
        status=status(path) if contents.kind == "run" else None,
        unmixed=count_unmixed(rows),
        least_confidence=_least(rows[name] for name in summed_up(ColumnSummary.LEAST)),
    )


def status(out: str | Path) -> RunStatus:
    """Add up a run folder: what went in, what came out, what is missing.

    Once every shard is complete, `shape` is that of the rows that were written, from the state files; of a run of an
    earlier version a few columns are read.

    Raises:
        RunError: There is no run.
    """
    return written_status(RunFolder(Path(out)))


def _origin(contents: Contents) -> dict[str, Any]:
    """Return what the first shard says of all; of a run without a shard, what run.json says."""
    if contents.heads:
        return contents.heads[0].origin
    record = contents.record
    settings, version = (record.settings, record.versions.get("shard_schema", 0)) if record else ({}, 0)
    return {
        "schema_version": version,
        "encoder": record.encoder if record else {},
        "settings": settings,
        "fingerprint": record.fingerprint if record else "",
        "terms": "",
    }


def _value_counts(column: pa.ChunkedArray) -> dict[str, int]:
    counts = Counter({entry["values"]: entry["counts"] for entry in pc.value_counts(column).to_pylist()})
    return most_frequent(counts)


def _count(column: pa.ChunkedArray) -> int:
    """Count the rows that are true."""
    return int(pc.sum(column).as_py() or 0)


def _least(columns: Iterable[pa.ChunkedArray]) -> float:
    found = [least for column in columns if (least := pc.min(column).as_py()) is not None]
    return min(found, default=float("nan"))


def _weight_summary(name: str, column: pa.ChunkedArray) -> WeightSummary:
    limits, mean = pc.min_max(column).as_py(), pc.mean(column).as_py()
    values = (limits["min"], mean, limits["max"])
    return WeightSummary(name, *(float("nan") if value is None else value for value in values))
