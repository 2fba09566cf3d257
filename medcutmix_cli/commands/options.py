"""The options that several commands share, each written once, and the two small parsers they need.

Defaults are None where the settings tree has the default: a flag that was not given must not hide a recipe.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from medcutmix_cli.errors import UsageError

READING = "Reading"
DATA, ENCODER, PAIRS, METHOD, RUN, SPEECH = (
    "Data set",
    "Encoder",
    "Pairs",
    "Mixing",
    "Run",
    "What is printed",
)


def _names(kind: str) -> list[str]:
    """List plugins for shell completion; imports none of them."""
    from medcutmix_cli.configuration.registry import names

    return list(names(kind))


def default(value: str, text: str) -> str:
    """Add the default of the settings tree to a help text, as typer prints its own."""
    return f"{text} [dim]\\[default: {value}][/dim]"


Out = Annotated[Path, typer.Argument(help="Run folder.", metavar="OUT")]
Dataset = Annotated[
    Path,
    typer.Argument(
        help="A MIMIC-CXR or NIH ChestX-ray14 root, or a CSV, JSONL or Parquet manifest.", metavar="DATASET"
    ),
]
NewOut = Annotated[Path, typer.Argument(help="Run folder to make, or to go on with.", metavar="OUT")]

Reports = Annotated[
    Path | None,
    typer.Option(
        help="Folder, .zip or .tar.gz with the reports, if they are not in the data set.",
        metavar="PATH",
        rich_help_panel=DATA,
    ),
]
DatasetKind = Annotated[
    str | None,
    typer.Option(
        help="Kind of the data set; recognised if not given.",
        metavar="NAME",
        autocompletion=lambda: _names("dataset"),
        rich_help_panel=DATA,
    ),
]
Columns = Annotated[
    list[str] | None,
    typer.Option(
        "--column",
        help="Manifest only: which column holds what, for example image=file_path. Repeat it.",
        metavar="FIELD=COLUMN",
        rich_help_panel=DATA,
    ),
]
Unpaired = Annotated[
    Path | None,
    typer.Option(
        help="A second data set, of pictures with labels and no reports: the folder of NIH ChestX-ray14.",
        metavar="PATH",
        rich_help_panel=DATA,
    ),
]
UnpairedAs = Annotated[
    str | None,
    typer.Option(
        help="What its studies may be beside those with reports: donor, recipient or both.",
        metavar="NAME",
        autocompletion=lambda: ["donor", "recipient", "both"],
        rich_help_panel=DATA,
    ),
]
Splits = Annotated[
    list[str] | None,
    typer.Option(
        "--split",
        help=default("train", "Split to mix, within itself: train, validate or test. Repeat it."),
        metavar="NAME",
        rich_help_panel=DATA,
    ),
]
ExcludeIds = Annotated[
    Path | None,
    typer.Option(
        help="File of study, patient or picture ids to leave out, one a line.",
        metavar="FILE",
        rich_help_panel=DATA,
    ),
]
Labels = Annotated[
    str | None,
    typer.Option(
        help=default("rules", "Who says which findings a study has: rules, csv or both-agree."),
        metavar="NAME",
        autocompletion=lambda: ["rules", "csv", "both-agree"],
        rich_help_panel=DATA,
    ),
]
LabelTable = Annotated[
    Path | None,
    typer.Option(
        help="CSV of labels by study_id, if not the data set's own.", metavar="FILE", rich_help_panel=DATA
    ),
]
DicomMode = Annotated[
    str | None,
    typer.Option(
        help=default("mimic-jpg", "How DICOM becomes grey: mimic-jpg, voi or minmax."),
        metavar="NAME",
        autocompletion=lambda: ["mimic-jpg", "voi", "minmax"],
        rich_help_panel=DATA,
    ),
]
EncoderName = Annotated[
    str | None,
    typer.Option(
        help="Frozen encoder that draws the maps. Only on the sample may it be left unsaid (bundled).",
        metavar="NAME",
        autocompletion=lambda: _names("encoder"),
        rich_help_panel=ENCODER,
    ),
]
Weights = Annotated[
    Path | None,
    typer.Option(
        help="File or folder of its weights, if not its own.", metavar="PATH", rich_help_panel=ENCODER
    ),
]
Device = Annotated[
    str | None,
    typer.Option(
        help=default("auto", "Where the encoder runs: auto (a GPU where there is one), cpu, cuda or cuda:1."),
        metavar="NAME",
        autocompletion=lambda: ["auto", "cpu", "cuda", "cuda:0", "cuda:1"],
        rich_help_panel=ENCODER,
    ),
]
Precision = Annotated[
    str | None,
    typer.Option(
        help=default("fp32", "How the encoder computes: fp32, tf32, bf16 or fp16."),
        metavar="NAME",
        autocompletion=lambda: ["fp32", "tf32", "bf16", "fp16"],
        rich_help_panel=ENCODER,
    ),
]
BatchSize = Annotated[
    int | None,
    typer.Option(
        help=default("1 on a CPU, 32 on a GPU", "Pictures encoded at once; halved when memory runs out."),
        metavar="N",
        rich_help_panel=ENCODER,
    ),
]
EncoderOption = Annotated[
    list[str] | None,
    typer.Option(
        "--encoder-option",
        help="An option of the encoder's own, for example method=gradient. Repeat it.",
        metavar="KEY=VALUE",
        rich_help_panel=ENCODER,
    ),
]
PairsPerStudy = Annotated[
    int | None,
    typer.Option(
        help=default("1", "How often each study is a recipient."),
        metavar="N",
        rich_help_panel=PAIRS,
    ),
]
MaxUses = Annotated[
    int | None,
    typer.Option(
        "--max-uses-per-donor",
        help=default("5", "How often a study may give."),
        metavar="N",
        rich_help_panel=PAIRS,
    ),
]
Findings = Annotated[
    list[str] | None,
    typer.Option(
        "--finding",
        help=default(
            "all with a place of their own",
            "Finding that may be exchanged, for example pleural_effusion. Repeat it.",
        ),
        metavar="NAME",
        rich_help_panel=PAIRS,
    ),
]
Seed = Annotated[
    int | None,
    typer.Option(help=default("0", "Of everything random."), metavar="N", rich_help_panel=PAIRS),
]
Pairing = Annotated[
    str | None,
    typer.Option(
        help=default("same-finding", "Who gives what to whom."),
        metavar="NAME",
        autocompletion=lambda: _names("pairing"),
        rich_help_panel=METHOD,
    ),
]
Embeddings = Annotated[
    Path | None,
    typer.Option(
        help="What `medcutmix embed` wrote: --pairing nearest ranks donors by it.",
        metavar="FILE",
        rich_help_panel=PAIRS,
    ),
]
Mask = Annotated[
    str | None,
    typer.Option(
        help=default("topk", "Map to mask."),
        metavar="NAME",
        autocompletion=lambda: _names("mask"),
        rich_help_panel=METHOD,
    ),
]
Sections = Annotated[
    str | None,
    typer.Option(
        help=default(
            "mirror",
            "Which sections are edited: mirror (findings and impression together), findings or impression.",
        ),
        metavar="NAME",
        autocompletion=lambda: ["mirror", "findings", "impression"],
        rich_help_panel=METHOD,
    ),
]
Energy = Annotated[
    str | None,
    typer.Option(
        help=default("softmax", "How weights, and masks that need it, read a map: softmax, relu or decoder."),
        metavar="NAME",
        autocompletion=lambda: ["softmax", "relu", "decoder"],
        rich_help_panel=METHOD,
    ),
]
Gate = Annotated[
    str | None,
    typer.Option(
        help=default(
            "null-max",
            "Evidence gate: null-max compares each map with those of pictures without the finding; none.",
        ),
        metavar="NAME",
        autocompletion=lambda: _names("gate"),
        rich_help_panel=METHOD,
    ),
]
Region = Annotated[
    str | None,
    typer.Option(
        help=default("in-place-union", "Masks to the region that is pasted."),
        metavar="NAME",
        autocompletion=lambda: _names("region"),
        rich_help_panel=METHOD,
    ),
]
Blend = Annotated[
    str | None,
    typer.Option(
        help=default("feather", "How the region is pasted."),
        metavar="NAME",
        autocompletion=lambda: _names("blend"),
        rich_help_panel=METHOD,
    ),
]
Weight = Annotated[
    str | None,
    typer.Option(
        help=default("img-mass", "Which weight is lam; all are stored."),
        metavar="NAME",
        autocompletion=lambda: _names("weight"),
        rich_help_panel=METHOD,
    ),
]
Canvas = Annotated[
    int | None,
    typer.Option(
        help=default("448", "Side of the mixed pictures in pixels, a multiple of 112."),
        metavar="N",
        rich_help_panel=METHOD,
    ),
]
ImageFormat = Annotated[
    str | None,
    typer.Option(
        help=default("png", "How mixed pictures are stored: png or webp, without loss, or jpeg."),
        metavar="NAME",
        autocompletion=lambda: ["png", "jpeg", "webp"],
        rich_help_panel=METHOD,
    ),
]
Features = Annotated[
    bool | None,
    typer.Option(
        "--features/--no-features",
        help="Also store the encoder's mixed patch features (float16).",
        rich_help_panel=METHOD,
    ),
]
Config = Annotated[
    Path | None,
    typer.Option(help="TOML recipe; options win over it.", metavar="FILE", rich_help_panel=RUN),
]
Workers = Annotated[
    int | None,
    typer.Option(
        help=default("the CPUs allowed", "How many work at once; never changes the result."),
        metavar="N",
        rich_help_panel=RUN,
    ),
]
ShardSize = Annotated[
    int | None,
    typer.Option(help=default("1000", "Pairs in each shard."), metavar="N", rich_help_panel=RUN),
]
MaxFailFrac = Annotated[
    float | None,
    typer.Option(
        help=default("0.01", "Share of the pairs that may fail before the exit code is 3."),
        metavar="X",
        rich_help_panel=RUN,
    ),
]
StageDir = Annotated[
    str | None,
    typer.Option(
        help="Folder on a fast local disk; pictures are copied there before they are read, and removed. "
        '"" for none.',
        metavar="PATH",
        rich_help_panel=RUN,
    ),
]
Engine = Annotated[
    str | None,
    typer.Option(
        help=default("local", "Where shards are rendered: local (this process) or ray."),
        metavar="NAME",
        autocompletion=lambda: _names("engine"),
        rich_help_panel=RUN,
    ),
]
EngineOption = Annotated[
    list[str] | None,
    typer.Option(
        "--engine-option",
        help="An option of the engine's own, for example address=auto. Repeat it.",
        metavar="KEY=VALUE",
        rich_help_panel=RUN,
    ),
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
PlanSectionRules = Annotated[
    str | None,
    typer.Option(
        "--section-rules",
        help=default("mimic-official", "How reports are cut into sections: mimic-official or strict."),
        metavar="NAME",
        autocompletion=lambda: ["mimic-official", "strict"],
        rich_help_panel=DATA,
    ),
]
PlanNlpModel = Annotated[
    Path | None,
    typer.Option(
        "--nlp-model",
        help="Folder of a spaCy or scispaCy model; its entities are counted as candidates and decide nothing.",
        metavar="PATH",
        rich_help_panel=DATA,
    ),
]
SectionRules = Annotated[
    str,
    typer.Option(
        "--section-rules",
        help="How reports are cut into sections: mimic-official, as the parser published with MIMIC-CXR does, "
        "or strict, without its quirks.",
        metavar="NAME",
        autocompletion=lambda: ["mimic-official", "strict"],
        rich_help_panel=READING,
    ),
]
NlpModel = Annotated[
    str,
    typer.Option(
        "--nlp-model",
        help="Folder of a spaCy or scispaCy model; its entities are noted as candidates and decide nothing.",
        metavar="PATH",
        rich_help_panel=READING,
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
MovedDataset = Annotated[
    Path | None,
    typer.Option(
        "--dataset",
        help="Where the data set is now, if it has moved since the plan.",
        metavar="PATH",
        rich_help_panel=DATA,
    ),
]


def parse_columns(pairs: Sequence[str] | None) -> dict[str, str] | None:
    """Read `FIELD=COLUMN` pairs; None where there are none.

    Raises:
        UsageError: A pair without "=", or without a name on one side of it.
    """
    if not pairs:
        return None
    columns: dict[str, str] = {}
    for pair in pairs:
        field, equals, column = pair.partition("=")
        if not (field and equals and column):
            raise UsageError(
                f"--column {pair!r} is not FIELD=COLUMN", hint="for example: --column image=file_path"
            )
        columns[field.strip()] = column.strip()
    return columns


def parse_plugin_options(flag: str, pairs: Sequence[str] | None) -> dict[str, object] | None:
    """Read `KEY=VALUE` pairs, values as TOML has them (3, true, "text" or plain text); None where there are none.

    Raises:
        UsageError: A pair without "=" or without a key.
    """
    if not pairs:
        return None
    from medcutmix_cli.configuration.resolution import parse_value

    options: dict[str, object] = {}
    for pair in pairs:
        key, equals, value = pair.partition("=")
        if not (key.strip() and equals):
            raise UsageError(
                f"{flag} {pair!r} is not KEY=VALUE",
                hint=f"for example: {_EXAMPLES[flag]}",
            )
        options[key.strip()] = parse_value(value.strip())
    return options


def parse_encoder_options(pairs: Sequence[str] | None) -> dict[str, object] | None:
    """Read the values of `--encoder-option`; see `parse_plugin_options`."""
    return parse_plugin_options("--encoder-option", pairs)


def parse_engine_options(pairs: Sequence[str] | None) -> dict[str, object] | None:
    """Read the values of `--engine-option`; see `parse_plugin_options`."""
    return parse_plugin_options("--engine-option", pairs)


_EXAMPLES = {
    "--encoder-option": "--encoder-option method=gradient",
    "--engine-option": "--engine-option address=auto",
}


def several(values: Sequence[str] | None) -> tuple[str, ...] | None:
    """Read a repeated option; commas divide too. None where it was not given."""
    if not values:
        return None
    return tuple(part.strip() for value in values for part in value.split(",") if part.strip())
