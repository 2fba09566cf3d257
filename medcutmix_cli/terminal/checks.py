"""A check of a data set: what was recognised, which column is what, and all that is wrong."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import TYPE_CHECKING

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from medcutmix_cli.terminal.words import facts, printable, quantity, reasons_hint

if TYPE_CHECKING:
    from medcutmix_cli.dry_run.dataset_check import DatasetCheck
    from medcutmix_cli.dry_run.duplicate_check import DuplicateCheck, DuplicateGroup

_GROUPS, _PICTURES = 10, 6
"""Groups of near-duplicates, and pictures of each, that are shown."""

_WHY = {
    "said": "as you say",
    "its name": "by its name",
    "means the same": "its name means that",
    "as published": "as published",
}


def check_view(check: DatasetCheck) -> RenderableType:
    """Render a check whole."""
    return Group(*_blocks(check))


def problems_view(check: DatasetCheck) -> RenderableType:
    """Render what is wrong only."""
    return Group(*_problems(check))


def _blocks(check: DatasetCheck) -> Iterator[RenderableType]:
    yield Text.assemble("Recognised: ", (check.kind, "bold"))
    if check.columns:
        yield Padding(_columns(check), (1, 0, 0, 0))
    if check.studies:
        yield Padding(facts(_counts(check)), (1, 0, 0, 0))
    if check.duplicates.groups:
        yield Padding(_groups(check.duplicates.groups), (1, 0, 0, 0))
    yield ""
    yield from _problems(check)


def _columns(check: DatasetCheck) -> Table:
    grid = Table.grid(padding=(0, 2))
    for (role, why), uses in groupby(check.columns, key=lambda use: (use.role, use.why)):
        names = ", ".join(use.column for use in uses)
        grid.add_row(Text(role, "bold"), printable(names), Text(_WHY[why], "dim"))
    if check.unused:
        grid.add_row(Text("not used", "dim"), printable(", ".join(check.unused)), "")
    return grid


def _counts(check: DatasetCheck) -> dict[str, Text | str | Table]:
    first = "" if check.whole else "the first "
    rows = f", {quantity(check.rows, 'row')} read" if check.rows else ""
    left_out = ", ".join(f"{reason} {count:,}" for reason, count in check.dropped)
    tried = check.decoded + sum(count for _, count in check.undecoded)
    return {
        "Studies": f"{first}{quantity(check.studies, 'study', 'studies')}{_read(check)}{rows}",
        "Fit to be mixed": f"{check.usable:,}, with a frontal picture that is there, a report, a mixed split",
        "Left out": left_out or "none",
        **({"Why": reasons_hint(dict(check.dropped))} if check.dropped else {}),
        "Decoded": f"{check.decoded} of {quantity(tried, 'picture')} that were tried",
        **({"Kept": f"{check.corrupt} of these that libjpeg calls corrupt"} if check.corrupt else {}),
        "Compared": _compared(check.duplicates),
    }


def _read(check: DatasetCheck) -> str:
    """Say whose the studies are; patients and pictures are known of those only that could be read."""
    own = f"{quantity(check.patients, 'patient')}, {quantity(check.images, 'picture')}"
    if check.read == check.studies:
        return f" of {own}"
    return f", {check.read:,} of them readable{f': of {own}' if check.read else ''}"


def _compared(found: DuplicateCheck) -> str:
    groups = quantity(len(found.groups), "group") if found.groups else "no group"
    text = f"{found.compared:,} of {quantity(found.pictures, 'picture')}, one a study: {groups} of near-duplicates"
    unreadable = "".join(f", {reason} {count:,}" for reason, count in found.unreadable)
    rest = found.pictures - found.compared - sum(count for _, count in found.unreadable)
    return f"{text}{unreadable}{'; --duplicates compares all' if rest else ''}"


def _groups(groups: Sequence[DuplicateGroup]) -> Table:
    """List groups of near-duplicates, those first that cross splits or patients."""
    grid = Table.grid(padding=(0, 2))
    grid.add_column(overflow="fold")
    for group in groups[:_GROUPS]:
        crossing = [name for name, crosses in _crossings(group) if crosses]
        across = f"across {' and '.join(crossing)}" if crossing else "of one patient"
        grid.add_row(Text(f"Near-duplicates {across}, {group.distance} bits apart at most", "bold"))
        for one in group.pictures[:_PICTURES]:
            grid.add_row(printable(f"  study {one.study_id}, {one.split}"))
        if len(group.pictures) > _PICTURES:
            grid.add_row(Text(f"  and {len(group.pictures) - _PICTURES:,} more", "dim"))
    if len(groups) > _GROUPS:
        grid.add_row(Text(f"and {len(groups) - _GROUPS:,} more groups: --json lists all", "dim"))
    return grid


def _crossings(group: DuplicateGroup) -> tuple[tuple[str, bool], ...]:
    return ("splits", group.crosses_splits), ("patients", group.crosses_patients)


def _problems(check: DatasetCheck) -> Iterator[RenderableType]:
    if not check.problems:
        yield Text("No problem found.", "green")
    for problem in check.problems:
        mark = ("error: ", "bold red") if problem.grave else ("warning: ", "bold yellow")
        yield Text.assemble(mark, printable(problem.what), overflow="fold")
        yield Padding(Text(printable(problem.hint), overflow="fold"), (0, 0, 0, 2))
