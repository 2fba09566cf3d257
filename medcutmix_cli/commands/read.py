"""`medcutmix read`: look at what the reader makes of one report."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import typer

from medcutmix_cli.commands import common
from medcutmix_cli.commands.session import Session, print_json
from medcutmix_cli.commands.setting_options import with_settings
from medcutmix_cli.commands.standard_input import read_text
from medcutmix_cli.configuration.declaration import READING

File = Annotated[str, typer.Argument(help="One report as UTF-8 text; - for standard input.", metavar="FILE")]
StudyId = Annotated[
    str,
    typer.Option(
        "--study-id",
        help="Its id in MIMIC-CXR: some studies have text at a place of their own.",
        metavar="ID",
        rich_help_panel=READING,
    ),
]


@with_settings("read")
def read(
    context: typer.Context,
    file: File,
    settings: Mapping[str, Any],
    study_id: StudyId = "",
    json: common.Json = False,
    quiet: common.Quiet = False,
) -> None:
    """Show a report's sections, sentences and findings, and which sentences are diagnostic. Prints its text."""
    from medcutmix_cli.reports.overview import overview
    from medcutmix_cli.reports.reader import ReportReader

    session = Session.of(context, quiet=quiet)
    report, how = read_text(file), {name: value for name, value in settings.items() if value is not None}
    seen = overview(report, ReportReader(**how).read(report, study_id))
    if json:
        print_json("reading", seen)
    elif not session.quiet:
        from medcutmix_cli.terminal import output, reading_view

        output().print(reading_view(seen))
