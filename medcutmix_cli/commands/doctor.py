"""`medcutmix doctor`: is everything here that a run needs?"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from medcutmix_cli.commands import common
from medcutmix_cli.commands.session import Session, print_json
from medcutmix_cli.commands.setting_options import with_settings
from medcutmix_cli.configuration.declaration import RUN

NOT_WELL = 4

AnyDataset = Annotated[
    Path | None,
    typer.Argument(
        help="A data set, to be opened, counted and tried.", metavar="DATASET", show_default=False
    ),
]
Where = Annotated[
    Path | None,
    typer.Option(
        "--out",
        help="Run folder that would be made: space and rights are tried there.",
        metavar="RUN",
        rich_help_panel=RUN,
    ),
]


@with_settings("doctor")
def doctor(
    context: typer.Context,
    settings: Mapping[str, Any],
    dataset: AnyDataset = None,
    out: Where = None,
    config: common.Config = None,
    json: common.Json = False,
    quiet: common.Quiet = False,
) -> None:
    """Check software, machine, models, data set and output folder: PASS, WARN or FAIL, and what to do. No network."""
    import medcutmix_cli

    session = Session.of(context, quiet=quiet)
    checkup = medcutmix_cli.examine(dataset, out=out, config=config, **settings)
    if json:
        print_json("checkup", checkup, ok=checkup.ok)
    elif not (session.quiet and checkup.ok):
        from medcutmix_cli.terminal import checkup_view, output

        output().print(checkup_view(checkup))
    if not checkup.ok:
        raise typer.Exit(NOT_WELL)
