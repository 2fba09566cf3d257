"""`medcutmix reasons`: what a name in a list of drops, rejections or failures means, and what to do."""

from __future__ import annotations

from typing import Annotated

import typer

from medcutmix_cli.commands import common
from medcutmix_cli.commands.session import Session, print_json

Name = Annotated[
    str,
    typer.Argument(help="One of them, as it is counted: mask:recipient-mask-too-small.", metavar="NAME"),
]


def reasons(
    context: typer.Context, name: Name = "", json: common.Json = False, quiet: common.Quiet = False
) -> None:
    """Say what the reasons mean for which studies, pictures and pairs are left out, and what to do about each."""
    from medcutmix_cli.run.reasons import find_reason
    from medcutmix_cli.run.reasons import reasons as all_reasons

    session = Session.of(context, quiet=quiet)
    found = (find_reason(name),) if name else all_reasons()
    if json:
        print_json("reasons", {"reasons": found})
    elif not session.quiet:
        from medcutmix_cli.terminal import output, reason_view, reasons_view

        output().print(reason_view(found[0]) if name else reasons_view(found))
