"""`medcutmix sample`: a MIMIC-CXR-shaped data set of procedural phantoms, to try everything on."""

from __future__ import annotations

import shlex
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from medcutmix_cli.commands import common
from medcutmix_cli.commands.session import Session, print_json


class Format(StrEnum):
    """File format of the pictures."""

    JPG = "jpg"
    DICOM = "dicom"


Directory = Annotated[Path, typer.Argument(help="Folder to write the data set to.", metavar="DIR")]
Studies = Annotated[int, typer.Option(help="How many studies.", metavar="N", min=1)]
PictureFormat = Annotated[
    Format,
    typer.Option("--format", help="jpg as in MIMIC-CXR-JPG, or dicom: 12 bits, half of it inverted."),
]
Seed = Annotated[int, typer.Option(help="Another seed, other phantoms.", metavar="N", min=0)]
Height = Annotated[int, typer.Option(help="Rows of each picture, pixels.", metavar="N", min=64)]

Prose = Annotated[
    int | None,
    typer.Option(
        help="1: even reports; 2: as uneven as dictated ones; 3: as varied, and devices are denied too. "
        "2 by default, 3 with --look 2.",
        metavar="N",
        min=1,
        max=3,
        show_default=False,
    ),
]
Look = Annotated[
    int,
    typer.Option(
        help="1: findings plain to see; 2: correlated with each other, view, device and exposure, many subtle.",
        metavar="N",
        min=1,
        max=2,
    ),
]
CorrelationTable = Annotated[
    Path | None,
    typer.Option(
        "--correlations",
        help="TOML file of what goes with what in --look 2; see docs/phantoms.md.",
        metavar="FILE",
    ),
]


def sample(
    context: typer.Context,
    directory: Directory,
    studies: Studies = 200,
    picture_format: PictureFormat = Format.JPG,
    seed: Seed = 0,
    height: Height = 640,
    prose: Prose = None,
    look: Look = 1,
    correlations: CorrelationTable = None,
    json: common.Json = False,
    quiet: common.Quiet = False,
) -> None:
    """Write a sample data set: drawn chest radiographs with reports. No patient is in it."""
    from medcutmix_cli.datasets.sample import write_sample
    from medcutmix_cli.system.progress import meter
    from medcutmix_cli.terminal import next_commands, output, sample_view

    session = Session.of(context, quiet=quiet)
    with meter(quiet=session.quiet) as progress:
        summary = write_sample(
            directory,
            studies=studies,
            image_format=picture_format.value,
            seed=seed,
            height=height,
            progress=progress,
            prose=prose,
            look=look,
            correlations=correlations,
        )
    if json:
        print_json("sample", summary)
    elif not session.quiet:
        console = output()
        console.print(sample_view(summary))
        console.print(next_commands([f"medcutmix augment {shlex.quote(str(directory))} RUN"]), soft_wrap=True)
