"""A run in sums: what went in, what came out, what was left out and why, and what to type next."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from medcutmix_cli.run.hints import few_mixed
from medcutmix_cli.system.counts import first_few, most_frequent
from medcutmix_cli.system.progress import duration
from medcutmix_cli.terminal.guarantees import gate_view
from medcutmix_cli.terminal.refills import refill_line, refill_warning, still_lacking
from medcutmix_cli.terminal.shapes import shape_view
from medcutmix_cli.terminal.targets import targets_table
from medcutmix_cli.terminal.words import facts, plain_table, printable, quantity, reasons_hint, size, warning

if TYPE_CHECKING:
    from medcutmix_cli.inspection.verification import Problem, Verification
    from medcutmix_cli.run.bounds import Bounds
    from medcutmix_cli.run.status import RunStatus

_SHOWN_PROBLEMS, _SHOWN_REFUSED = 20, 5


def status_view(status: RunStatus, out: str | Path, *, after_plan: bool = False) -> RenderableType:
    """Render the sums of a run with every reason.

    Args:
        status: Of the run.
        out: Its folder.
        after_plan: Whether the reasons of studies were told when it was planned: then they are not told again, and
            those of pairs when the last shard is there.
    """
    whole = not (after_plan and status.missing)
    rows: dict[str, Text | str | Table] = {
        "Studies": _studies(status, reasons=not after_plan),
        "Pairs": _pairs(status, reasons=whole),
    }
    if status.refused and not after_plan:
        rows["Refused"] = _refused(status.refused)
    rows["Shards"] = _shards(status)
    if after_plan:
        rows["Why"] = f"medcutmix status {shlex.quote(str(out))} lists every reason"
    elif hint := reasons_hint(status.dropped, status.rejected, status.failed, status.refused):
        rows["Why"] = hint
    if status.targets:
        rows["Targets"] = targets_table(status.targets)
    if status.seconds and status.written:
        speed = f"{status.written / status.seconds:,.1f} pairs/s"
        rows["Speed"] = f"{speed} ({duration(status.seconds)} of rendering, added up over shards)"
    if status.bounds:
        rows["Bounds"] = bounds_line(status.bounds)
    if status.gate:
        rows["Gate"] = gate_view(status.gate, status.guarantees)
    if status.notes:
        rows["Noted"] = with_reasons("", {"": status.notes})
    if status.reserve:
        rows["Reserve"] = with_reasons(quantity(sum(status.reserve.values()), "pair"), {"": status.reserve})
    if status.reserved:
        rows["Refill"] = with_reasons(refill_line(status), {"lacking": still_lacking(status)})
    rows["Where"] = str(out)
    shape = (
        ["", shape_view(status.shape, targeted=bool(status.targets))]
        if status.shape and status.shape.rows
        else []
    )
    return Group(facts(rows), *_warnings(status), *shape)


def bounds_line(bounds: Bounds) -> str:
    """Say how much of the time the encoder was busy, how much of theirs the workers, and what would help."""
    encoder = _busy("the encoder", "was", bounds.encoder, bounds.encoder_pairs)
    workers = _busy("the workers", "were", bounds.workers, bounds.worker_pairs)
    return f"{encoder}, {workers}; {bounds.helps}"


def _busy(who: str, verb: str, share: float, pairs: float | None) -> str:
    alone = f" (alone {pairs:,.1f} pairs/s)" if pairs else ""
    return f"{who} {verb} busy {share:.0%} of the time{alone}"


def encoder_warning(encoder: Mapping[str, object]) -> str:
    """Say what a demonstration encoder is; "" for any other."""
    if not encoder.get("demonstration"):
        return ""
    note = str(encoder.get("note") or "").strip()
    stands = "its maps mean nothing on any picture but the phantoms of `medcutmix sample`"
    return f"Demonstration encoder {encoder.get('name')!r}: {note or stands}"


def next_steps(status: RunStatus, out: str | Path, *, num_tasks: int = 1) -> Text:
    """Return the commands a user would type now; to be printed without wrapping, so that they can be copied.

    Args:
        status: Of the run.
        out: Its folder.
        num_tasks: How many tasks share its shards; one of several leaves what comes to who began them.
    """
    if num_tasks > 1:
        return _after_all_tasks(out, num_tasks)
    place, page = shlex.quote(str(out)), shlex.quote(str(Path(out) / "report.html"))
    if status.missing:
        steps = [f"render {place}"]
    elif status.refill_due:
        steps = [f"refill {place}", f"render {place}"]
    else:
        steps = [f"inspect {place}", f"inspect {place} --html {page}", f"verify {place} --deep"]
    return next_commands(f"medcutmix {step}" for step in steps)


def _after_all_tasks(out: str | Path, num_tasks: int) -> Text:
    """Say what comes when the last task has ended: two tasks that did it would be in each other's way."""
    said = (
        f"When all {num_tasks} tasks have ended, the finish job of batch slurm refills, renders and verifies."
    )
    place = shlex.quote(str(out))
    steps = next_commands(f"medcutmix {step} {place}" for step in ("render", "verify"))
    return Text("\n").join([Text(""), Text(said), Text("Where there is none:"), *steps.split("\n")[1:]])


def next_commands(commands: Iterable[str]) -> Text:
    """Return commands under the word Next, one a line."""
    lines = (Text.assemble("  ", (command, "cyan")) for command in commands)
    return Text("\n").join([Text(""), Text("Next", style="bold"), *lines])


_LOOKED_AT = {
    "shallow": "sizes, footers, schema and sums (no row was read)",
    "thorough": "files, checksums, schema, sums and every row",
    "deep": "every row made again, column by column",
}
"""What each level of a verification is called."""

_LOOKED_AT_EXPORT = {
    "shallow": "names and sizes (no file was read)",
    "thorough": "every file by its hash",
    "deep": "every file by its hash (an export has no recipes)",
}


def verification_view(verification: Verification) -> RenderableType:
    """Render what was verified, and each problem with its place and the rule it breaks."""
    said = (*_columns_said(verification), *_unsealed_said(verification))
    unit = "file" if verification.kind == "export" else "shard"
    scope = f"{quantity(verification.shards, unit)}, {quantity(verification.rows, 'row')}"
    if verification.ok:
        looked = _LOOKED_AT_EXPORT if verification.kind == "export" else _LOOKED_AT
        head = Text.assemble(("verified ", "bold green"), f"{scope}: {looked[verification.level]}")
        return Group(head, *said)
    found = quantity(len(verification.problems), "problem")
    table = plain_table("where", "rule", "detail")
    table.columns[1].justify = table.columns[2].justify = "left"
    alike = _alike(verification.problems)
    for (rule, detail), places in alike[:_SHOWN_PROBLEMS]:
        times = f"{len(places):,} times: " if len(places) > 1 else ""
        table.add_row(printable(first_few(places, 3)), rule, printable(f"{times}{detail}"))
    more = sum(len(places) for _, places in alike[_SHOWN_PROBLEMS:])
    rest = [Text(f"... and {quantity(more, 'problem')} more: see --json")] if more > 0 else []
    head = Text.assemble(("not verified ", "bold red"), f"{scope}: {found}")
    return Group(head, "", table, *rest, *said)


def _alike(problems: Sequence[Problem]) -> list[tuple[tuple[str, str], list[str]]]:
    """Return problems by (rule, detail), each with its places, in the order of the first of each."""
    found: dict[tuple[str, str], list[str]] = {}
    for problem in problems:
        found.setdefault((problem.rule, problem.detail), []).append(problem.where)
    return list(found.items())


def _columns_said(verification: Verification) -> Iterator[RenderableType]:
    """Say which columns a deep check made again, by those that it did not; --json has both lists."""
    if verification.remade:
        made, left = len(verification.remade), verification.not_remade
        count = f"{made} of {made + len(left)}" if left else f"all {made}"
        names = f", all but {', '.join(left)} (only the encoder makes these: --maps)" if left else ""
        yield Text(f"made again and compared: {count} columns{names}")


def _unsealed_said(verification: Verification) -> Iterator[RenderableType]:
    """Say how many files cannot be told from changed ones."""
    if verification.unsealed:
        files = quantity(len(verification.unsealed), "file")
        first = ", ".join(map(printable, verification.unsealed[:3]))
        more = ", ..." if len(verification.unsealed) > 3 else ""
        what = "of an earlier version without a seal: a changed byte in them may go unseen"
        yield warning(f"unsealed: {files} {what} ({first}{more})")


def _studies(status: RunStatus, *, reasons: bool) -> Table:
    counts = status.studies
    head = f"{counts['inputs']:,} in: {counts['planned']:,} planned, {counts['dropped']:,} left out"
    return with_reasons(head, {"": status.dropped} if reasons else {})


def _pairs(status: RunStatus, *, reasons: bool) -> Table:
    rejected, failed = sum(status.rejected.values()), sum(status.failed.values())
    how = f" ({status.mixed:,} mixed, {status.unmixed:,} studies as they are)" if status.unmixed else ""
    parts = [f"{status.written:,} written{how}", f"{rejected:,} rejected", f"{failed:,} failed"]
    if status.waiting:
        parts.append(f"{status.waiting:,} waiting")
    head = f"{status.planned:,} planned: {', '.join(parts)}"
    told = {"rejected": status.rejected, "failed": status.failed} if reasons else {}
    return with_reasons(head, told)


def _refused(refused: Mapping[str, int]) -> Table:
    """Say why planning did not propose more, the most frequent reasons alone."""
    most = most_frequent(refused, _SHOWN_REFUSED)
    more = len(refused) - len(most)
    head = f"{sum(refused.values()):,} candidates of planning"
    return with_reasons(f"{head}; {quantity(more, 'more reason')} with --json" if more else head, {"": most})


def _shards(status: RunStatus) -> str:
    whole = f"{len(status.complete):,} of {quantity(status.shards, 'shard')} complete, {size(status.bytes)}"
    if not status.missing:
        return whole
    first = ", ".join(str(shard) for shard in status.missing[:8])
    missing = f"{whole}; missing: {first}{', ...' if len(status.missing) > 8 else ''}"
    often = [f"{shard} ({times} times)" for shard, times in status.begun.items() if times > 1]
    return f"{missing}; begun more than once: {', '.join(often[:8])}" if often else missing


def with_reasons(head: str, reasons: Mapping[str, Mapping[str, int]]) -> Table:
    """Return a head line with one line a reason below it, most frequent first."""
    lines = Table.grid(padding=(0, 2))
    lines.add_column(justify="right")
    lines.add_column(overflow="fold")
    for kind, counts in reasons.items():
        for reason, count in most_frequent(counts).items():
            label = f"{kind}: {reason}" if kind else reason
            lines.add_row(Text(f"{count:,}", style="dim"), Text(printable(label), style="dim"))
    whole = Table.grid()
    if head:
        whole.add_row(head)
    if lines.row_count:
        whole.add_row(Padding(lines, (0, 0, 0, 2)))
    return whole


def _warnings(status: RunStatus) -> Iterator[RenderableType]:
    texts = [encoder_warning(status.encoder), *status.warnings]
    if status.dropped.get("too-few-null-pictures") and not status.has_no_pair:
        texts.append(
            "Some findings have too few label-negative pictures to calibrate the evidence gate on: more studies, "
            "a lower `least` in [mixing.options.null-max], or --gate none"
        )
    texts += [few_mixed(status), refill_warning(status)]
    if status.too_many_failures:
        texts.append(
            f"{status.fail_fraction:.1%} of the pairs failed, more than the {status.max_fail_frac:.1%} allowed "
            "(--max-fail-frac); failures/ names each of them"
        )
    if not status.balanced:
        texts.append("the sums do not add up: run `medcutmix verify`")
    for text in texts:
        if text:
            yield Padding(warning(text), (1, 0, 0, 0))
