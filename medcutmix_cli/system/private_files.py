"""Files and folders that only their owner can read: what holds report text, or pictures of patients."""

from __future__ import annotations

import os
import stat
from contextlib import suppress
from pathlib import Path

from medcutmix_cli.errors import RunError

FOLDER_MODE, FILE_MODE = 0o700, 0o600


def make_private_folder(folder: Path) -> None:
    """Make a folder that only its owner can enter, or take the rights of others away from one that is there.

    Raises:
        RunError: It belongs to somebody else, or its disk keeps no rights.
        OSError: It cannot be made.
    """
    folder.mkdir(parents=True, exist_ok=True, mode=FOLDER_MODE)
    make_private(folder)


def make_private(path: Path) -> None:
    """Take the rights of group and others away from a file or folder; its owner's stay as they are.

    Raises:
        RunError: It belongs to somebody else, or its disk keeps no rights.
    """
    mode = _mode(path)
    if not mode & 0o077:
        return
    with suppress(PermissionError):
        path.chmod(mode & FOLDER_MODE)
    left = _mode(path)
    if left & 0o077:
        raise RunError(
            f"others can read what lies here (mode {left:03o}), and it cannot be made private",
            where=str(path),
            hint="reports are patients' data: choose a folder of your own, on a disk that keeps rights",
        )


def make_files_private(folder: Path) -> None:
    """Do the same with every file of a folder; those of its folders are left out."""
    with os.scandir(folder) as entries:
        files = [Path(entry.path) for entry in entries if entry.is_file(follow_symlinks=False)]
    for path in files:
        with suppress(FileNotFoundError):  # another task at work in this folder has put another in its place
            make_private(path)


def begin_private_file(path: Path) -> None:
    """Make an empty file that only its owner can read, for a writer that opens it by its name."""
    os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, FILE_MODE))
    make_private(path)  # one that was there keeps its mode when it is opened


def _mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)
