"""`medcutmix embed`: one frozen embedding a picture, for `--pairing nearest`."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from medcutmix_cli.commands import common
from medcutmix_cli.commands.session import Session, print_json
from medcutmix_cli.commands.setting_options import with_settings

if TYPE_CHECKING:
    from medcutmix_cli.embeddings.embed import EmbeddingSummary

Out = Annotated[Path, typer.Argument(help="Parquet file to write.", metavar="FILE")]


@with_settings(
    "embed",
    splits=common.default("all", "Split to embed: train, validate or test. Repeat it."),
    canvas=common.default("448", "Side of the canvas in pixels, where the encoder has none of its own."),
)
def embed(
    context: typer.Context,
    dataset: common.Dataset,
    out: Out,
    settings: Mapping[str, Any],
    config: common.Config = None,
    force: common.Force = False,
    json: common.Json = False,
    quiet: common.Quiet = False,
) -> None:
    """Embed the picture that stands for each study, so that --pairing nearest can rank donors."""
    from medcutmix_cli.embeddings.embed import embed as embed_all
    from medcutmix_cli.system.progress import meter

    session = Session.of(context, quiet=quiet)
    with meter(quiet=session.quiet) as progress:
        embedded = embed_all(dataset, out, config=config, force=force, progress=progress, **settings)
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
