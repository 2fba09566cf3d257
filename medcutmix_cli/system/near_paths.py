"""What a path that is not there may have been meant to be: the nearest name in the same folder."""

from __future__ import annotations

import os
from itertools import islice
from pathlib import Path

from medcutmix_cli.errors import nearest

_MOST = 10_000  # names of a folder that are looked at


def near_path(path: Path) -> str:
    """Return a question for what lies in the same folder under the nearest name; "" where nothing is near."""
    try:
        with os.scandir(path.parent) as entries:
            names = [entry.name for entry in islice(entries, _MOST)]
    except OSError:
        return ""
    return nearest(path.name, sorted(name for name in names if not name.startswith(".")))
