"""The settings tree: what can be set, its defaults, and all else that is declared of it. Knows no file and no flag.

This is the one place where a setting is written down: options of commands, keywords of the API with their types, keys
of a recipe, environment variables, checks, paths that may move and what the fingerprint knows are derived from it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from medcutmix_cli.configuration.declaration import (
    DATA,
    ENCODER,
    METHOD,
    NEW_RUN,
    PAIRS,
    PLANNED_RUN,
    RUN,
    Declaration,
    Setting,
    setting,
    settings_in,
)

if TYPE_CHECKING:
    from medcutmix_cli.records import PictureRules

SPLITS = ("train", "validate", "test")
"""The literal values of `mimic-cxr-2.0.0-split.csv.gz`."""

PICTURE_WAYS = ("auto", "blocks", "sixel", "kitty", "none")
"""How a terminal shows pictures; "auto": as well as it can, and not at all in a file or a pipe."""

IMAGE_FORMATS = ("png", "jpeg", "webp")
"""How mixed pictures are stored: PNG and WebP without loss, JPEG at quality 95."""

DICOM_MODES = ("mimic-jpg", "voi", "minmax")
CORRUPT_JPEG_CHOICES = ("refuse", "keep")
"""What becomes of a JPEG that libjpeg calls corrupt, and decodes whole."""

UNMIXED_CHOICES = ("auto", "drop", "keep")
"""What becomes of a study that no pair is found for; `auto` is what the pairing strategy says of itself."""
SECTION_CHOICES = ("mirror", "findings", "impression")
SECTION_RULES = ("mimic-official", "strict")
ENERGIES = ("softmax", "relu", "decoder")
TONES = ("local", "global")
PRECISIONS = ("fp32", "tf32", "bf16", "fp16")
DIAGNOSTIC_CHOICES = ("lexicon", "entities", "both")
LABEL_SOURCES = ("rules", "csv", "both-agree")
UNPAIRED_ROLES = ("none", "donor", "recipient", "both")

_EMBED, _ATTEND, _MAPS = frozenset({"embed"}), frozenset({"attend"}), frozenset({"maps"})
_CANVASES = _EMBED | {"prepare"}
_DOCTOR = frozenset({"doctor"})
_LOOK = _ATTEND | _MAPS | _DOCTOR
_SHORTCUTS, _CHECK, _EXPORT = frozenset({"shortcuts"}), frozenset({"check"}), frozenset({"export"})
_OPEN = _CHECK | _DOCTOR
_REMADE = frozenset({"verify", "inspect"})
_DONE_RUN = _REMADE | _EXPORT | {"mixes", "detect"}
"""What looks into the data set of a run that is there: each part of it may have moved."""


@dataclass(frozen=True, slots=True)
class DatasetSettings:
    """`[dataset]`: where the studies are."""

    root: str = setting(
        "",
        "Where the data set is now, if it has moved since the plan.",
        keyword="dataset",
        panel=DATA,
        metavar="PATH",
        path=True,
        semantic=False,
        optional=False,
        commands=PLANNED_RUN | _DONE_RUN,
    )
    kind: str = setting(
        "",
        "Kind of the data set; recognised if not given.",
        keyword="dataset_kind",
        panel=DATA,
        metavar="NAME",
        kind="dataset",
        commands=NEW_RUN | _CANVASES | _SHORTCUTS | _OPEN | _EXPORT,
    )
    reports: str = setting(
        "",
        "Folder, .zip or .tar.gz with the reports, if they are not in the data set.",
        keyword="reports",
        panel=DATA,
        metavar="PATH",
        path=True,
        semantic=False,
        commands=NEW_RUN | PLANNED_RUN | _CANVASES | _SHORTCUTS | _OPEN | _DONE_RUN,
    )
    unpaired: str = setting(
        "",
        "A second data set, of pictures with labels and no reports: ChestX-ray14, PadChest, VinDr-CXR, SIIM-ACR.",
        keyword="unpaired",
        panel=DATA,
        metavar="PATH",
        path=True,
        semantic=False,
        commands=NEW_RUN | PLANNED_RUN | _CANVASES | _OPEN | _DONE_RUN,
    )
    unpaired_options: Mapping[str, Any] = setting({}, "Constructor arguments of that data set.")
    options: Mapping[str, Any] = setting(
        {}, "Everything else in the table: constructor arguments of the data set.", opens=True
    )


@dataclass(frozen=True, slots=True)
class ReportSettings:
    """`[reports]`: how reports are read."""

    section_rules: str = setting(
        "mimic-official",
        "How reports are cut into sections: mimic-official, as the parser published with MIMIC-CXR does, or strict, "
        "without its quirks.",
        keyword="section_rules",
        panel=DATA,
        metavar="NAME",
        choices=SECTION_RULES,
        commands=NEW_RUN | {"read", "reports"} | _SHORTCUTS | _EXPORT,
    )
    findings: str = setting(
        "",
        "Your own lexicon (TOML): adds, changes or removes findings, phrases, exclusions and cues.",
        keyword="lexicon",
        flag="--findings",
        panel=DATA,
        metavar="FILE",
        path=True,
        semantic=False,
        commands=NEW_RUN | {"read", "reports"} | _SHORTCUTS,
    )
    nlp_model: str = setting(
        "",
        "Folder of a spaCy or scispaCy model; --diagnostic says what its entities decide.",
        keyword="nlp_model",
        panel=DATA,
        metavar="PATH",
        path=True,
        semantic=False,
        commands=NEW_RUN | {"read"} | _SHORTCUTS | _DOCTOR,
    )
    diagnostic: str = setting(
        "lexicon",
        "Who decides which sentences are diagnostic: lexicon, entities (of --nlp-model) or both; entities outside the "
        "lexicon are then findings by their own names.",
        keyword="diagnostic",
        panel=DATA,
        metavar="NAME",
        choices=DIAGNOSTIC_CHOICES,
        commands=NEW_RUN | {"read"} | _SHORTCUTS,
    )


@dataclass(frozen=True, slots=True)
class EncoderSettings:
    """`[encoder]`: who draws the maps."""

    name: str = setting(
        "",
        "Frozen encoder that draws the maps. Only on the sample may it be left unsaid (bundled).",
        keyword="encoder",
        panel=ENCODER,
        metavar="NAME",
        kind="encoder",
        commands=NEW_RUN | _CANVASES | _ATTEND | _DOCTOR,
    )
    weights: str = setting(
        "",
        "File or folder of its weights, if not its own.",
        keyword="weights",
        panel=ENCODER,
        metavar="PATH",
        path=True,
        semantic=False,
        commands=NEW_RUN | PLANNED_RUN | _CANVASES | _LOOK | _REMADE,
    )
    device: str = setting(
        "auto",
        "Where the encoder runs: auto (a GPU where there is one), cpu, cuda or cuda:1.",
        keyword="device",
        panel=ENCODER,
        metavar="NAME",
        semantic=False,
        commands=NEW_RUN | PLANNED_RUN | _CANVASES | _LOOK,
    )
    precision: str = setting(
        "fp32",
        "How the encoder computes: fp32, tf32, bf16 or fp16.",
        keyword="precision",
        panel=ENCODER,
        metavar="NAME",
        choices=PRECISIONS,
        commands=NEW_RUN | _EMBED | _LOOK,
    )
    batch_size: int = setting(
        0,
        "Pictures encoded at once; halved when memory runs out.",
        keyword="batch_size",
        panel=ENCODER,
        metavar="N",
        spoken_default="1 on a CPU, 32 on a GPU",
        least=0,
        semantic=False,
        commands=NEW_RUN | _EMBED | _MAPS,
    )
    options: Mapping[str, Any] = setting(
        {},
        "An option of the encoder's own, for example method=gradient. Repeat it.",
        keyword="encoder_options",
        flag="--encoder-option",
        panel=ENCODER,
        metavar="KEY=VALUE",
        example="method=gradient",
        opens=True,
        commands=NEW_RUN | _CANVASES | _LOOK,
    )


@dataclass(frozen=True, slots=True)
class PlanSettings:
    """`[plan]`: who gives what to whom."""

    seed: int = setting(0, "Of everything random.", keyword="seed", panel=PAIRS, metavar="N", least=0)
    pairs_per_study: int = setting(
        1,
        "How often each study is a recipient.",
        keyword="pairs_per_study",
        panel=PAIRS,
        metavar="N",
        least=1,
    )
    pairing: str = setting(
        "same-finding",
        "Who gives what to whom.",
        keyword="pairing",
        panel=METHOD,
        metavar="NAME",
        kind="pairing",
    )
    sections: str = setting(
        "mirror",
        "Which sections are edited: mirror (findings and impression together), findings or impression (the other "
        "one stays, and a pair that is then out of step is flagged).",
        keyword="sections",
        panel=METHOD,
        metavar="NAME",
        choices=SECTION_CHOICES,
    )
    splits: tuple[str, ...] = setting(
        ("train",),
        "Split to mix, within itself: train, validate or test. Repeat it.",
        keyword="splits",
        flag="--split",
        panel=DATA,
        metavar="NAME",
        choices=SPLITS,
        commands=NEW_RUN | _CANVASES | _SHORTCUTS | _CHECK,
    )
    findings: tuple[str, ...] = setting(
        (),
        "Finding that may be exchanged, for example pleural_effusion. Repeat it.",
        keyword="findings",
        flag="--finding",
        panel=PAIRS,
        metavar="NAME",
        spoken_default="all with a place of their own",
    )
    target: tuple[str, ...] = setting(
        (),
        "Plan only what fills a cell: consolidation@device=no (as many as with a device), :even, :200, :+50, or "
        "balance:consolidation/view. Repeat it.",
        keyword="target",
        panel=PAIRS,
        metavar="CELL",
        spoken_default="no cell",
        text_values=True,
    )
    target_spare: float = setting(
        0.0,
        "Share of pairs planned and rendered beyond what a target lacks, whatever rendering rejects: 1 plans twice as "
        "many.",
        keyword="target_spare",
        panel=PAIRS,
        metavar="X",
        least=0,
    )
    reserve: float = setting(
        -1.0,
        "Pairs held in reserve for each that is planned or that a target lacks, to replace those that rendering "
        "rejects; 0: none, -1: for targets as many as take planning a tenth longer, 3 at most, and else none.",
        keyword="reserve",
        panel=PAIRS,
        metavar="X",
        least=-1,
    )
    max_uses_per_donor: int = setting(
        5, "How often a study may give.", keyword="max_uses_per_donor", panel=PAIRS, metavar="N", least=1
    )
    max_donor_share: float = setting(
        0.1,
        "Share of a finding's rows that a study may give; two rows it always may. With targets it holds nothing, in "
        "plan and refills alike: there --max-uses-per-donor alone does.",
        keyword="max_donor_share",
        panel=PAIRS,
        metavar="X",
        least=0,
        most=1,
    )
    unmixed: str = setting(
        "auto",
        "Studies that no pair is found for: drop (left out, by name), keep (a row of its own, picture and report as "
        "they are, so that the rows have the shape of the set), or auto (keep where the strategy exchanges a finding "
        "for the same one, drop where it is meant to shift the set, and with targets).",
        keyword="unmixed",
        panel=PAIRS,
        metavar="NAME",
        choices=UNMIXED_CHOICES,
    )
    shape_tolerance: float = setting(
        0.1,
        "Relative difference between originals and rows, in the share of a label, device, view or side, that is no "
        "shift. With --unmixed keep, pairs beyond it are held in reserve.",
        keyword="shape_tolerance",
        panel=PAIRS,
        metavar="X",
        least=0,
    )
    labels: str = setting(
        "rules",
        "Who says which findings a study has: rules (the report), csv (a table; the report must still have a sentence "
        "for what is exchanged) or both-agree.",
        keyword="labels",
        panel=DATA,
        metavar="NAME",
        choices=LABEL_SOURCES,
        commands=NEW_RUN | _SHORTCUTS,
    )
    label_table: str = setting(
        "",
        "CSV of labels by study_id, if not the data set's own.",
        keyword="label_table",
        panel=DATA,
        metavar="FILE",
        path=True,
        semantic=False,
        commands=NEW_RUN | _SHORTCUTS,
    )
    attributes: str = setting(
        "",
        "Table (CSV, JSON Lines, Parquet) by dicom_id, study_id or subject_id: its columns are attributes, as view and "
        "device are.",
        keyword="attributes",
        panel=DATA,
        metavar="FILE",
        path=True,
        semantic=False,
        commands=NEW_RUN | _SHORTCUTS,
    )
    exclude_ids: str = setting(
        "",
        "File of study, patient or picture ids to leave out, one a line, or a table with a column of them.",
        keyword="exclude_ids",
        panel=DATA,
        metavar="FILE",
        path=True,
        semantic=False,
        commands=NEW_RUN | _CANVASES | _SHORTCUTS | _CHECK,
    )
    unpaired: str = setting(
        "none",
        "What the unpaired studies may be beside those with reports: donor, recipient or both.",
        keyword="unpaired_as",
        panel=DATA,
        metavar="NAME",
        choices=UNPAIRED_ROLES,
        commands=NEW_RUN | _CANVASES | _OPEN,
    )
    refuse_duplicates: bool = setting(
        False,
        "Pair no two studies whose pictures are near-duplicates; planning then reads every picture.",
        keyword="refuse_duplicates",
        panel=PAIRS,
    )
    embeddings: str = setting(
        "",
        "What `medcutmix embed` wrote: --pairing nearest ranks donors by it.",
        keyword="embeddings",
        panel=PAIRS,
        metavar="FILE",
        path=True,
        semantic=False,
    )
    policy: Mapping[str, Mapping[str, Any]] = setting(
        {},
        'What differs from the packaged policy, by lexicon id: `[plan.policy.cardiomegaly] image = "soft"`.',
    )


@dataclass(frozen=True, slots=True)
class MixingSettings:
    """`[mixing]`: named strategies; `[mixing.options.<strategy>]` holds their constructor arguments."""

    mask: str = setting(
        "region-growing",
        "Map to mask.",
        keyword="mask",
        panel=METHOD,
        metavar="NAME",
        kind="mask",
        commands=NEW_RUN | _ATTEND,
    )
    energy: str = setting(
        "softmax",
        "How weights, and masks that need it, read a map: softmax, relu or decoder.",
        keyword="energy",
        panel=METHOD,
        metavar="NAME",
        choices=ENERGIES,
        commands=NEW_RUN | _ATTEND,
    )
    gate: str = setting(
        "null-max",
        "Evidence gate: null-max compares each map with those of pictures without the finding; none.",
        keyword="gate",
        panel=METHOD,
        metavar="NAME",
        kind="gate",
    )
    align: str = setting(
        "elastic",
        "How the donor's thorax is brought onto the recipient's: none, affine, elastic.",
        keyword="align",
        panel=METHOD,
        metavar="NAME",
        kind="alignment",
    )
    region: str = setting(
        "in-place-union",
        "Masks to the region that is pasted.",
        keyword="region",
        panel=METHOD,
        metavar="NAME",
        kind="region",
    )
    blend: str = setting(
        "feather",
        "How the region is pasted.",
        keyword="blend",
        panel=METHOD,
        metavar="NAME",
        kind="blend",
    )
    tone: str = setting(
        "local",
        "How the donor's grey levels are matched: global (once a region), local (along its edge as well).",
        keyword="tone",
        panel=METHOD,
        metavar="NAME",
        choices=TONES,
    )
    weight: str = setting(
        "img-mass",
        "Which weight is lam; all are stored.",
        keyword="weight",
        panel=METHOD,
        metavar="NAME",
        kind="weight",
    )
    options: Mapping[str, Mapping[str, Any]] = setting(
        {}, "Constructor arguments of strategies, a table each, and of the guards: `[mixing.options.topk]`."
    )


@dataclass(frozen=True, slots=True)
class ImageSettings:
    """`[image]`: the canonical canvas."""

    canvas: int = setting(
        448,
        "Side of the canvas, and so of the mixed pictures, in pixels: a multiple of 112, so that patches of 14 and "
        "of 16 both align.",
        keyword="canvas",
        panel=METHOD,
        metavar="N",
        least=112,
        multiple=112,
        example="448, 672 or 1008",
        commands=NEW_RUN | _CANVASES | _ATTEND,
    )
    dicom_mode: str = setting(
        "mimic-jpg",
        "How DICOM becomes grey: mimic-jpg, voi or minmax.",
        keyword="dicom_mode",
        panel=DATA,
        metavar="NAME",
        choices=DICOM_MODES,
        commands=NEW_RUN | _CANVASES | _LOOK | _CHECK,
    )
    corrupt_jpeg: str = setting(
        "refuse",
        "JPEGs that libjpeg calls corrupt: refuse them by name, or keep and count those that it decodes whole.",
        keyword="corrupt_jpeg",
        panel=DATA,
        metavar="NAME",
        choices=CORRUPT_JPEG_CHOICES,
        commands=NEW_RUN | _CANVASES | _LOOK | _CHECK,
    )
    format: str = setting(
        "png",
        "How mixed pictures are stored: png or webp, without loss, or jpeg.",
        keyword="image_format",
        panel=METHOD,
        metavar="NAME",
        choices=IMAGE_FORMATS,
    )
    features: bool = setting(
        False,
        "Also store the encoder's mixed patch features (float16).",
        keyword="features",
        panel=METHOD,
    )

    @property
    def reading(self) -> PictureRules:
        """How picture files become grey."""
        from medcutmix_cli.records import PictureRules  # help needs no NumPy

        return PictureRules(self.dicom_mode, self.corrupt_jpeg)


@dataclass(frozen=True, slots=True)
class RunSettings:
    """`[run]`: how the work is done; only `shard_size` shows in the output."""

    shard_size: int = setting(
        1000, "Pairs in each shard.", keyword="shard_size", panel=RUN, metavar="N", least=1
    )
    workers: int = setting(
        0,
        "How many work at once; never changes the result.",
        keyword="workers",
        panel=RUN,
        metavar="N",
        spoken_default="the CPUs allowed",
        least=0,
        semantic=False,
        commands=NEW_RUN | _CANVASES | {"render", "calibrate"} | _SHORTCUTS,
    )
    max_fail_frac: float = setting(
        0.01,
        "Share of the pairs that may fail before the exit code is 3.",
        keyword="max_fail_frac",
        panel=RUN,
        metavar="X",
        least=0,
        most=1,
        semantic=False,
        commands=NEW_RUN | {"render", "slurm"},
    )
    stage_dir: str = setting(
        "",
        "Folder on a fast local disk; pictures are copied there before they are read, and removed. "
        '"" for none.',
        keyword="stage_dir",
        panel=RUN,
        metavar="PATH",
        path=True,
        semantic=False,
        commands=NEW_RUN | PLANNED_RUN,
    )
    prepared: str = setting(
        "",
        "What `medcutmix prepare` made: pictures are read from there. It changes no byte of the output. "
        '"" for none.',
        keyword="prepared",
        panel=RUN,
        metavar="PATH",
        path=True,
        semantic=False,
        commands=NEW_RUN | PLANNED_RUN,
    )
    engine: str = setting(
        "local",
        "Where shards are rendered: local (this process) or ray.",
        keyword="engine",
        panel=RUN,
        metavar="NAME",
        kind="engine",
        semantic=False,
        commands=NEW_RUN | {"render"},
    )
    engine_options: Mapping[str, Any] = setting(
        {},
        "An option of the engine's own, for example address=auto. Repeat it.",
        keyword="engine_options",
        flag="--engine-option",
        panel=RUN,
        metavar="KEY=VALUE",
        example="address=auto",
        semantic=False,
        commands=NEW_RUN | {"render"},
    )


@dataclass(frozen=True, slots=True)
class Settings:
    """The whole tree."""

    dataset: DatasetSettings = field(default_factory=DatasetSettings)
    reports: ReportSettings = field(default_factory=ReportSettings)
    encoder: EncoderSettings = field(default_factory=EncoderSettings)
    plan: PlanSettings = field(default_factory=PlanSettings)
    mixing: MixingSettings = field(default_factory=MixingSettings)
    image: ImageSettings = field(default_factory=ImageSettings)
    run: RunSettings = field(default_factory=RunSettings)


COLUMNS = Setting(
    "dataset",
    "columns",
    {},
    Declaration(
        "Which column holds what, for example image=file_path; of tables of your own. Repeat it.",
        keyword="columns",
        flag="--column",
        panel=DATA,
        metavar="FIELD=COLUMN",
        example="image=file_path",
        commands=NEW_RUN | _CANVASES | _SHORTCUTS | _OPEN,
        text_values=True,
    ),
)
"""An option of tables that is common enough to have its own flag, as have the next."""

MAPS = Setting(
    "dataset",
    "maps",
    {},
    Declaration(
        "Tables only: what a value of view or split means, for example view:Frontal=PA. Repeat it.",
        keyword="maps",
        flag="--map",
        panel=DATA,
        metavar="FIELD:VALUE=MEANING",
        example="view:Frontal=PA",
        commands=NEW_RUN | _CANVASES | _SHORTCUTS | _OPEN,
        text_values=True,
    ),
)

SPLIT_ALL = Setting(
    "dataset",
    "split",
    "",
    Declaration(
        "Tables only: the split of every row, where no column says it.",
        keyword="split_all",
        panel=DATA,
        metavar="NAME",
        choices=SPLITS,
        commands=NEW_RUN | _CANVASES | _SHORTCUTS | _OPEN,
    ),
)

VIEW_ALL = Setting(
    "dataset",
    "view",
    "",
    Declaration(
        "Tables only: the view of every picture, where no column says it: PA, AP or LATERAL.",
        keyword="view_all",
        panel=DATA,
        metavar="NAME",
        commands=NEW_RUN | _CANVASES | _SHORTCUTS | _OPEN,
    ),
)

OF_TABLES = (COLUMNS, MAPS, SPLIT_ALL, VIEW_ALL)

DEFAULTS = Settings()

TREE: Mapping[str, tuple[Setting, ...]] = {
    entry: settings_in(entry, getattr(DEFAULTS, entry)) for entry in Settings.__dataclass_fields__
}
"""Every table with its settings, in order."""

SETTINGS: Mapping[str, Setting] = {one.key: one for settings in TREE.values() for one in settings}
"""Every setting by its dotted name."""


def settings_of(command: str) -> tuple[Setting, ...]:
    """Return the settings that a command takes, in the order in which they are declared."""
    named = (*SETTINGS.values(), *OF_TABLES)
    return tuple(one for one in named if one.declared.keyword and command in one.declared.commands)


def plain(settings: Any) -> dict[str, Any]:
    """Turn a settings record into what JSON and TOML hold."""
    tree: dict[str, Any] = json.loads(json.dumps(asdict(settings), default=str))
    return tree
