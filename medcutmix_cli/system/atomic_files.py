"""Put a file in place whole, or not at all: beside it first, made durable, then renamed. Knows no format."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from medcutmix_cli.errors import RunError
from medcutmix_cli.system.private_files import begin_private_file
from medcutmix_cli.system.temporary_files import temporary_beside


@contextmanager
def publish(target: Path, look: Callable[[], None] | None = None) -> Iterator[Path]:
    """Give a temporary path in the target's folder; on success make it durable and put it in place at once.

    On any error, a signal included, the temporary file goes and the target stays as it was. From its beginning the
    file is one that only its owner can read.

    Args:
        target: Where the file is to be.
        look: Called in the last moment before the file is put in place; what it raises prevents that.

    Raises:
        RunError: Somebody removed the temporary file.
    """
    with temporary_beside(target) as temporary:
        begin_private_file(temporary)
        yield temporary
        _make_durable(temporary, target)
        if look:
            look()
        temporary.replace(target)
        _sync_folder(target.parent)


def write_text(path: Path, text: str) -> None:
    """Put a text file in place at once; one that says the same is left alone: its folder may be for reading only."""
    content = text.encode("utf-8")
    with suppress(OSError):
        if path.read_bytes() == content:
            return
    with publish(path) as temporary:
        temporary.write_bytes(content)


@contextmanager
def publish_first(target: Path) -> Iterator[Path]:
    """Like `publish`, but what lies there already stays: of several tasks the first one's file counts."""
    with temporary_beside(target) as temporary:
        begin_private_file(temporary)
        yield temporary
        _make_durable(temporary, target)
        with suppress(FileExistsError):
            _link_or_replace(temporary, target)
        _sync_folder(target.parent)


def _make_durable(temporary: Path, target: Path) -> None:
    try:
        with temporary.open("rb") as handle:
            os.fsync(handle.fileno())
    except FileNotFoundError as error:
        if not target.parent.is_dir():
            raise
        what = "the half-written file was removed by somebody else"
        hint = "was this process suspended for hours, or the folder cleaned up? run the same command again"
        raise RunError(what, where=str(target), hint=hint) from error


def _link_or_replace(temporary: Path, target: Path) -> None:
    try:
        target.hardlink_to(temporary)
    except OSError as error:
        if error.errno not in (errno.EPERM, errno.ENOTSUP, errno.ENOSYS, errno.EMLINK):
            raise
        # A file system without hard links: between the look and the renaming another may still come, and be replaced.
        if not target.exists():
            temporary.replace(target)


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.ENOTSUP):  # not every file system can do this to a folder
            raise
    finally:
        os.close(handle)
