"""What others call the splits, as folders and files are named after them: `validation`, `train-00000-of-00002`."""

from __future__ import annotations

import re

SPLIT_NAMES = {
    "train": ("training", "tr"),
    "validate": ("valid", "val", "validation", "dev"),
    "test": ("testing", "eval"),
}
"""Split -> other names for it."""

_MEANINGS = {name: split for split, names in SPLIT_NAMES.items() for name in (split, *names)}


def split_named(name: str) -> str:
    """Return the split that a folder or file is named after, "" where it is named after none."""
    return _MEANINGS.get(re.split(r"[-_.]", name.lower(), maxsplit=1)[0], "")


def split_folder(name: str) -> str:
    """Return the split that a folder's whole name means, "" where it means none."""
    return _MEANINGS.get(name.lower(), "")
