"""What the benchmark runs: the tables of a TOML file as records. Knows no picture and no model."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, field, fields, replace
from pathlib import Path
from typing import Any, TypeVar

from medcutmix_cli.errors import UsageError
from medcutmix_cli.findings import CHEXPERT
from medcutmix_cli.reports.lexicon import label_of
from medcutmix_cli.seeds import stable_hash

DEFAULT = Path(__file__).with_name("benchmark.toml")
ROWS = ("none", "copies", "mixed")
PRECISIONS = ("fp32", "bf16")
NEGATIVES = ("parents", "labels")
REMOVED = ("absent", "left out")
Table = TypeVar("Table")


@dataclass(frozen=True, slots=True)
class Training:
    """How every arm is trained; the same for all of them.

    Attributes:
        side: Of the pictures that the network sees, pixels.
        steps: Of the classifier.
        contrastive_steps: Of the contrastive model.
        batch: Pairs in a batch of the classifier: small, so that it has many steps in the same time.
        contrastive_batch: Of the contrastive model, whose negatives are those of its batch.
        share: Of a batch that is extra rows, in [0, 1]; the rest are originals.
        rate: Highest learning rate, of a one-cycle schedule.
        decay: Weight decay.
        width: Channels of the network's first block.
        embedding: Length of the common embedding.
        unmentioned: What a finding counts that a report does not name; NaN leaves it out of the loss.
        threads: Of torch, in each of the two trainings of an arm, which run side by side.
        precision: Of the convolutions, "bf16" or "fp32"; weights are kept in fp32 either way.
    """

    side: int = 64
    steps: int = 1200
    contrastive_steps: int = 600
    batch: int = 32
    contrastive_batch: int = 64
    share: float = 0.2
    rate: float = 0.003
    decay: float = 0.05
    width: int = 16
    embedding: int = 64
    unmentioned: float = 0.0
    threads: int = 1
    precision: str = "bf16"


@dataclass(frozen=True, slots=True)
class Arm:
    """One way to fill the extra rows of the batches.

    Attributes:
        rows: "none", "copies" (originals of rare cells again) or "mixed" (a run of medcutmix).
        every: All rows that the run wrote, instead of as many as every arm has.
        negatives: What takes rows for no negatives of each other in the contrastive loss: "parents", where one is
            common, and what the labels do not tell; or "labels" alone, so that a mix is told from its own recipient.
        removed: What the classifier takes for what a mix's recipient had and it no longer speaks of: "absent", as all
            silence, or "left out" of its loss, since a picture may still show it.
        options: Keywords of `medcutmix_cli.augment`, pairing first of all. In words, {finding}, {attribute} and
            {attributes}, a table of the attribute by study_id, stand for those of the set.
        targeted: The run fills the rare cell of the set: its finding where its attribute is not.
        weighted: Targets are `label_w`; otherwise what the mixed report says.
        copies: Share of the arm's rows that are copies of rare originals after all, in [0, 1).
        alone: The classifier learns the set's finding alone from the arm's rows, and nothing of the others.
        layer: Mix the parents' states behind so many blocks; -1 takes the mixed picture.
        share: Of the batch, where it is not that of the set; -1 for that one.
        group: "main", or "ablation": run with `--ablations` only.
    """

    name: str
    rows: str = "mixed"
    every: bool = False
    negatives: str = "parents"
    removed: str = "absent"
    options: Mapping[str, Any] = field(default_factory=dict)
    targeted: bool = False
    weighted: bool = False
    copies: float = 0.0
    alone: bool = False
    layer: int = -1
    share: float = -1.0
    group: str = "main"


@dataclass(frozen=True, slots=True)
class StudySet:
    """What the studies of a chunk are like.

    Attributes:
        finding: Lexicon id of the finding that the set is about; "" for all.
        attribute: What goes with the finding in the training set: "device" (any), "pacemaker",
            "view" (AP) or "exposure" (much scatter); "" for nothing.
        together: Share of the finding's studies that have the attribute, and of the others that lack it.
        positives: Studies of the training set with the finding; 0 leaves it to chance.
        share: Of the batch that is extra rows, where it is not that of the training; -1 for that one.
        train, test: Studies.
        site: Test pictures are of another site, with other exposure.
        contrastive: Whether the contrastive model is trained as well; the classifier always is.
        dataset: A data set of your own instead of phantoms: anything that medcutmix opens.
        reports: Where its reports are, if not in it.
        runs: Run folder by name of the arm, instead of runs made here.
        labels: CSV of labels by study_id: the truth of the test studies. Without it, what their reports say.
        attributes: CSV with a column `study_id` and one named as `attribute`, of 0 and 1.
        tests: Folder or table by kind, chexpert, nih or rsna: tested on, beside the data set's own test split.
    """

    name: str
    finding: str = ""
    attribute: str = ""
    together: float = 0.9
    positives: int = 0
    share: float = -1.0
    train: int = 500
    test: int = 600
    site: bool = False
    contrastive: bool = True
    dataset: str = ""
    reports: str = ""
    runs: Mapping[str, str] = field(default_factory=dict)
    labels: str = ""
    attributes: str = ""
    tests: Mapping[str, str] = field(default_factory=dict)

    @property
    def observation(self) -> str:
        """The CheXpert name of the finding, "" for none.

        Raises:
            UsageError: It is no finding of the lexicon, or of no observation.
        """
        known = label_of("chexpert")
        if self.finding and self.finding not in known:
            hint = f"known: {', '.join(sorted(known))}"
            raise UsageError(f"the finding of set {self.name!r} is {self.finding!r}", hint=hint)
        return known.get(self.finding, "")


OBSERVATION = {
    "pleural_effusion": "Pleural Effusion",
    "consolidation": "Consolidation",
    "pneumothorax": "Pneumothorax",
    "nodule": "Lung Lesion",
    "mass": "Lung Lesion",
    "atelectasis": "Atelectasis",
    "edema": "Edema",
    "cardiomegaly": "Cardiomegaly",
    "support_devices": "Support Devices",
}
"""What each finding of the phantoms counts as."""

OBSERVED = tuple(name for name in CHEXPERT if name in set(OBSERVATION.values()))
"""The observations that are measured, in CheXpert order."""


@dataclass(frozen=True, slots=True)
class Benchmark:
    """All of it.

    Attributes:
        chunks: How many are reported; none shares a patient with another.
        rows: Extra rows of each arm, as a share of the training studies: more are cut, fewer are repeated.
        seed: Another seed, other phantoms.
        look, prose: Of the phantoms and of their reports, as `medcutmix sample` has them.
        height: Rows of the phantoms' pictures, pixels.
        canvas: Of the runs, pixels.
        pairs_per_study: Of the runs.
        workers: Threads that paint and mix; 0 takes the CPUs allowed.
        encoder: Of the runs.
    """

    sets: tuple[StudySet, ...]
    arms: tuple[Arm, ...]
    training: Training
    chunks: int = 10
    rows: float = 0.25
    seed: int = 0
    look: int = 1
    prose: int = 2
    height: int = 320
    canvas: int = 224
    pairs_per_study: int = 1
    workers: int = 0
    encoder: str = "bundled"

    def share_of(self, studies: StudySet, arm: Arm) -> float:
        """Return the share of a batch that is an arm's rows: its own, its set's, or that of the training."""
        told = (arm.share, studies.share, self.training.share)
        return next(share for share in told if share >= 0)

    def set_named(self, name: str) -> StudySet:
        """Return a set.

        Raises:
            UsageError: There is none of that name.
        """
        return _named(self.sets, name, "set")

    def computed_in(self, precision: str) -> Benchmark:
        """Return the benchmark with another precision of its trainings, and so with other digests."""
        return replace(self, training=replace(self.training, precision=precision))

    def digest(self, studies: StudySet, arm: Arm) -> str:
        """Return 16 hex digits of all that decides the result of an arm, and is not as it is by default.

        So a setting that is new, and not used, leaves the results of earlier settings what they are.
        """
        share = self.share_of(studies, arm)
        decisive = -1.0 if arm.rows == "none" or share == self.training.share else share
        records = (self.training, replace(studies, share=-1.0), replace(arm, share=decisive))
        told = [_changed(self, _NOT_DECISIVE), *(_changed(each) for each in records)]
        return stable_hash(json.dumps(told, sort_keys=True, default=str))


def _changed(record: Any, left_out: tuple[str, ...] = ()) -> dict[str, Any]:
    """Return the fields of a record that are other than by default."""
    told = {f.name: getattr(record, f.name) for f in fields(record) if f.name not in left_out}
    plain = {
        f.name: f.default if f.default_factory is MISSING else f.default_factory() for f in fields(record)
    }
    return {name: value for name, value in told.items() if value != plain[name]}


_NOT_DECISIVE = ("sets", "arms", "training", "chunks", "workers")


def read_config(path: Path = DEFAULT) -> Benchmark:
    """Read a benchmark.

    Raises:
        UsageError: A key is unknown, or a value makes no sense.
    """
    table = tomllib.loads(path.read_text(encoding="utf-8"))
    sets = [_record(StudySet, {"name": name, **row}, path) for name, row in table.pop("sets", {}).items()]
    arms = [_record(Arm, {"name": name, **row}, path) for name, row in _arms(table, path).items()]
    training = _record(Training, table.pop("training", {}), path)
    if training.precision not in PRECISIONS:
        raise UsageError(f"the precision is {training.precision!r}", hint=f"one of {PRECISIONS}")
    for arm in arms:
        _check_arm(arm)
    whole = {"sets": tuple(sets), "arms": tuple(arms), "training": training, **table.pop("benchmark", {})}
    if table:
        raise UsageError(f"there is no table [{next(iter(table))}]", where=str(path))
    return _record(Benchmark, whole, path)


def _check_arm(arm: Arm) -> None:
    words = (
        ("rows", arm.rows, ROWS),
        ("negatives", arm.negatives, NEGATIVES),
        ("removed findings", arm.removed, REMOVED),
    )
    for what, told, known in words:
        if told not in known:
            raise UsageError(f"the {what} of arm {arm.name!r} are {told!r}", hint=f"one of {known}")
    if arm.copies and (arm.layer >= 0 or arm.rows != "mixed"):
        raise UsageError(f"arm {arm.name!r} cannot have copies beside", hint="mixed rows without a layer can")


def _arms(table: dict[str, Any], path: Path) -> dict[str, dict[str, Any]]:
    """Take the arms out of a table; one that is `like` another has its keys, and its options beside its own.

    Raises:
        UsageError: It is like none that is told before it.
    """
    found: dict[str, dict[str, Any]] = {}
    for name, told in table.pop("arms", {}).items():
        row = dict(told)
        base = row.pop("like", None)
        if base is not None and base not in found:
            raise UsageError(f"arm {name!r} is like {base!r}, which is not before it", where=str(path))
        own = found.get(base, {})
        options = {**own.get("options", {}), **row.get("options", {})}
        found[name] = {**own, **row, **({"options": options} if options else {})}
    return found


def narrowed(whole: Benchmark, sets: tuple[str, ...], arms: tuple[str, ...], *, ablations: bool) -> Benchmark:
    """Keep some sets and arms; none named keeps all, and the arms of an ablation only where they are asked for."""
    chosen = [_named(whole.arms, name, "arm") for name in arms]
    chosen = chosen or [arm for arm in whole.arms if ablations or arm.group == "main"]
    kept = tuple(whole.set_named(name) for name in sets) or whole.sets
    return replace(whole, sets=kept, arms=tuple(chosen))


def _record(kind: type[Table], row: Mapping[str, Any], path: Path) -> Table:
    known = {entry.name for entry in fields(kind)}  # type: ignore[arg-type]
    if unknown := sorted(set(row) - known):
        raise UsageError(
            f"{kind.__name__} has no {unknown[0]!r}", where=str(path), hint=f"known: {sorted(known)}"
        )
    return kind(**row)


def _named(several: tuple[Any, ...], name: str, what: str) -> Any:
    found = [each for each in several if each.name == name]
    if not found:
        raise UsageError(f"there is no {what} {name!r}", hint=", ".join(each.name for each in several))
    return found[0]
