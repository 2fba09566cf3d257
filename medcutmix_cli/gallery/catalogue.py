"""What the list of a page holds of each pair: ids, names and numbers to filter and sort by. Never report text."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, fields, replace
from typing import Any

from medcutmix_cli.errors import RunError
from medcutmix_cli.inspection.pair_record import exchange_words, row_words
from medcutmix_cli.run.contents import Contents, read_columns
from medcutmix_cli.run.failure_list import PairOutcome, read_outcomes
from medcutmix_cli.run.folder import RunFolder
from medcutmix_cli.run.plan_file import read_shard
from medcutmix_cli.run.shards import AS_IT_IS, is_unmixed

_WRITTEN = (
    *("pair_id", "finding", "finding_a", "strategy", "split", "side_a", "side_b", "image_mode", "lam"),
    *("lam_img_area", "ground_p_a", "ground_p_b", "align_quality", "study_id_a", "study_id_b"),
)
_PLANNED = (
    "pair_id",
    "finding",
    "finding_a",
    "strategy",
    "split",
    "image_mode",
    "recipient.side",
    "donor.side",
)


@dataclass(frozen=True, slots=True)
class CataloguePair:
    """One line of the list.

    Attributes:
        state: "written", "rejected" or "failed".
        rule: Why it was not written, "" where it was.
        side: Of what comes; where nothing comes, of what leaves.
        area: Share of the recipient's picture that was pasted; None where it was not written (likewise lam).
        ground_p: The weaker of both parents' evidence; None where none was asked.
        thumb: The small picture's source, "" for none.
        part: Number of the piece that holds its article; -1 where it has none.
    """

    id: str
    state: str
    rule: str
    exchange: str
    finding: str
    strategy: str
    split: str
    side: str
    mode: str
    recipient: str
    donor: str
    lam: float | None = None
    area: float | None = None
    ground_p: float | None = None
    align_quality: float | None = None
    thumb: str = ""
    part: int = -1

    @property
    def unmixed(self) -> bool:
        """Whether it is a study as it is, to which its donor gives nothing."""
        return self.exchange == AS_IT_IS

    def with_article(self, part: int, thumb: str) -> CataloguePair:
        """Return the same, with where its article and its small picture are."""
        return replace(self, part=part, thumb=thumb)


def written_pairs(contents: Contents) -> list[CataloguePair]:
    """Return a line for each row, in the order of the rows."""
    return [_written(row) for row in read_columns(contents, _WRITTEN)]


def unwritten_pairs(contents: Contents) -> list[CataloguePair]:
    """Return a line for each pair of a run that was rejected or failed, in the order of the plan."""
    if contents.kind != "run" or contents.record is None:
        return []
    folder = RunFolder(contents.path)
    shards = range(len(contents.record.shards))
    return [pair for shard in shards for pair in _of_shard(folder, shard)]


def as_table(pairs: Sequence[CataloguePair]) -> dict[str, Any]:
    """Return lines as a table: the names of the fields once, then a list of values for each."""
    names = [field.name for field in fields(CataloguePair)]
    return {"fields": names, "rows": [[_short(getattr(pair, name)) for name in names] for pair in pairs]}


def _of_shard(folder: RunFolder, shard: int) -> Iterator[CataloguePair]:
    if not (folder.failures_file(shard).is_file() and folder.state_file(shard).is_file()):
        return
    outcomes = read_outcomes(folder.failures_file(shard))
    planned: dict[str, Any] = {}
    if outcomes:
        with suppress(RunError):  # without its plan a run still has its list of failures
            table = read_shard(folder.plan_file, shard, _PLANNED)
            planned = {row["pair_id"]: row for row in table.to_pylist()}
    for outcome in outcomes:
        yield _unwritten(outcome, planned.get(outcome.pair_id, {}))


def _unwritten(outcome: PairOutcome, row: Mapping[str, Any]) -> CataloguePair:
    left, came = row.get("finding_a", ""), row.get("finding", "")
    sides = (row.get("recipient", {}).get("side", ""), row.get("donor", {}).get("side", ""))
    return CataloguePair(
        id=outcome.pair_id,
        state=outcome.outcome,
        rule=outcome.reason,
        exchange=exchange_words(left, came),
        finding=came or left,
        strategy=row.get("strategy", ""),
        split=row.get("split", ""),
        side=_side(*sides),
        mode=row.get("image_mode", ""),
        recipient=outcome.recipient,
        donor=outcome.donor,
    )


def _written(row: Mapping[str, Any]) -> CataloguePair:
    evidence = [p for p in (row["ground_p_a"], row["ground_p_b"]) if p is not None]
    return CataloguePair(
        id=row["pair_id"],
        state="written",
        rule="",
        exchange=row_words(row),
        finding=row["finding"] or row["finding_a"],
        strategy=row["strategy"],
        split=row["split"],
        side=_side(row["side_a"], row["side_b"]),
        mode=row["image_mode"],
        recipient=row["study_id_a"],
        donor="" if is_unmixed(row) else row["study_id_b"],
        lam=row["lam"],
        area=None if row["lam_img_area"] is None else 1 - row["lam_img_area"],
        ground_p=max(evidence, default=None),
        align_quality=row["align_quality"],
    )


def _side(recipient: str, donor: str) -> str:
    return donor if donor not in ("", "none") else recipient


def _short(value: Any) -> Any:
    return round(value, 5) if isinstance(value, float) else value
