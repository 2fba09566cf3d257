"""`medcutmix shortcuts`: what goes together in a data set, and what would break it."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from medcutmix_cli.commands import common
from medcutmix_cli.commands.session import Session, print_json
from medcutmix_cli.commands.setting_options import with_settings
from medcutmix_cli.configuration.settings import settings_of

Most = Annotated[int, typer.Option("--most", help="How many to print; --json has all.", metavar="N", min=1)]


@with_settings("shortcuts")
def shortcuts(
    context: typer.Context,
    dataset: common.Dataset,
    settings: Mapping[str, Any],
    config: common.Config = None,
    most: Most = 12,
    json: common.Json = False,
    quiet: common.Quiet = False,
) -> None:
    """List findings that go with a view, a device or a column of a table, and the --target that would break each."""
    from medcutmix_cli.assembly.shortcuts import find_shortcuts
    from medcutmix_cli.system.progress import meter

    session = Session.of(context, quiet=quiet)
    with meter(quiet=session.quiet) as progress:
        found = find_shortcuts(dataset, config=config, progress=progress, **settings)
    if json:
        print_json("shortcuts", found)
    elif not session.quiet:
        from medcutmix_cli.terminal import output, shortcuts_view

        plan = shlex.join(["medcutmix", "plan", str(dataset), "RUN", *_options(settings, config)])
        output().print(shortcuts_view(found, plan, most), soft_wrap=True)


def _options(settings: Mapping[str, Any], config: Path | None) -> list[str]:
    """Return what was typed, for a plan of the same studies."""
    words = ["--config", str(config)] if config else []
    for setting in settings_of("shortcuts"):
        value = settings.get(setting.declared.keyword)
        if value is not None and setting.declared.semantic | setting.declared.path:
            words += [word for one in _each(value) for word in (setting.flag, one)]
    return words


def _each(value: Any) -> list[str]:
    if isinstance(value, Mapping):
        return [f"{key}={inner}" for key, inner in value.items()]
    return [str(one) for one in value] if isinstance(value, tuple) else [str(value)]
