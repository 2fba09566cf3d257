"""`medcutmix attend`: look at one map."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from medcutmix_cli.commands import common
from medcutmix_cli.commands.session import Session, print_json
from medcutmix_cli.commands.setting_options import with_settings

if TYPE_CHECKING:
    from medcutmix_cli.inspection.map_view import MapView

ASKED, DRAWN = "What is asked", "Overlay"

Image = Annotated[Path, typer.Argument(help="A JPEG, PNG or DICOM file.", metavar="IMAGE")]
Sentence = Annotated[
    str,
    typer.Argument(
        help="What to look for, as a report would say it, or - for standard input; neither printed nor kept.",
        metavar="SENTENCE",
    ),
]
Run = Annotated[
    Path | None,
    typer.Option(
        help="A run: its encoder, mask, canvas and DICOM mode, and ground_p from its calibration.",
        metavar="RUN",
        rich_help_panel=ASKED,
    ),
]
Finding = Annotated[
    str | None,
    typer.Option(
        help="Finding that is looked for, for example pleural_effusion; read from the sentence if not given.",
        metavar="ID",
        rich_help_panel=ASKED,
    ),
]
ImageId = Annotated[
    str | None,
    typer.Option(
        "--image-id",
        help="The picture's id, by which precomputed maps know it. [dim]\\[default: the file's name][/dim]",
        metavar="ID",
        rich_help_panel=ASKED,
    ),
]
Out = Annotated[
    Path | None,
    typer.Option(
        help="Write the overlay, a PNG, to this file. [dim]\\[default: IMAGE-FINDING.attend.png in this folder; "
        "none with --json][/dim]",
        metavar="FILE",
        rich_help_panel=DRAWN,
    ),
]
Force = Annotated[bool, typer.Option("--force", help="Write over such a file.", rich_help_panel=DRAWN)]


@with_settings("attend", encoder="Frozen encoder that draws the map; without --run it must be named.")
def attend(
    context: typer.Context,
    image: Image,
    sentence: Sentence,
    settings: Mapping[str, Any],
    run: Run = None,
    finding: Finding = None,
    image_id: ImageId = None,
    out: Out = None,
    force: Force = False,
    json: common.Json = False,
    quiet: common.Quiet = False,
) -> None:
    """Show where in a picture an encoder sees a sentence: map, mask, peak and how strong the evidence is."""
    from medcutmix_cli.commands.standard_input import read_text
    from medcutmix_cli.gallery.overlay import check_free, write_overlay
    from medcutmix_cli.inspection.attend import attend as look
    from medcutmix_cli.inspection.map_view import as_document

    session = Session.of(context, quiet=quiet)
    if out:
        check_free(image, out, replace=force)  # before the work, not after it
    seen = look(
        image,
        read_text("-").strip() if sentence == "-" else sentence,
        run=run,
        finding=finding,
        image_id=image_id,
        **settings,
    )
    overlay = out or (None if json else _named(seen))
    if overlay:
        write_overlay(seen, overlay, replace=force)
    if json:
        print_json("attention", as_document(seen), overlay=overlay)
    elif not session.quiet:
        from medcutmix_cli.terminal import map_view, output

        console = output()
        console.print(map_view(seen), "")
        said = "overlay:" if out else "overlay, in the current folder (--out FILE: elsewhere):"
        console.print(f"{said}\n{overlay}", markup=False, soft_wrap=True)  # not broken: it can be copied


def _named(seen: MapView) -> Path:
    """Name an overlay after its picture and finding, in the current folder."""
    finding = f"-{seen.asked.finding}" if seen.asked.finding else ""
    return Path(f"{seen.image.stem}{finding}.attend.png")
