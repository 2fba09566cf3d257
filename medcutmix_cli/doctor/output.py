"""The output folder: space, and whether its disk renames at once and keeps rights. Leaves nothing behind."""

from __future__ import annotations

import os
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path

from medcutmix_cli.doctor.records import Diagnosis, Surroundings
from medcutmix_cli.errors import RunError
from medcutmix_cli.system.atomic_files import publish
from medcutmix_cli.system.disk_space import free_bytes, nearest_folder
from medcutmix_cli.system.private_files import make_private_folder

LITTLE, ENOUGH = 1 << 30, 20 << 30
"""Free bytes below which a run of any size will end, and below which a large one may."""

_ESTIMATE = "medcutmix augment DATASET RUN --dry-run says what a run takes"


def check_space(surroundings: Surroundings) -> Iterator[Diagnosis]:
    """Say how much the disk of the output folder has left, in bytes and in files."""
    if surroundings.out is None:
        return
    home = nearest_folder(surroundings.out)
    free, files = free_bytes(home), os.statvfs(home)
    what = f"{free / 1e9:,.1f} GB free at {home}"
    if free < LITTLE or (files.f_files and files.f_favail < 1000):
        short = what if free < LITTLE else f"the disk at {home} takes only {files.f_favail:,} more files"
        yield Diagnosis("fail", short, "make space, or choose a folder on another disk")
    elif free < ENOUGH:
        yield Diagnosis("warn", what, _ESTIMATE)
    else:
        yield Diagnosis("pass", what)


def check_rights(surroundings: Surroundings) -> Iterator[Diagnosis]:
    """Make a private folder there, put a file in place by renaming, and take both away again."""
    if surroundings.out is None:
        return
    home = nearest_folder(surroundings.out)
    try:
        with tempfile.TemporaryDirectory(prefix=".medcutmix-doctor-", dir=home) as scratch:
            _try_disk(Path(scratch))
    except OSError as error:
        fix = "choose a folder of your own"
        yield Diagnosis("fail", f"nothing can be written at {home}: {(error.strerror or '').lower()}", fix)
    else:
        yield Diagnosis("pass", f"files are put in place at once, and stay private, at {home}")


def _try_disk(scratch: Path) -> None:
    """Do with a file what a run does with a shard.

    Raises:
        RunError: The disk keeps no rights, or a renamed file is not the one that was written.
        OSError: It cannot be written, or not be renamed.
    """
    folder = scratch / "run"
    make_private_folder(folder)
    target = folder / "part.parquet"
    for content in (b"first", b"second"):
        with publish(target) as temporary:
            temporary.write_bytes(content)
    if target.read_bytes() != b"second" or stat.S_IMODE(target.stat().st_mode) & 0o077:
        raise RunError(
            "a renamed file is not as it was written", where=str(scratch), hint="choose another disk"
        )
