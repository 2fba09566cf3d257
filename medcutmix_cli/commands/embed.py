"""`medcutmix embed`: one frozen embedding a picture, for `--pairing nearest`."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from medcutmix_cli.commands import options as opt
from medcutmix_cli.commands.session import Session, print_json

if TYPE_CHECKING:
    from medcutmix_cli.embeddings.embed import EmbeddingSummary

Out = Annotated[Path, typer.Argument(help="Parquet file to write.", metavar="OUT.parquet")]
Splits = Annotated[
    list[str] | None,
    typer.Option(
        "--split",
        help=opt.default("all", "Split to embed: train, validate or test. Repeat it."),
        metavar="NAME",
        rich_help_panel=opt.DATA,
    ),
]
Canvas = Annotated[
    int | None,
    typer.Option(
        help=opt.default("448", "Side of the canvas in pixels, where the encoder has none of its own."),
        metavar="N",
        rich_help_panel=opt.ENCODER,
    ),
]
Force = Annotated[bool, typer.Option("--force", help="Write over such a file.", rich_help_panel=opt.RUN)]


def embed(
    context: typer.Context,
    dataset: opt.Dataset,
    out: Out,
    reports: opt.Reports = None,
    dataset_kind: opt.DatasetKind = None,
    column: opt.Columns = None,
    unpaired: opt.Unpaired = None,
    unpaired_as: opt.UnpairedAs = None,
    split: Splits = None,
    exclude_ids: opt.ExcludeIds = None,
    dicom_mode: opt.DicomMode = None,
    encoder: opt.EncoderName = None,
    weights: opt.Weights = None,
    device: opt.Device = None,
    precision: opt.Precision = None,
    batch_size: opt.BatchSize = None,
    encoder_option: opt.EncoderOption = None,
    canvas: Canvas = None,
    config: opt.Config = None,
    workers: opt.Workers = None,
    force: Force = False,
    json: opt.Json = False,
    quiet: opt.Quiet = False,
) -> None:
    """Embed the picture that stands for each study, so that --pairing nearest can rank donors."""
    from medcutmix_cli.embeddings.embed import embed as embed_all
    from medcutmix_cli.system.progress import meter

    session = Session.of(context, quiet=quiet)
    with meter(quiet=session.quiet) as progress:
        embedded = embed_all(
            dataset,
            out,
            config=config,
            force=force,
            progress=progress,
            reports=reports,
            dataset_kind=dataset_kind,
            columns=opt.parse_columns(column),
            unpaired=unpaired,
            unpaired_as=unpaired_as,
            splits=opt.several(split),
            exclude_ids=exclude_ids,
            dicom_mode=dicom_mode,
            encoder=encoder,
            weights=weights,
            device=device,
            precision=precision,
            batch_size=batch_size,
            encoder_options=opt.parse_encoder_options(encoder_option),
            canvas=canvas,
            workers=workers,
        )
    if json:
        print_json("embeddings", embedded)
    elif not session.quiet:
        _tell(dataset, embedded)


def _tell(dataset: Path, embedded: EmbeddingSummary) -> None:
    from medcutmix_cli.terminal import next_commands, output
    from medcutmix_cli.terminal.words import facts

    left_out = ", ".join(f"{name} {count:,}" for name, count in embedded.dropped.items())
    rows = {
        "Pictures": f"{embedded.pictures:,}, {embedded.dimensions:,} numbers each",
        "Encoder": f"{embedded.encoder.name}, {embedded.device}",
        "Left out": left_out or "none",
        "Where": str(embedded.out),
    }
    console = output()
    console.print(facts(rows))
    if embedded.encoder.note:
        console.print(embedded.encoder.note, markup=False)
    step = f"medcutmix augment {shlex.quote(str(dataset))} RUN --pairing nearest"
    console.print(next_commands([f"{step} --embeddings {shlex.quote(str(embedded.out))}"]), soft_wrap=True)
