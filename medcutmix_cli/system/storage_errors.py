"""What a full disk, a read-only folder or a failing share looks like to the person who meets it."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from medcutmix_cli.errors import RunError
from medcutmix_cli.system.near_paths import dangling_link


@contextmanager
def explain_storage_errors(where: Path) -> Iterator[None]:
    """Turn a full disk, a read-only folder and the like into one clear error about `where`."""
    try:
        yield
    except OSError as error:
        hint = _HINTS.get(error.errno or 0)
        if hint is None:
            raise
        hint = dangling_link(where) or hint
        reason = os.strerror(error.errno or 0).lower()
        raise RunError(f"cannot write: {reason}", where=str(where), hint=hint) from error


_HINTS = {
    errno.ENOSPC: "make space, then run the same command again; what is complete stays",
    errno.EDQUOT: "your quota is used up; make space, then run the same command again",
    errno.EFBIG: "the file-size limit is too low (ulimit -f); then run the same command again",
    errno.EIO: "the disk or the share fails; run the same command again when it answers",
    errno.ESTALE: "the share was mounted anew or the folder removed; run the same command again",
    errno.EROFS: "choose an output folder on a writable disk",
    errno.EACCES: "check the rights of the folder, or choose another",
    errno.EPERM: "check the rights of the folder, or choose another",
    errno.ENOENT: "was the folder removed during the run? run the same command again",
    errno.ENOTDIR: "a file stands where a folder is needed; choose another output folder",
    errno.EEXIST: "a file stands where a folder is needed; choose another output folder",
}
