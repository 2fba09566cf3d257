"""What several commands take that is no setting: arguments, and how much is said. Each is written once."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from medcutmix_cli.configuration.declaration import RUN, SPEECH


def default(value: str, text: str) -> str:
    """Add a default to a help text, as typer prints its own."""
    return f"{text} [dim]\\[default: {value}][/dim]"


Out = Annotated[Path, typer.Argument(help="Run folder.", metavar="OUT")]
Dataset = Annotated[
    Path,
    typer.Argument(
        help="Folder or table: MIMIC-CXR, NIH ChestX-ray14, CSV, JSON, Parquet, Hugging Face, webdataset, pictures "
        "beside their texts. `medcutmix check DATASET` says what it is.",
        metavar="DATASET",
    ),
]
NewOut = Annotated[Path, typer.Argument(help="Run folder to make, or to go on with.", metavar="OUT")]
Config = Annotated[
    Path | None,
    typer.Option(help="TOML recipe; options win over it.", metavar="FILE", rich_help_panel=RUN),
]
RetryFailed = Annotated[
    bool,
    typer.Option(
        "--retry-failed",
        help="Also render complete shards again in which pairs failed.",
        rich_help_panel=RUN,
    ),
]
DryRun = Annotated[
    bool,
    typer.Option(
        "--dry-run",
        help="Say what it would take, in pairs, bytes and time; nothing stays behind.",
        rich_help_panel=RUN,
    ),
]
ProbePairs = Annotated[
    int | None,
    typer.Option(
        "--probe",
        help="With --dry-run: how many pairs are rendered and timed; 32 if not given, 0 for none.",
        metavar="N",
        min=0,
        rich_help_panel=RUN,
    ),
]
Json = Annotated[
    bool, typer.Option("--json", help="Print one JSON document on stdout.", rich_help_panel=SPEECH)
]
Quiet = Annotated[
    bool, typer.Option("--quiet", "-q", help="Print nothing but errors.", rich_help_panel=SPEECH)
]
Verbose = Annotated[
    bool,
    typer.Option(
        "--verbose", "-v", help="Also print every setting and where it came from.", rich_help_panel=SPEECH
    ),
]

Force = Annotated[bool, typer.Option("--force", help="Write over such a file.", rich_help_panel=RUN)]
