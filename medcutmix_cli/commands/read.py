"""`medcutmix read`: look at what the reader makes of one report."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import typer

from medcutmix_cli.commands import common
from medcutmix_cli.commands.session import Session, print_json
from medcutmix_cli.commands.setting_options import with_settings
from medcutmix_cli.configuration.declaration import READING
from medcutmix_cli.errors import DatasetError

File = Annotated[
    str,
    typer.Argument(
        help="One report: a file of UTF-8 text, - for standard input, or its words in quotes.", metavar="TEXT"
    ),
]
Explain = Annotated[
    bool,
    typer.Option(
        "--explain",
        help="Also say of each finding which phrase, cue and scope decided, and where that rule stands.",
        rich_help_panel=READING,
    ),
]
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
    explain: Explain = False,
    json: common.Json = False,
    quiet: common.Quiet = False,
) -> None:
    """Show a report's sections, sentences and findings, and which sentences are diagnostic. Prints its text."""
    from medcutmix_cli.commands.standard_input import read_text_or_words
    from medcutmix_cli.reports.tables import read_lexicon, use_lexicon

    session = Session.of(context, quiet=quiet)
    report, how = read_text_or_words(file), {k: value for k, value in settings.items() if value is not None}
    with use_lexicon(read_lexicon(how.pop("lexicon", ""))):
        _tell(report, study_id, how, session, explain=explain, json=json)


def _tell(
    report: str, study_id: str, how: Mapping[str, Any], session: Session, *, explain: bool, json: bool
) -> None:
    from medcutmix_cli.planning.reading import why_unread
    from medcutmix_cli.reports import explanation
    from medcutmix_cli.reports.overview import overview
    from medcutmix_cli.reports.reader import ReportReader

    if reason := why_unread(report):
        raise DatasetError(
            f"this is no one report: {reason}",
            where=f"{len(report):,} characters",
            hint=f"a plan leaves it out as well: medcutmix reasons {reason}",
        )
    reading = ReportReader(**how).read(report, study_id)
    seen = overview(report, reading)
    explained = explanation.explain(report, reading) if explain else ()
    if json:
        print_json("reading", seen, **({"explanations": explained} if explain else {}))
    elif not session.quiet:
        from medcutmix_cli.terminal import explanation_view, output, reading_view

        output().print(reading_view(seen))
        if explain:
            output().print("", explanation_view(explained), sep="\n")
