"""`medcutmix refill`: replace what rendering rejected by pairs of the plan's reserve."""

from __future__ import annotations

import typer

from medcutmix_cli.commands import common
from medcutmix_cli.commands.session import Session, print_json


def refill(
    context: typer.Context,
    out: common.Out,
    json: common.Json = False,
    quiet: common.Quiet = False,
) -> None:
    """Replace pairs that rendering rejected by those of the plan's reserve, once every shard is complete.

    `augment`, and `render` without tasks, do so by themselves.
    """
    from medcutmix_cli import pipeline
    from medcutmix_cli.terminal import output, refill_view

    decided = pipeline.refill(out)
    if json:
        print_json("refill", decided, out=out)
    elif not Session.of(context, quiet=quiet).quiet:
        output().print(refill_view(decided, out), soft_wrap=True)
