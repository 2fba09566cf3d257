"""The run folder: where everything lies, and what its small JSON files say. Knows no pixel and no report.

    RUN/run.json  plan.parquet  reserve.parquet  nulls.parquet  calibration.json  findings.toml  README.md
    RUN/row.schema.json  plan-1.parquet, ... (of refills)
    RUN/data/part-00000.parquet  state/part-00000.json  failures/part-00000.jsonl  logs/

A shard is complete when its state file is there: it is written last. There are no lock files: two tasks that render
the same shard write the same bytes, and where they do not, `run.commit` keeps what belongs together.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any

from medcutmix_cli.configuration.resolution import from_plain
from medcutmix_cli.errors import MAY_NOT_READ, RunError, UsageError, cause, unreadable
from medcutmix_cli.run.row_counts import to_row_counts
from medcutmix_cli.run.seals import BrokenSealError, indented_json, read_sealed, seal_json, write_sealed
from medcutmix_cli.system.atomic_files import publish
from medcutmix_cli.system.near_paths import near_path
from medcutmix_cli.system.private_files import make_files_private, make_private_folder
from medcutmix_cli.system.storage_errors import explain_storage_errors
from medcutmix_cli.system.temporary_files import is_of_another, is_temporary, remove_abandoned
from medcutmix_cli.system.unicode_paths import check_unicode

RUN_FORMAT = 2
"""Since 2 every file of a run is under a seal (see `run.seals`), and the fingerprint knows `synthetic`."""

SEALED_SINCE = 2
_READABLE_FORMATS = (1, RUN_FORMAT)

CORRUPT_JPEG_KEPT = "corrupt-jpeg-kept"
"""Name under which pictures of written pairs are counted that libjpeg calls corrupt: one for each pair it went into."""

NEIGHBOUR_UNMAPPED = "neighbour-unmapped"
"""Name under which pairs are counted that a guard could not look after: a neighbour's sentence has no map."""


@dataclass(frozen=True, slots=True)
class RunFolder:
    """The paths of one run."""

    root: Path

    def __post_init__(self) -> None:
        """Refuse a name that cannot be written down."""
        check_unicode(str(self.root))

    @property
    def run_file(self) -> Path:
        """Settings, sources, counts: written when the plan is whole."""
        return self.root / "run.json"

    @property
    def plan_file(self) -> Path:
        """The frozen pairs; row group k is shard k."""
        return self.root / "plan.parquet"

    @property
    def reserve_file(self) -> Path:
        """The pairs that replace those which rendering rejects."""
        return self.root / "reserve.parquet"

    @property
    def nulls_file(self) -> Path:
        """The pictures that the evidence gate is calibrated on, chosen by the plan."""
        return self.root / "nulls.parquet"

    @property
    def lexicon_file(self) -> Path:
        """A copy of the user's lexicon; not there where the built-in one is used."""
        return self.root / "findings.toml"

    @property
    def calibration_file(self) -> Path:
        """What the encoder made of them: written once a run, the same for every task."""
        return self.root / "calibration.json"

    @property
    def card_file(self) -> Path:
        """The data card."""
        return self.root / "README.md"

    @property
    def schema_file(self) -> Path:
        """The JSON Schema of a row."""
        return self.root / "row.schema.json"

    @property
    def folders(self) -> tuple[Path, ...]:
        """The run folder itself first, then those in it."""
        return (self.root, *(self.root / name for name in ("data", "state", "failures")))

    def shard_file(self, shard: int) -> Path:
        """Return where shard `shard` lies."""
        return self.root / "data" / f"part-{shard:05d}.parquet"

    def state_file(self, shard: int) -> Path:
        """Return the file that says that the shard is complete."""
        return self.root / "state" / f"part-{shard:05d}.json"

    def attempts_file(self, shard: int) -> Path:
        """Return the file that counts the renderings of a shard that is not complete yet."""
        return self.root / "state" / f"part-{shard:05d}.attempts"

    def failures_file(self, shard: int) -> Path:
        """Return the list of what was rejected or failed."""
        return self.root / "failures" / f"part-{shard:05d}.jsonl"

    def create(self) -> None:
        """Make the folders, and all that lies in them, readable by the owner only: they hold report text.

        Raises:
            RunError: They cannot be made, or not be made private.
        """
        with explain_storage_errors(self.root):
            for folder in self.folders:
                make_private_folder(folder)
                make_files_private(folder)

    @contextmanager
    def claim_for_planning(self) -> Iterator[None]:
        """Make the folder now, and see that it can be written to: not after all reports have been read.

        If nothing comes into it, it goes again. A folder with a plan is left alone: there may be nothing to write.

        Raises:
            RunError: It cannot be made, or not be written to.
        """
        if self.root.exists() and (self.is_run() or not self.root.is_dir()):
            yield
            return
        made = [folder for folder in (self.root, *self.root.parents) if not folder.exists()]
        try:
            _check_writable(self.root)
            yield
        finally:
            with suppress(OSError):  # what has come into it stays
                for folder in made:
                    folder.rmdir()

    def is_run(self) -> bool:
        """Say whether a whole plan lies here."""
        return self.run_file.is_file()

    def foreign_files(self) -> list[str]:
        """List names in the folder that are no part of any run."""
        ours = {
            *("run.json", "plan.parquet", "nulls.parquet", "calibration.json", "README.md", "report.html"),
            *("findings.toml", "reserve.parquet", "row.schema.json", "report_files"),
            *("data", "state", "failures", "logs"),
        }
        if not self.root.is_dir():
            return []
        names = (p.name for p in sorted(self.root.iterdir()))
        others = (name for name in names if name not in ours and not is_temporary(name))
        return [name for name in others if not re.fullmatch(r"plan-\d+\.parquet", name)]

    def shards_there(self) -> bool:
        """Say whether a shard, or what speaks of one, lies here: of this run, or of one that was here before."""
        there = (self.root.glob(pattern) for pattern in ("data/part-*.parquet", "state/part-*.json"))
        return any(any(files) for files in there)

    def clean_temporaries(self) -> None:
        """Remove what nobody writes any more (see `system.temporary_files`); others may be at work in this folder."""
        for folder in self.folders:
            remove_abandoned(folder)
        for path in (self.root / "state").glob("*.attempts"):
            if path.with_suffix(".json").exists():  # killed between the state file and this one's end
                path.unlink(missing_ok=True)

    def is_written_here(self) -> bool:
        """Say whether another process of this machine has something half-written in this folder."""
        return any(is_of_another(path.name) for folder in self.folders for path in folder.glob(".*.tmp"))


@dataclass(frozen=True, slots=True)
class RunRecord:
    """What run.json says.

    Attributes:
        settings: The whole settings tree (`settings.plain`).
        origins: Where each setting came from.
        sources: What the data set was made of: names, sizes, hashes.
        encoder: `EncoderCard` as a dict.
        versions: Of medcutmix and the shard schema: another one makes no shards of this plan.
        synthetic: Whether the data set is procedural, with no patient in it.
        counts: Of planning: studies, sentences, findings, pairs, drops by reason, refusals by reason.
        shards: Number of pairs in each shard, those of refills behind those of the plan.
        fingerprint: Of all that decides the output.
        libraries: Versions of the libraries that the plan was made with, and of Python; told only. Empty where an
            earlier version made the plan.
        refills: What each refill decided, in order (see `run.refill`).
        files: Name -> "bytes" and "sha256" of what planning and refills wrote (see `run.manifest`); empty where an
            earlier version made the plan.
    """

    settings: dict[str, Any]
    origins: dict[str, str]
    sources: dict[str, Any]
    encoder: dict[str, Any]
    versions: dict[str, Any]
    synthetic: bool
    counts: dict[str, Any]
    shards: list[int]
    fingerprint: str
    format: int = RUN_FORMAT
    libraries: dict[str, str] = field(default_factory=dict)
    refills: list[dict[str, Any]] = field(default_factory=list)
    files: dict[str, dict[str, Any]] = field(default_factory=dict)

    @property
    def sealed(self) -> bool:
        """Say whether each of the run's files must have a seal."""
        return self.format >= SEALED_SINCE


@dataclass(frozen=True, slots=True)
class ShardState:
    """What a state file says of a complete shard.

    Attributes:
        rejected: Pairs refused by a rule of the method, by reason (likewise failed: by "stage:reason").
        seconds: Wall time of the rendering that completed it.
        device: Where the encoder ran.
        attempts: How many renderings it took.
        notes: What a user should know, by name ("sentence-truncated", "batch-halved"), counted.
        calibration: Hash of the calibration file it was gated by, "" without a gate.
        failures: Hash of its failure list, "" where an earlier version wrote it.
        unmixed: How many of the written rows are studies as they are.
        encoder_seconds: For how much of that time the encoder's device computed; on a CPU, which share of all workers'
            time they asked it. 0 where an earlier version wrote it (likewise worker_seconds: for how much of it the
            workers worked, files and decoders included, on average over them).
        counts: `RowCounts` of the written rows as a dict: the shape of a run is told of them; empty where an earlier
            version wrote it.
    """

    shard: int
    planned: int
    written: int
    rejected: dict[str, int]
    failed: dict[str, int]
    sha256: str
    bytes: int
    seconds: float
    device: str
    attempts: int
    notes: dict[str, int] = field(default_factory=dict)
    calibration: str = ""
    failures: str = ""
    unmixed: int = 0
    encoder_seconds: float = 0.0
    worker_seconds: float = 0.0
    counts: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class PairOutcome:
    """One line of a failure list: a pair that was not written. Never holds report text.

    Attributes:
        outcome: "rejected" or "failed".
        stage: "mask", "image", "encode", "mix".
        reason: A name that is counted.
        error: Exception class, "" for a rejection.
    """

    pair_id: str
    recipient: str
    donor: str
    outcome: str
    stage: str
    reason: str
    error: str = field(default="")


def write_json(path: Path, value: Mapping[str, Any] | list[Any]) -> None:
    """Put a JSON file in place at once, keys sorted."""
    write_text(path, indented_json(value))


def write_text(path: Path, text: str) -> None:
    """Put a text file in place at once; one that says the same is left alone: its folder may be for reading only."""
    content = text.encode("utf-8")
    with suppress(OSError):
        if path.read_bytes() == content:
            return
    with publish(path) as temporary:
        temporary.write_bytes(content)


def write_run(folder: RunFolder, record: RunRecord) -> None:
    """Put run.json in place at once, with its seal."""
    write_sealed(folder.run_file, asdict(record))


def state_text(state: ShardState) -> str:
    """Return the text of a state file, with its seal."""
    return seal_json(asdict(state))


def outcome_lines(outcomes: list[PairOutcome]) -> str:
    """Return the text of a failure list, one JSON object a line; an empty one is written too: nothing failed."""
    return "".join(json.dumps(asdict(outcome), sort_keys=True) + "\n" for outcome in outcomes)


def read_outcomes(path: Path) -> list[PairOutcome]:
    """Read a failure list back."""
    lines = path.read_text(encoding="utf-8").splitlines()
    return [PairOutcome(**json.loads(line)) for line in lines]


def read_run(folder: RunFolder) -> RunRecord:
    """Read run.json.

    Raises:
        RunError: There is no run, or it cannot be read.
    """
    if not folder.is_run():
        raise RunError("there is no run in this folder", where=str(folder.root), hint=_no_run_hint(folder))
    try:
        return _usable(RunRecord(**read_sealed(folder.run_file)))
    except BrokenSealError as error:
        raise RunError(
            "run.json is not the file that was written",
            where=str(folder.run_file),
            hint="restore it from a copy; where things are now is said by options, not in the file",
        ) from error
    except OSError as error:
        raise RunError(
            unreadable("run.json", error), where=str(folder.run_file), hint=MAY_NOT_READ
        ) from error
    except (ValueError, TypeError, AttributeError, UsageError) as error:
        raise RunError(
            f"run.json cannot be read ({cause(error)})",
            where=str(folder.run_file),
            hint="was it written by another version, or edited?",
        ) from error


_COUNTS = frozenset({"studies", "dropped", "images_dropped", "refused", "pairs_missing"})


def _usable(record: RunRecord) -> RunRecord:
    """Return the record if all that others read from it is there.

    Raises:
        ValueError: It is of another format, or something is missing.
    """
    from_plain(record.settings)
    sizes = isinstance(record.shards, list) and all(isinstance(size, int) for size in record.shards)
    if record.format not in _READABLE_FORMATS or not sizes or not set(record.counts) >= _COUNTS:
        raise ValueError("another format")
    return record


def _check_writable(root: Path) -> None:
    try:
        with explain_storage_errors(root):
            root.mkdir(parents=True, exist_ok=True, mode=0o700)
            with TemporaryFile(dir=root):
                pass
    except RunError as error:
        if isinstance(error.__cause__, FileNotFoundError):  # what /proc says; nothing was removed
            hint = "choose an output folder on a disk that can be written to"
            raise RunError(error.what, where=error.where, hint=hint) from error
        raise


def _no_run_hint(folder: RunFolder) -> str:
    if folder.plan_file.exists():
        return "its plan was interrupted: run `medcutmix plan` or `augment` again"
    near = "" if folder.root.exists() else near_path(folder.root)
    return near or "make one with: medcutmix augment DATASET RUN"


def _plausible(state: ShardState, shard: int) -> ShardState:
    numbers = (
        state.shard,
        state.planned,
        state.written,
        state.bytes,
        *state.rejected.values(),
        *state.failed.values(),
    )
    if state.shard != shard or not all(isinstance(number, int) and number >= 0 for number in numbers):
        raise ValueError("numbers that cannot be")
    to_row_counts(state.counts)
    return state


def begin_attempt(folder: RunFolder, shard: int) -> int:
    """Count one more rendering of a shard, so that one that is killed again and again is seen.

    A shard that was complete is so no longer: while it is rendered again, no state file may speak of the old one.

    Returns:
        How many there have been, this one included.
    """
    state = read_state(folder, shard)
    attempts = max(read_attempts(folder, shard), state.attempts if state else 0) + 1
    write_sealed(folder.attempts_file(shard), {"attempts": attempts})
    folder.state_file(shard).unlink(missing_ok=True)
    return attempts


def read_attempts(folder: RunFolder, shard: int) -> int:
    """Return how often a shard that is not complete has been begun."""
    try:
        said = json.loads(folder.attempts_file(shard).read_text(encoding="ascii"))
    except (FileNotFoundError, ValueError):
        return 0
    number = (
        said.get("attempts") if isinstance(said, dict) else said
    )  # an earlier version wrote the number alone
    return number if isinstance(number, int) else 0


def read_state(folder: RunFolder, shard: int) -> ShardState | None:
    """Return the state of a shard, None where it is not complete."""
    path = folder.state_file(shard)
    if not path.is_file():
        return None
    try:
        return _plausible(ShardState(**read_sealed(path)), shard)
    except (ValueError, TypeError, AttributeError) as error:
        hint = "remove it; the shard will be rendered again"
        raise RunError("a state file cannot be read", where=str(path), hint=hint) from error


def read_complete(folder: RunFolder, shard: int) -> ShardState | None:
    """Return the state of a shard whose file is there as it was written, by its size; None where it must be rendered.

    A shard that was lost or cut short is rendered again, although its state file says that it was complete.
    """
    state = read_state(folder, shard)
    path = folder.shard_file(shard)
    whole = state is not None and path.is_file() and path.stat().st_size == state.bytes
    return state if whole else None
