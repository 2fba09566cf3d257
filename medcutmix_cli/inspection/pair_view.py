"""One row of a shard, arranged for looking at: who gave what to whom, the maps, and the report's diff.

Prints nothing; the picture is read only where it is asked for.
"""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from medcutmix_cli.errors import UsageError
from medcutmix_cli.inspection.pair_record import EntityView, PairView, ParentView, Piece, SentenceSwap
from medcutmix_cli.inspection.pair_rows import PairRows
from medcutmix_cli.inspection.summary import WEIGHTS
from medcutmix_cli.rendering.rows import row_warp
from medcutmix_cli.reports.critic import FindingExchange, read_and_criticise
from medcutmix_cli.reports.reader import ReportReader
from medcutmix_cli.run.contents import Contents, open_contents, read_columns
from medcutmix_cli.run.shards import ShardHead
from medcutmix_cli.sides import known_side


def pair_view(
    path: str | Path, *, index: int = 0, pair_id: str | None = None, picture: bool = False
) -> PairView:
    """Read one row, by its id or by its position.

    Args:
        path: As for `inspect`.
        index: Position among all rows, from 0; not looked at where `pair_id` is given.
        pair_id: 16 hex digits, or the first few of them where only one pair has them.
        picture: Whether to read the mixed picture too.

    Raises:
        UsageError: No such row.
    """
    contents = open_contents(path)
    at = index if pair_id is None else _position(contents, pair_id)
    return view_at(contents, at, PairRows(picture=picture))


def has_pair(path: str | Path, pair_id: str) -> bool:
    """Say whether a row has this id, or begins with it."""
    rows = read_columns(open_contents(path), ("pair_id",))
    return any(row["pair_id"].startswith(pair_id.lower()) for row in rows)


def first_exchange(path: str | Path) -> int:
    """Return the position of the first row in which a finding comes in; 0 where none has one."""
    rows = read_columns(open_contents(path), ("finding",))
    return next((index for index, row in enumerate(rows) if row["finding"]), 0)


def view_at(contents: Contents, index: int, rows: PairRows) -> PairView:
    """Read the row at a position among all rows with `rows`, the same for all pairs of a page; see `pair_view`."""
    if not 0 <= index < contents.rows:
        hint = (
            f"there are {contents.rows}; the first has index 0"
            if contents.rows
            else "no shard is complete yet"
        )
        raise UsageError(f"there is no pair at index {index}", where=str(contents.path), hint=hint)
    within = index
    for head in contents.heads:
        if within < head.rows:
            return _view(rows.row(head.path, within), head, index)
        within -= head.rows
    raise UsageError(
        f"there is no pair at index {index}",
        where=str(contents.path),
        hint="`medcutmix inspect RUN --json` says how many there are",
    )


def report_diff(report: str, edits: Sequence[Mapping[str, Any]]) -> tuple[Piece, ...]:
    """Turn edits on the recipient's report into pieces; joined without the removed they are the mixed report."""
    pieces: list[Piece] = []
    position = 0
    for edit in sorted(edits, key=lambda edit: int(edit["start"])):
        pieces.append(Piece("same", report[position : edit["start"]]))
        pieces.append(Piece("removed", report[edit["start"] : edit["end"]]))
        pieces.append(Piece("inserted", edit["text"]))
        position = edit["end"]
    return tuple(piece for piece in (*pieces, Piece("same", report[position:])) if piece.text)


def _position(contents: Contents, pair_id: str) -> int:
    ids = [row["pair_id"] for row in read_columns(contents, ["pair_id"])]
    found = [at for at, known in enumerate(ids) if known.startswith(pair_id.lower())]
    if len(found) == 1:
        return found[0]
    what = "several pairs begin with this id" if found else "there is no pair with this id"
    hint = "give more digits" if found else _hint_of_ids(contents, ids)
    raise UsageError(what, where=f"{pair_id} in {contents.path}", hint=hint)


def _hint_of_ids(contents: Contents, ids: Sequence[str]) -> str:
    if contents.kind != "run":
        return "give the run folder: pairs that were rejected or failed are shown too"
    begin = f"ids are 16 hex digits, such as {ids[0]}; " if ids else ""
    return (
        f"{begin}medcutmix inspect {shlex.quote(str(contents.path))} --html FILE lists all, rejected ones too"
    )


def _view(row: dict[str, Any], head: ShardHead, index: int) -> PairView:
    edits = row["edits"]
    return PairView(
        pair_id=row["pair_id"],
        shard=head.path.name,
        index=index,
        finding=row["finding"],
        finding_a=row["finding_a"],
        split=row["split"],
        strategy=row["strategy"],
        image_mode=row["image_mode"],
        impression_consistent=row["impression_consistent"],
        shift=(row["shift_y"], row["shift_x"]),
        recipient=_parent_view(row, "a"),
        donor=_parent_view(row, "b"),
        swaps=tuple(_swap(edit) for edit in edits),
        weights={name: row[name] for name in WEIGHTS},
        grid=(row["grid_h"], row["grid_w"]),
        mask=tuple(row["mask"]),
        donor_weights=tuple(float(weight) for weight in row["weights"]),
        report=row["report"],
        diff=report_diff(row["report_a"], edits),
        entities=tuple(EntityView(**entity) for entity in row["entities"]),
        label_order=tuple(head.origin["label_order"]),
        label_mixed=tuple(row["label_mixed"]),
        label_w=tuple(row["label_w"]),
        label_states=tuple(row["label_state"]),
        picture=row["image"]["bytes"] if "image" in row else None,
        warp=row_warp(row),
        align_quality=row["align_quality"],
        faults=_faults(row),
    )


def _faults(row: Mapping[str, Any]) -> tuple[str, ...]:
    sides = (known_side(row["side_a"]), known_side(row["side_b"]))
    exchanged = FindingExchange(row["finding_a"], row["finding"], *sides)
    found = read_and_criticise(ReportReader(), row["report_a"], row["report"], exchanged, row["study_id_a"])
    return tuple(dict.fromkeys(fault.rule for fault in found))


def _swap(edit: Mapping[str, Any]) -> SentenceSwap:
    where = (edit["source_start"], edit["source_end"])
    return SentenceSwap(edit["section"], edit["removed"], edit["text"], *where)


def _parent_view(row: dict[str, Any], letter: str) -> ParentView:
    return ParentView(
        study_id=row[f"study_id_{letter}"],
        subject_id=row[f"subject_id_{letter}"],
        image_id=row[f"image_id_{letter}"],
        image_path=row[f"image_path_{letter}"],
        view=row[f"view_{letter}"],
        side=row[f"side_{letter}"],
        report=row[f"report_{letter}"],
        sentence=row[f"sentence_{letter}"],
        labels=tuple(row[f"label_{letter}"]),
        map=tuple(float(score) for score in row[f"map_{letter}"]),
        mask=tuple(row[f"mask_{letter}"]),
        placement=row[f"placement_{letter}"],
        ground_p=row[f"ground_p_{letter}"],
        prompted=row[f"prompted_{letter}"],
    )
