"""`medcutmix evaluate`: how well a part does, against what people said."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from medcutmix_cli.commands import common
from medcutmix_cli.commands.help_page import names_of
from medcutmix_cli.commands.session import Session, print_json
from medcutmix_cli.commands.setting_options import with_record, with_settings
from medcutmix_cli.commands.verify import NOT_VERIFIED
from medcutmix_cli.configuration.declaration import ENCODER, SPEECH
from medcutmix_cli.evaluation.detect_settings import DetectSettings
from medcutmix_cli.evaluation.interval_settings import IntervalSettings
from medcutmix_cli.evaluation.map_settings import COMPARED, MapSettings


def _encoders() -> list[str]:
    from medcutmix_cli.configuration.registry import names

    return list(names("encoder"))


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
        rich_help_panel=SPEECH,
    ),
]

Images = Annotated[
    Path,
    typer.Argument(help="Folder that holds the pictures the boxes name, at any depth.", metavar="IMAGES"),
]
Boxes = Annotated[
    Path,
    typer.Option(
        help="Boxes that people drew: ChestX-ray14's BBox_List_2017.csv or another table of x, y, w, h, MS-CXR "
        "(JSON or CSV), PadChest-GR (JSON).",
        metavar="FILE",
        rich_help_panel=COMPARED,
    ),
]
BoxesKind = Annotated[
    str,
    typer.Option(
        help="nih, table, ms-cxr or padchest-gr; recognised if not given.",
        metavar="NAME",
        autocompletion=lambda: ["nih", "table", "ms-cxr", "padchest-gr"],
        rich_help_panel=COMPARED,
    ),
]
MapEncoder = Annotated[
    str,
    typer.Option(
        help=f"Frozen encoder that draws the maps. {names_of('encoder')}",
        metavar="NAME",
        autocompletion=_encoders,
        rich_help_panel=ENCODER,
    ),
]

LexiconFile = Annotated[Path, typer.Argument(help="A lexicon of your own (TOML).", metavar="FILE")]

Run = Annotated[Path, typer.Argument(help="Run folder.", metavar="RUN")]
Lungs = Annotated[
    Path | None,
    typer.Option(
        help="Folder of lung masks, each named as its picture or by its id: 200 to 255 is lung, 127 is unknown. A run "
        "on phantoms needs none.",
        metavar="FOLDER",
        rich_help_panel=COMPARED,
    ),
]

Saliency = Annotated[
    Path | None,
    typer.Option(
        help="Folder for pictures of where the networks look, of the pairs they are surest of.",
        metavar="FOLDER",
        rich_help_panel=SPEECH,
    ),
]


@with_settings("reports")
def reports(
    context: typer.Context,
    reports: Texts,
    settings: Mapping[str, Any],
    gold: Gold = None,
    task: Task = "findings",
    worst: Worst = 10,
    json: common.Json = False,
    quiet: common.Quiet = False,
) -> None:
    """Measure the report reader: precision, recall and F1 per finding, and where it disagrees, by id."""
    from medcutmix_cli.configuration.settings import DEFAULTS
    from medcutmix_cli.evaluation import evaluate_reports
    from medcutmix_cli.evaluation.scores import as_rows
    from medcutmix_cli.system.progress import meter

    session = Session.of(context, quiet=quiet)
    with meter(quiet=session.quiet) as progress:
        found = evaluate_reports(
            reports,
            gold,
            task=task,
            section_rules=settings["section_rules"] or DEFAULTS.reports.section_rules,
            lexicon=settings["lexicon"] or "",
            worst=worst,
            progress=progress,
        )
    if json:
        print_json("evaluation", found, scores=as_rows(found)[:-1], micro=as_rows(found)[-1])
    elif not session.quiet:
        from medcutmix_cli.terminal import evaluation_view, output

        output().print(evaluation_view(found))


@with_settings("maps")
@with_record("how", MapSettings)
def maps(
    context: typer.Context,
    images: Images,
    boxes: Boxes,
    encoder: MapEncoder,
    settings: Mapping[str, Any],
    how: Mapping[str, Any],
    boxes_kind: BoxesKind = "",
    json: common.Json = False,
    quiet: common.Quiet = False,
) -> None:
    """Measure an encoder's maps against boxes that people drew: pointing game, CNR and mIoU per finding."""
    from medcutmix_cli.assembly.parts import build_encoder, resolve_options
    from medcutmix_cli.evaluation import evaluate_maps
    from medcutmix_cli.system.progress import meter

    session = Session.of(context, quiet=quiet)
    chosen = resolve_options(images, None, {**settings, "encoder": encoder}).settings
    measured = MapSettings(**_typed(how), **asdict(chosen.image.reading))
    with meter(quiet=session.quiet) as progress:
        found = evaluate_maps(
            images,
            boxes,
            encoder=build_encoder(chosen),
            boxes_kind=boxes_kind,
            settings=measured,
            progress=progress,
        )
    if json:
        print_json("map_evaluation", found)
    elif not session.quiet:
        from medcutmix_cli.terminal import map_evaluation_view, output

        output().print(map_evaluation_view(found))


@with_settings("mixes")
@with_record("how", IntervalSettings)
def mixes(
    context: typer.Context,
    out: Run,
    settings: Mapping[str, Any],
    how: Mapping[str, Any],
    lungs: Lungs = None,
    json: common.Json = False,
    quiet: common.Quiet = False,
) -> None:
    """Measure written pairs: lungs upon lungs, side, zone, true lesions; and what a critic finds in their reports."""
    from medcutmix_cli.evaluation import evaluate_mixes
    from medcutmix_cli.system.progress import meter

    session = Session.of(context, quiet=quiet)
    drawn = IntervalSettings(**_typed(how))
    with meter(quiet=session.quiet) as progress:
        found = evaluate_mixes(out, lungs=lungs, settings=drawn, progress=progress, **settings)
    if json:
        print_json("mix_evaluation", found)
    elif not session.quiet:
        from medcutmix_cli.terminal import mix_evaluation_view, output

        output().print(mix_evaluation_view(found))


@with_settings("detect")
@with_record("trained", DetectSettings)
@with_record("how", IntervalSettings)
def detect(
    context: typer.Context,
    out: Run,
    settings: Mapping[str, Any],
    trained: Mapping[str, Any],
    how: Mapping[str, Any],
    saliency: Saliency = None,
    json: common.Json = False,
    quiet: common.Quiet = False,
) -> None:
    """Measure how well a small network, trained on other patients, tells mixed pictures from original ones."""
    from medcutmix_cli.evaluation import evaluate_detect
    from medcutmix_cli.system.progress import meter

    session = Session.of(context, quiet=quiet)
    with meter(quiet=session.quiet) as progress:
        found = evaluate_detect(
            out,
            trained=DetectSettings(**_typed(trained)),
            settings=IntervalSettings(**_typed(how)),
            saliency=saliency,
            progress=progress,
            **settings,
        )
    if json:
        print_json("detect_evaluation", found)
    elif not session.quiet:
        from medcutmix_cli.terminal import detect_evaluation_view, output

        output().print(detect_evaluation_view(found))


def lexicon(
    context: typer.Context,
    file: LexiconFile,
    json: common.Json = False,
    quiet: common.Quiet = False,
) -> None:
    """Try a lexicon of your own: phrases that never match, are shadowed, ambiguous or untested; tests that fail."""
    from medcutmix_cli.evaluation import evaluate_lexicon

    session = Session.of(context, quiet=quiet)
    found = evaluate_lexicon(file)
    if json:
        print_json("lexicon_evaluation", found, ok=found.ok)
    elif not (session.quiet and found.ok):
        from medcutmix_cli.terminal import lexicon_view, output

        output().print(lexicon_view(found))
    if not found.ok:
        raise typer.Exit(NOT_VERIFIED)


def _typed(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return what was typed, without what was not."""
    return {name: value for name, value in values.items() if value is not None}
