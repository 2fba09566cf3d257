"""What run.json says of a run: settings, sources, counts, and the size of every shard. Knows no state of a shard."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

from medcutmix_cli.configuration.resolution import from_plain
from medcutmix_cli.errors import MAY_NOT_READ, RunError, UsageError, cause, unreadable
from medcutmix_cli.run.folder import RunFolder
from medcutmix_cli.run.seals import BrokenSealError, read_sealed, write_sealed
from medcutmix_cli.system.near_paths import near_path

RUN_FORMAT = 2
"""Since 2 every file of a run is under a seal (see `run.seals`), and the fingerprint knows `synthetic`."""

SEALED_SINCE = 2

_READABLE_FORMATS = (1, RUN_FORMAT)

_COUNTS = frozenset({"studies", "dropped", "images_dropped", "refused", "pairs_missing"})


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


def write_run(folder: RunFolder, record: RunRecord) -> None:
    """Put run.json in place at once, with its seal."""
    write_sealed(folder.run_file, asdict(record))


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


def _no_run_hint(folder: RunFolder) -> str:
    if folder.plan_file.exists():
        return "its plan was interrupted: run `medcutmix plan` or `augment` again"
    near = "" if folder.root.exists() else near_path(folder.root)
    return near or "make one with: medcutmix augment DATASET RUN"
