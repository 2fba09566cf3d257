"""`medcutmix read`: look at what the reader makes of one report."""

from __future__ import annotations

from typing import Annotated

import typer

from medcutmix_cli.commands import options as opt
from medcutmix_cli.commands.session import Session, print_json
from medcutmix_cli.commands.standard_input import read_text

File = Annotated[str, typer.Argument(help="One report as UTF-8 text; - for standard input.", metavar="FILE")]
StudyId = Annotated[
    str,
    typer.Option(
        "--study-id",
        help="Its id in MIMIC-CXR: some studies have text at a place of their own.",
        metavar="ID",
        rich_help_panel=opt.READING,
    ),
]


def read(
    context: typer.Context,
    file: File,
    section_rules: opt.SectionRules = "mimic-official",
    nlp_model: opt.NlpModel = "",
    study_id: StudyId = "",
    json: opt.Json = False,
    quiet: opt.Quiet = False,
) -> None:
    """Show a report's sections, sentences and findings, and which sentences are diagnostic. Prints its text."""
    from medcutmix_cli.reports.overview import overview
    from medcutmix_cli.reports.reader import ReportReader

    session = Session.of(context, quiet=quiet)
    report = read_text(file)
    seen = overview(report, ReportReader(section_rules, nlp_model).read(report, study_id))
    if json:
        print_json("reading", seen)
    elif not session.quiet:
        from medcutmix_cli.terminal import output, reading_view

        output().print(reading_view(seen))
