"""Who reads one folder of an export, and how: a profile's line with the names that its files have there."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping

from medcutmix_cli.exports.profile import SPLITS

_NAMES = {"validate": ("validate", "validation", "valid", "val")}
"""What readers call a split that MIMIC-CXR calls otherwise."""

_PATH = re.compile(r"OUT/([\w./{}-]+)")


def reader_line(line: str, tree: str, parts: Mapping[str, int], paths: Collection[str]) -> str:
    """Return a profile's line for one folder of an export; OUT still stands for the export.

    Args:
        line: `ExportProfile.reader`.
        tree: The folder; "" where all lie together.
        parts: Parts of each split that has a row there, in the order of splits.
        paths: Of all files of the export.
    """
    placed = line.replace("OUT", f"OUT/{tree}") if tree else line
    lines = list(_lines(placed, parts))
    return next((one for one in lines if _is_there(one, paths)), lines[0])


def example_line(line: str) -> str:
    """Return a profile's line for pages: of train, with LAST as it stands."""
    return line.replace("SPLIT", SPLITS[0])


def _lines(line: str, parts: Mapping[str, int]) -> Iterator[str]:
    """Yield the line with each name that the first split may have."""
    split = next(iter(parts))
    for name in _NAMES.get(split, (split,)):
        yield line.replace("SPLIT", name).replace("LAST", f"{parts[split] - 1:05d}")


def _is_there(line: str, paths: Collection[str]) -> bool:
    named = [path.partition("{")[0] for path in _PATH.findall(line)]
    return all(any(path.startswith(name) for path in paths) for name in named)
