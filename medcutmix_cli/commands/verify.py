"""`medcutmix verify`: does everything on disk keep what the run promises?"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from medcutmix_cli.commands import common
from medcutmix_cli.commands.session import Session, print_json
from medcutmix_cli.commands.setting_options import with_settings

NOT_VERIFIED = 4

Deep = Annotated[
    bool,
    typer.Option(
        "--deep",
        help="Also make every column of every row again, from plan, data set and recipe, and compare.",
    ),
]

Maps = Annotated[
    bool,
    typer.Option("--maps", help="With --deep: ask the encoder again as well, for maps and features."),
]

SplitFile = Annotated[
    Path | None,
    typer.Option(
        "--split-file", help="CSV table of ids and splits: prove by it that each row keeps to its split."
    ),
]

Shallow = Annotated[
    bool,
    typer.Option(
        "--shallow", help="Only small files, sizes, footers and sums, no row: seconds for a thousand shards."
    ),
]


@with_settings("verify")
def verify(
    context: typer.Context,
    out: common.Out,
    settings: Mapping[str, Any],
    deep: Deep = False,
    maps: Maps = False,
    shallow: Shallow = False,
    split_file: SplitFile = None,
    json: common.Json = False,
    quiet: common.Quiet = False,
) -> None:
    """Check files, checksums, schema, numbering, sums, split and patient rules; of an export, files and checksums.

    Plain, any changed byte of a run is found. With --deep, also what was changed and had its checksum mended: it says
    which columns it made again.
    """
    from medcutmix_cli.inspection.verification import verify as verify_run
    from medcutmix_cli.system.progress import meter
    from medcutmix_cli.terminal import output, verification_view

    session = Session.of(context, quiet=quiet)
    with meter(quiet=session.quiet) as progress:
        verification = verify_run(
            out,
            deep=deep,
            maps=maps,
            shallow=shallow,
            split_file=split_file,
            **settings,
            progress=progress,
        )
    if json:
        print_json("verification", verification, ok=verification.ok, out=out)
    elif not (session.quiet and verification.ok):
        output().print(verification_view(verification))
    if not verification.ok:
        raise typer.Exit(NOT_VERIFIED)
