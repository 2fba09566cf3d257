"""`medcutmix export`: a run as one trainer reads it, or the sections of a data set's reports."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from medcutmix_cli.commands import common
from medcutmix_cli.commands.help_page import names_of
from medcutmix_cli.commands.session import Session, print_json
from medcutmix_cli.commands.setting_options import split_values, with_settings
from medcutmix_cli.configuration.declaration import DATA
from medcutmix_cli.errors import UsageError

SECTIONS = "sections"
"""First word where no run is exported but the sections of a data set."""


def _profiles() -> list[str]:
    from medcutmix_cli.configuration.registry import names

    return list(names("export"))


Places = Annotated[
    list[Path],
    typer.Argument(
        help="Run folder and folder to make; or the word sections, a data set and the CSV file to make.",
        metavar="RUN OUT",
        show_default=False,
    ),
]
To = Annotated[
    str | None,
    typer.Option(
        "--to",
        help=f"Who shall read it. {names_of('export')}",
        metavar="NAME",
        autocompletion=_profiles,
    ),
]
ProfileOptions = Annotated[
    list[str] | None,
    typer.Option(
        "--option", help="Option of the profile; repeat it. See docs/export.md.", metavar="KEY=VALUE"
    ),
]
Originals = Annotated[
    str,
    typer.Option(
        help="The data set's own studies: none, together with the mixes, or apart, in a folder beside theirs.",
        metavar="NAME",
    ),
]
Splits = Annotated[
    list[str] | None,
    typer.Option(
        "--split",
        help="Split to export: train, validate or test. Repeat it. "
        + common.default("all mixes, and originals of the splits that the run mixed", ""),
        metavar="NAME",
        rich_help_panel=DATA,
    ),
]
Caption = Annotated[
    str,
    typer.Option(
        help="What a picture is described by: sections (findings and impression), report, findings or impression.",
        metavar="NAME",
    ),
]

EscapeFormulas = Annotated[
    bool,
    typer.Option(
        "--escape-formulas",
        help="Write an apostrophe before texts in tables that a spreadsheet would take for formulas.",
    ),
]


@with_settings("export")
def export(
    context: typer.Context,
    places: Places,
    settings: Mapping[str, Any],
    to: To = None,
    option: ProfileOptions = None,
    originals: Originals = "none",
    split: Splits = None,
    caption: Caption = "sections",
    escape_formulas: EscapeFormulas = False,
    force: common.Force = False,
    json: common.Json = False,
    quiet: common.Quiet = False,
) -> None:
    """Write a run as one trainer reads it: tars, tables, conversations; or the sections of a data set's reports."""
    session = Session.of(context, quiet=quiet)
    if len(places) == 3 and str(places[0]) == SECTIONS:
        how = {"force": force, "escape_formulas": escape_formulas}
        _export_sections(places[1], places[2], {**settings, **how}, session, json=json)
        return
    if len(places) != 2:
        raise UsageError("an export takes two places", hint="medcutmix export RUN OUT --to NAME")
    if to is None:
        raise UsageError("who shall read it?", hint=f"--to NAME; known: {', '.join(_profiles())}")
    more = {
        "to": to,
        "options": _read_pairs(option),
        "originals": originals,
        "splits": split_values(split) or (),
        "caption": caption,
        "escape_formulas": escape_formulas,
        **{name: settings[name] for name in ("dataset", "reports", "unpaired")},
    }
    _export_run(places[0], places[1], more, session, json=json)


def _read_pairs(pairs: list[str] | None) -> dict[str, str]:
    """Read the options of a profile; all are texts."""
    found = {}
    for pair in pairs or ():
        key, equals, value = pair.partition("=")
        if not (key.strip() and equals):
            raise UsageError(f"--option {pair!r} is not KEY=VALUE", hint="for example: --option root=/data")
        found[key.strip()] = value
    return found


def _export_run(run: Path, out: Path, more: Mapping[str, Any], session: Session, *, json: bool) -> None:
    from medcutmix_cli.exports.export import export as export_run
    from medcutmix_cli.system.progress import meter

    with meter(quiet=session.quiet) as progress:
        manifest = export_run(run, out, progress=progress, **more)
    if json:
        print_json("export", manifest, out=out)
    elif not session.quiet:
        from medcutmix_cli.terminal.exports import export_view
        from medcutmix_cli.terminal.runs import next_commands
        from medcutmix_cli.terminal.words import output

        console = output()
        console.print(export_view(manifest, out))
        console.print(next_commands([f"medcutmix verify {shlex.quote(str(out))}"]), soft_wrap=True)


def _export_sections(
    dataset: Path, out: Path, settings: Mapping[str, Any], session: Session, *, json: bool
) -> None:
    from medcutmix_cli.exports.sections import export_sections
    from medcutmix_cli.system.progress import meter

    if settings["unpaired"] is not None:
        raise UsageError("an unpaired data set has no reports to cut", hint="leave out --unpaired")
    named = {key: value for key, value in settings.items() if key not in ("dataset", "unpaired")}
    with meter(quiet=session.quiet) as progress:
        summary = export_sections(dataset, out, progress=progress, **named)
    if json:
        print_json("sections", summary)
    elif not session.quiet:
        from medcutmix_cli.terminal.exports import sections_view
        from medcutmix_cli.terminal.words import output

        output().print(sections_view(summary))
