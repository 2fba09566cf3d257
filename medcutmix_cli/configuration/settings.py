"""The settings tree: what can be set, and its defaults. Knows no file, no flag and no variable."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

SPLITS = ("train", "validate", "test")
"""The literal values of `mimic-cxr-2.0.0-split.csv.gz`."""

IMAGE_FORMATS = ("png", "jpeg", "webp")
"""How mixed pictures are stored: PNG and WebP without loss, JPEG at quality 95."""

DICOM_MODES = ("mimic-jpg", "voi", "minmax")
SECTION_CHOICES = ("mirror", "findings", "impression")
ENERGIES = ("softmax", "relu", "decoder")
PRECISIONS = ("fp32", "tf32", "bf16", "fp16")
LABEL_SOURCES = ("rules", "csv", "both-agree")
UNPAIRED_ROLES = ("none", "donor", "recipient", "both")


@dataclass(frozen=True, slots=True)
class DatasetSettings:
    """`[dataset]`: where the studies are.

    Attributes:
        root: Folder or file of the data set.
        kind: Registered name, "" to recognise it.
        reports: Where the reports are, if not below the root.
        unpaired: Root of a second data set, of pictures with labels and no reports; "" for none.
        unpaired_options: Constructor arguments of that data set.
        options: Everything else in the table: constructor arguments of the data set.
    """

    root: str = ""
    kind: str = ""
    reports: str = ""
    unpaired: str = ""
    unpaired_options: Mapping[str, Any] = field(default_factory=dict)
    options: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ReportSettings:
    """`[reports]`: how reports are read.

    Attributes:
        section_rules: "mimic-official" or "strict".
        nlp_model: Folder of a spaCy or scispaCy model whose entities are counted as candidates; "" for none.
    """

    section_rules: str = "mimic-official"
    nlp_model: str = ""


@dataclass(frozen=True, slots=True)
class EncoderSettings:
    """`[encoder]`: who draws the maps.

    Attributes:
        name: Registered name; "" means bundled on sample data, an error on any other.
        weights: File or folder of the weights, "" for the encoder's own.
        device: "auto" (a GPU where there is one), "cpu", "cuda" or "cuda:1".
        precision: "fp32", "tf32", "bf16" or "fp16".
        batch_size: Pictures encoded at once; 0 means 1 on a CPU and 32 on a GPU.
        options: Constructor arguments of the encoder.
    """

    name: str = ""
    weights: str = ""
    device: str = "auto"
    precision: str = "fp32"
    batch_size: int = 0
    options: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class PlanSettings:
    """`[plan]`: who gives what to whom.

    Attributes:
        seed: Of everything random.
        pairs_per_study: How often a study is a recipient.
        pairing: Registered name of the strategy.
        sections: Which sections are edited: "mirror" (findings and impression together), "findings" or "impression"
            (the other one stays as it is, and the pair is flagged where it is then out of step).
        splits: Splits that are mixed, each within itself; the others are counted as left out.
        findings: Findings that may be exchanged, by lexicon id; empty means the strategy's default.
        max_uses_per_donor: How often a study may give.
        labels: Who says which findings a study has: "rules" (the report, read by rules), "csv" (a label table;
            the report must still have a sentence for what is exchanged), or "both-agree".
        label_table: CSV of labels by study, "" for the labels that come with the data set.
        exclude_ids: File with study or subject ids to leave out, one a line.
        unpaired: What the studies of `dataset.unpaired` may be beside those with reports of their own: "donor",
            "recipient" or "both"; "none" where there is no such data set.
        embeddings: File of global embeddings that `nearest` ranks donors by; "" for none.
        policy: What differs from the packaged policy, by lexicon id: `[plan.policy.cardiomegaly] image = "soft"`.
    """

    seed: int = 0
    pairs_per_study: int = 1
    pairing: str = "same-finding"
    sections: str = "mirror"
    splits: tuple[str, ...] = ("train",)
    findings: tuple[str, ...] = ()
    max_uses_per_donor: int = 5
    labels: str = "rules"
    label_table: str = ""
    exclude_ids: str = ""
    unpaired: str = "none"
    embeddings: str = ""
    policy: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class MixingSettings:
    """`[mixing]`: named strategies; `[mixing.options.<strategy>]` holds their constructor arguments.

    Attributes:
        energy: How masks and weights that need one read a map: "softmax", "relu" or "decoder".
    """

    mask: str = "topk"
    energy: str = "softmax"
    gate: str = "null-max"
    region: str = "in-place-union"
    blend: str = "feather"
    weight: str = "img-mass"
    options: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ImageSettings:
    """`[image]`: the canonical canvas.

    Attributes:
        canvas: Side in pixels, a multiple of 112 so that patches of 14 and of 16 pixels both align.
        dicom_mode: How DICOM becomes grey: "mimic-jpg", "voi" or "minmax".
        format: How mixed pictures are stored: "png", "jpeg" or "webp".
        features: Whether the encoder's mixed patch features are stored as well.
    """

    canvas: int = 448
    dicom_mode: str = "mimic-jpg"
    format: str = "png"
    features: bool = False


@dataclass(frozen=True, slots=True)
class RunSettings:
    """`[run]`: how the work is done; only `shard_size` shows in the output.

    Attributes:
        shard_size: Pairs a shard.
        workers: Threads (reading reports: processes); 0 means the CPUs this process may use.
        max_fail_frac: Share of planned pairs that may fail before the exit code says so.
        stage_dir: Folder on a fast local disk into which pictures are copied before they are read; "" for none.
        engine: Registered name of what renders the shards.
        engine_options: Constructor arguments of the engine.
    """

    shard_size: int = 1000
    workers: int = 0
    max_fail_frac: float = 0.01
    stage_dir: str = ""
    engine: str = "local"
    engine_options: Mapping[str, Any] = field(default_factory=dict)


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

    def semantic(self) -> dict[str, Any]:
        """Return what decides the output as plain values: no places on disk, no number of workers."""
        tree = plain(self)
        for table, key in _NOT_SEMANTIC:
            tree[table].pop(key, None)
        for place in _PLACES:
            tree["dataset"]["options"].pop(place, None)
            tree["dataset"]["unpaired_options"].pop(place, None)
        return tree


_NOT_SEMANTIC = (
    ("dataset", "root"),
    ("dataset", "reports"),
    ("dataset", "unpaired"),
    ("reports", "nlp_model"),
    ("encoder", "weights"),
    ("encoder", "device"),
    ("encoder", "batch_size"),
    ("plan", "exclude_ids"),
    ("plan", "label_table"),
    ("plan", "embeddings"),
    ("run", "workers"),
    ("run", "max_fail_frac"),
    ("run", "stage_dir"),
    ("run", "engine"),
    ("run", "engine_options"),
)
"""Files are known by what is in them: their hashes are in the fingerprint, their paths are not."""

_PLACES = ("tables", "reports")
"""Options of data sets that say where something lies; what lies there is hashed into the sources."""


def plain(settings: Any) -> dict[str, Any]:
    """Turn a settings record into what JSON and TOML hold."""
    tree: dict[str, Any] = json.loads(json.dumps(asdict(settings), default=str))
    return tree
