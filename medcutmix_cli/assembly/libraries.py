"""Which versions of other people's software a plan was made with: told, and no part of the fingerprint.

Another patch of a library may change the last digit of a map; who compares two runs wants to know.
"""

from __future__ import annotations

import platform
from contextlib import suppress
from functools import cache
from importlib import metadata

DECISIVE = (
    "numpy",
    "opencv-python-headless",
    "pillow",
    "pyarrow",
    "pydicom",
    "pyjpegls",
    "pylibjpeg-openjpeg",
    "python-gdcm",
    "scipy",
    "scispacy",
    "spacy",
    "torch",
    "transformers",
)
"""Distributions that read, compute or write what ends up in a shard."""


def library_versions() -> dict[str, str]:
    """Return the version of Python and of each library of `DECISIVE` that is installed, importing none of them."""
    versions = {"python": platform.python_version(), **{name: _version(name) for name in DECISIVE}}
    return {name: version for name, version in versions.items() if version}


@cache
def _version(name: str) -> str | None:
    """Return the version of a distribution, None where it is not installed: its whole metadata are read for it."""
    with suppress(metadata.PackageNotFoundError):
        return metadata.version(name)
    return None
