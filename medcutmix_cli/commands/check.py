"""`medcutmix check`: what is this data set, and what is wrong with it?"""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any

import typer

from medcutmix_cli.commands import common
from medcutmix_cli.commands.session import Session, print_json
from medcutmix_cli.commands.setting_options import option_words, with_settings
from medcutmix_cli.configuration.declaration import DATA

if TYPE_CHECKING:
    from pathlib import Path

    from medcutmix_cli.dry_run.dataset_check import DatasetCheck

NOT_USABLE = 4

Duplicates = Annotated[
    bool,
    typer.Option(
        "--duplicates",
        help="Compare all pictures, not a sample: near-duplicates of different patients or splits are a leak.",
        rich_help_panel=DATA,
    ),
]


@with_settings("check")
def check(
    context: typer.Context,
    dataset: common.Dataset,
    settings: Mapping[str, Any],
    config: common.Config = None,
    duplicates: Duplicates = False,
    json: common.Json = False,
    quiet: common.Quiet = False,
) -> None:
    """Say what a data set is, what each column is taken for, and all that is wrong with it. Writes nothing."""
    import medcutmix_cli
    from medcutmix_cli.system.progress import meter

    session = Session.of(context, quiet=quiet)
    with meter(quiet=session.quiet) as progress:
        found = medcutmix_cli.check_dataset(
            dataset, config=config, duplicates=duplicates, progress=progress, **settings
        )
    if json:
        print_json("check", found, ok=found.ok, dataset=dataset)
    elif not (session.quiet and found.ok):
        from medcutmix_cli.terminal import check_view, next_commands, output

        output().print(check_view(found))
        if found.ok:
            step = next_command(dataset, config, settings, synthetic=found.synthetic)
            output().print(next_commands([f"{step} --dry-run", step]), soft_wrap=True)
    if not found.ok:
        raise typer.Exit(NOT_USABLE)


def next_command(dataset: Path, config: Path | None, settings: Mapping[str, Any], *, synthetic: bool) -> str:
    """Return the command that mixes a data set as it was checked."""
    words = ["medcutmix", "augment", str(dataset), "RUN", *option_words(settings, "check")]
    words += ["--config", str(config)] if config else []
    return shlex.join([*words, *([] if synthetic else ["--encoder", "NAME"])])


def check_first(
    dataset: Path, settings: Mapping[str, Any], config: Path | None, session: Session, *, json: bool
) -> DatasetCheck:
    """Check a data set before its plan is estimated, and print what is wrong; the estimate says what ends it."""
    import medcutmix_cli
    from medcutmix_cli.configuration.settings import settings_of

    known = {one.declared.keyword for one in settings_of("check")}
    own = {name: value for name, value in settings.items() if name in known}
    found = medcutmix_cli.check_dataset(dataset, config=config, **own)
    if found.problems and not (json or session.quiet):
        from medcutmix_cli.terminal import output, problems_view

        output().print(problems_view(found))
    return found
