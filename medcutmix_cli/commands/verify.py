"""`medcutmix verify`: does everything on disk keep what the run promises?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import typer

from medcutmix_cli.commands import common
from medcutmix_cli.commands.session import Session, print_json
from medcutmix_cli.commands.setting_options import with_settings

NOT_VERIFIED = 4

Deep = Annotated[
    bool,
    typer.Option("--deep", help="Also mix every pair again from its recipe and compare pixels and text."),
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
    shallow: Shallow = False,
    json: common.Json = False,
    quiet: common.Quiet = False,
) -> None:
    """Check files, checksums, schema, numbering, sums, split and patient rules; of an export, files and checksums."""
    from medcutmix_cli.inspection.verification import verify as verify_run
    from medcutmix_cli.system.progress import meter
    from medcutmix_cli.terminal import output, verification_view

    session = Session.of(context, quiet=quiet)
    with meter(quiet=session.quiet) as progress:
        verification = verify_run(
            out, deep=deep, shallow=shallow, dataset=settings["dataset"], progress=progress
        )
    if json:
        print_json("verification", verification, ok=verification.ok, out=out)
    elif not (session.quiet and verification.ok):
        output().print(verification_view(verification))
    if not verification.ok:
        raise typer.Exit(NOT_VERIFIED)
