"""How `augment`, `plan`, `render` and `status` end: the sums of the run, what to type next, the exit code."""

from __future__ import annotations

from pathlib import Path

import typer

from medcutmix_cli.commands.session import Session, print_json
from medcutmix_cli.run.folder import RunFolder
from medcutmix_cli.run.hints import no_pairs
from medcutmix_cli.run.run_record import read_run
from medcutmix_cli.run.status import RunStatus
from medcutmix_cli.system.plain_text import printable
from medcutmix_cli.terminal import next_steps, output, settings_view, status_view

TOO_MANY_FAILURES = 3


def tell(
    status: RunStatus,
    out: Path,
    session: Session,
    *,
    json: bool,
    after_plan: bool = False,
    num_tasks: int = 1,
) -> None:
    """Print the sums of a run, then leave with 3 where it is finished and too many pairs failed, with 5 without a pair.

    Args:
        status: Of the run.
        out: Its folder.
        session: How much is said.
        json: Whether a document is printed instead.
        after_plan: Whether `plan` has told already what was left out, and why: each table of reasons is told once.
        num_tasks: How many tasks share the shards.

    Raises:
        Exit: More pairs failed than `--max-fail-frac` allows, and none is still to be rendered.
        NoPairsError: No pair was planned, or all is rendered and none was written, or nothing is mixed in any.
    """
    shown = not (json or session.quiet)
    if json:
        print_status(status, out)
    if shown:
        console = output()
        if session.verbose:
            record = read_run(RunFolder(out))
            console.print(settings_view(record.settings, record.origins), "")
        console.print(status_view(status, out, after_plan=after_plan))
        if not (status.has_no_pair or status.has_no_mix):
            console.print(next_steps(status, out, num_tasks=num_tasks), soft_wrap=True)
    if status.finished_with_failures:
        if not shown:
            _say_too_many(status, out)
        raise typer.Exit(TOO_MANY_FAILURES)
    if status.has_no_pair or status.has_no_mix:
        raise no_pairs(status, out)


def print_status(status: RunStatus, out: Path) -> None:
    """Print the document "status": the fields of `RunStatus`, what it makes of them, and where the run is."""
    print_json(
        "status",
        status,
        out=out,
        fail_fraction=status.fail_fraction,
        too_many_failures=status.too_many_failures,
        balanced=status.balanced,
        has_no_pair=status.has_no_pair,
        has_no_mix=status.has_no_mix,
        mixed=status.mixed,
    )


def _say_too_many(status: RunStatus, out: Path) -> None:
    failed = sum(status.failed.values())
    share = f"{status.fail_fraction:.1%} (allowed: {status.max_fail_frac:.1%}, --max-fail-frac)"
    typer.echo(
        f"finished, but {failed:,} pairs failed: {share}; see {printable(str(out / 'failures'))}", err=True
    )
