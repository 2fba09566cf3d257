"""What a path that is not there may have been meant to be: the nearest name in the same folder."""

from __future__ import annotations

import os
from itertools import islice
from pathlib import Path

from medcutmix_cli.errors import nearest

_MOST = 10_000  # names of a folder that are looked at


def near_path(path: Path) -> str:
    """Return a question for what lies in the same folder under the nearest name; "" where nothing is near.

    Of a link that leads nowhere say that, since its own name would be the nearest.
    """
    if astray := dangling_link(path):
        return astray
    try:
        with os.scandir(path.parent) as entries:
            names = [entry.name for entry in islice(entries, _MOST) if entry.name != path.name]
    except OSError:
        return ""
    return nearest(path.name, sorted(name for name in names if not name.startswith(".")))


def dangling_link(path: Path) -> str:
    """Say where a link leads that leads to nothing; "" for all else."""
    if path.exists() or not path.is_symlink():
        return ""
    return f"it is a link to {path.readlink()}, which is not there: make that, or remove the link"
