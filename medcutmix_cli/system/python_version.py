"""Which Pythons it runs on. Imported before anything else, by any Python: no library, no new syntax."""

from __future__ import annotations

import sys

SUPPORTED = ((3, 11), (3, 12))
"""As `requires-python` in pyproject.toml says."""

_WHY = "scispaCy 0.6.2, which reads reports, needs numpy < 2, of which there are no wheels for Python 3.13 or newer"


def refuse_other_pythons(version: tuple[int, int] = sys.version_info[:2]) -> None:
    """Say at once, and in one line, that another Python is needed.

    Args:
        version: Major and minor number of the one that runs.

    Raises:
        ImportError: It is none of `SUPPORTED`.
    """
    if version in SUPPORTED:
        return
    why = _WHY if version > SUPPORTED[-1] else "it uses what older ones do not have"
    made_for = " and ".join(f"{major}.{minor}" for major, minor in SUPPORTED)
    raise ImportError(f"medcutmix runs on Python {made_for}, not on {version[0]}.{version[1]}: {why}")
