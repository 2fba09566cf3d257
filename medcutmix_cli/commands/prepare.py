"""`medcutmix prepare`: the pictures of a data set at canvas size, once for every later run."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from medcutmix_cli.commands import common
from medcutmix_cli.commands.render import NumTasks, Task
from medcutmix_cli.commands.session import Session, print_json
from medcutmix_cli.commands.setting_options import with_settings
from medcutmix_cli.configuration.declaration import RUN

if TYPE_CHECKING:
    from medcutmix_cli.preparation.prepare import CacheSummary

Cache = Annotated[Path, typer.Argument(help="Folder to make, or to go on with.", metavar="CACHE")]
Check = Annotated[
    bool,
    typer.Option(
        "--check",
        help="Read back what lies there already, and make again what is damaged.",
        rich_help_panel=RUN,
    ),
]


@with_settings(
    "prepare",
    splits=common.default("all", "Split to prepare: train, validate or test. Repeat it."),
    encoder=common.default("none", "Encoder whose own canvas is prepared as well."),
)
def prepare(
    context: typer.Context,
    dataset: common.Dataset,
    cache: Cache,
    settings: Mapping[str, Any],
    task: Task = 0,
    num_tasks: NumTasks = 1,
    config: common.Config = None,
    check: Check = False,
    json: common.Json = False,
    quiet: common.Quiet = False,
) -> None:
    """Bring all pictures to canvas size once: every later run with --prepared CACHE reads them from there."""
    from medcutmix_cli.preparation.prepare import prepare as prepare_all
    from medcutmix_cli.system.progress import meter

    session = Session.of(context, quiet=quiet)
    given: dict[str, Any] = {**settings, "task": task, "num_tasks": num_tasks, "check": check}
    with meter(quiet=session.quiet) as progress:
        made = prepare_all(dataset, cache, config=config, progress=progress, **given)
    if json:
        print_json("prepared", made)
    elif not session.quiet:
        _tell(dataset, made)


def _tell(dataset: Path, made: CacheSummary) -> None:
    from medcutmix_cli.terminal import next_commands, output
    from medcutmix_cli.terminal.words import facts, size

    left_out = ", ".join(f"{name} {count:,}" for name, count in made.unreadable.items())
    rows = {
        "Pictures": f"{made.pictures:,}, {size(made.bytes)}: {made.read:,} read now, {made.pictures - made.read:,} "
        "as they were",
        "Canvas": " and ".join(f"{side} x {side}" for side in made.sides) or "none",
        "Parts": f"{made.made:,} made, {made.kept:,} there already",
        "Unreadable": left_out or "none",
        **({"Kept": f"{made.corrupt:,} that libjpeg calls corrupt"} if made.corrupt else {}),
        "Where": str(made.cache),
    }
    console = output()
    console.print(facts(rows))
    step = f"medcutmix augment {shlex.quote(str(dataset))} RUN --prepared {shlex.quote(str(made.cache))}"
    console.print(next_commands([step]), soft_wrap=True)
