"""`medcutmix evaluate`: how well a part does, against what people said."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from medcutmix_cli.commands import common
from medcutmix_cli.commands.session import Session, print_json
from medcutmix_cli.commands.setting_options import with_settings
from medcutmix_cli.configuration.declaration import ENCODER, SPEECH

COMPARED = "What is compared"
MEASURED = "How it is measured"


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
MaxImages = Annotated[
    int,
    typer.Option(
        help="How many pictures are looked at, chosen by the seed; 0 means all.",
        metavar="N",
        min=0,
        rich_help_panel=COMPARED,
    ),
]
MapEncoder = Annotated[
    str,
    typer.Option(
        help="Frozen encoder that draws the maps.",
        metavar="NAME",
        autocompletion=_encoders,
        rich_help_panel=ENCODER,
    ),
]
Smoothing = Annotated[
    float,
    typer.Option(
        help="Sigma of a Gaussian over the map, in fourteenths of the canvas; 0 is none.",
        metavar="SIGMA",
        min=0.0,
        rich_help_panel=MEASURED,
    ),
]
Tolerance = Annotated[
    float,
    typer.Option(
        help="Pixels of the picture that a point may lie beside a box. The pointing game was published with 15.",
        metavar="N",
        min=0.0,
        rich_help_panel=MEASURED,
    ),
]
Temperature = Annotated[
    float,
    typer.Option(
        help="mIoU: what the encoder divides its cosines by, so that thresholds are of cosines, as published; 0 brings "
        "each map to 0..1 instead.",
        metavar="T",
        min=0.0,
        rich_help_panel=MEASURED,
    ),
]
Interval = Annotated[
    float, typer.Option(help="Level of the bootstrap intervals.", metavar="X", rich_help_panel=MEASURED)
]
Resamples = Annotated[
    int,
    typer.Option(
        help="How often pictures are drawn again; 0 gives no intervals.",
        metavar="N",
        min=0,
        rich_help_panel=MEASURED,
    ),
]
DrawSeed = Annotated[
    int, typer.Option("--seed", help="Of these draws.", metavar="N", rich_help_panel=MEASURED)
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
            worst=worst,
            progress=progress,
        )
    if json:
        print_json("evaluation", found, scores=as_rows(found)[:-1], micro=as_rows(found)[-1])
    elif not session.quiet:
        from medcutmix_cli.terminal import evaluation_view, output

        output().print(evaluation_view(found))


@with_settings("maps")
def maps(
    context: typer.Context,
    images: Images,
    boxes: Boxes,
    encoder: MapEncoder,
    settings: Mapping[str, Any],
    boxes_kind: BoxesKind = "",
    max_images: MaxImages = 0,
    smoothing: Smoothing = 1.5,
    tolerance: Tolerance = 0.0,
    temperature: Temperature = 0.0,
    interval: Interval = 0.95,
    resamples: Resamples = 1000,
    seed: DrawSeed = 0,
    json: common.Json = False,
    quiet: common.Quiet = False,
) -> None:
    """Measure an encoder's maps against boxes that people drew: pointing game, CNR and mIoU per finding."""
    from medcutmix_cli.assembly.parts import build_encoder, resolve_options
    from medcutmix_cli.evaluation import MapSettings, evaluate_maps
    from medcutmix_cli.system.progress import meter

    session = Session.of(context, quiet=quiet)
    chosen = resolve_options(images, None, {**settings, "encoder": encoder}).settings
    how = MapSettings(
        smoothing=smoothing,
        tolerance=tolerance,
        temperature=temperature,
        interval=interval,
        resamples=resamples,
        seed=seed,
        max_images=max_images,
        dicom_mode=chosen.image.dicom_mode,
    )
    with meter(quiet=session.quiet) as progress:
        found = evaluate_maps(
            images,
            boxes,
            encoder=build_encoder(chosen),
            boxes_kind=boxes_kind,
            settings=how,
            progress=progress,
        )
    if json:
        print_json("map_evaluation", found)
    elif not session.quiet:
        from medcutmix_cli.terminal import map_evaluation_view, output

        output().print(map_evaluation_view(found))
