"""The run folder: where everything lies. Knows what no file says.

    RUN/run.json  plan.parquet  reserve.parquet  nulls.parquet  calibration.json  findings.toml  README.md
    RUN/row.schema.json  plan-1.parquet, ... (of refills)
    RUN/data/part-00000.parquet  state/part-00000.json  failures/part-00000.jsonl  logs/

A shard is complete when its state file is there: it is written last. There are no lock files: two tasks that render
the same shard write the same bytes, and where they do not, `run.commit` keeps what belongs together.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryFile

from medcutmix_cli.errors import RunError
from medcutmix_cli.system.private_files import make_files_private, make_private_folder
from medcutmix_cli.system.storage_errors import explain_storage_errors
from medcutmix_cli.system.temporary_files import is_of_another, is_temporary, remove_abandoned
from medcutmix_cli.system.unicode_paths import check_unicode


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
