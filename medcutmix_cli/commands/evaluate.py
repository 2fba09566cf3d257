"""`medcutmix evaluate`: how well a part does, against what people said."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from medcutmix_cli.commands import options as opt
from medcutmix_cli.commands.session import Session, print_json

COMPARED = "What is compared"

Texts = Annotated[
    Path,
    typer.Argument(
        help="Table with a text column or section columns, folder of .txt files, or MIMIC-CXR's folder or archive; "
        "for negation, a tab-separated table of id, concept, sentence, status.",
        metavar="REPORTS",
    ),
]
Gold = Annotated[
    Path | None,
    typer.Option(
        help="Table with an id column and a column per finding (1, 0, -1 or blank), named as in CheXpert, "
        "ChestX-ray14 or the lexicon.",
        metavar="TABLE",
        rich_help_panel=COMPARED,
    ),
]
Task = Annotated[
    str,
    typer.Option(
        help="findings: which a report asserts; negation: which marked concepts a sentence denies.",
        metavar="NAME",
        autocompletion=lambda: ["findings", "negation"],
        rich_help_panel=COMPARED,
    ),
]
Worst = Annotated[
    int,
    typer.Option(
        help="How many ids of the worst disagreements are listed.",
        metavar="N",
        min=0,
        rich_help_panel=opt.SPEECH,
    ),
]


def reports(
    context: typer.Context,
    reports: Texts,
    gold: Gold = None,
    task: Task = "findings",
    section_rules: opt.SectionRules = "mimic-official",
    worst: Worst = 10,
    json: opt.Json = False,
    quiet: opt.Quiet = False,
) -> None:
    """Measure the report reader: precision, recall and F1 per finding, and where it disagrees, by id."""
    from medcutmix_cli.evaluation import evaluate_reports
    from medcutmix_cli.evaluation.scores import as_rows
    from medcutmix_cli.progress import meter

    session = Session.of(context, quiet=quiet)
    with meter(quiet=session.quiet) as progress:
        found = evaluate_reports(
            reports, gold, task=task, section_rules=section_rules, worst=worst, progress=progress
        )
    if json:
        print_json("evaluation", found, scores=as_rows(found)[:-1], micro=as_rows(found)[-1])
    elif not session.quiet:
        from medcutmix_cli.terminal import evaluation_view, output

        output().print(evaluation_view(found))
