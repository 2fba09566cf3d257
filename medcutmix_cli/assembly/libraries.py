"""Which versions of other people's software a plan was made with: told, and no part of the fingerprint.

Another patch of a library may change the last digit of a map; who compares two runs wants to know.
"""

from __future__ import annotations

import platform
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
    found = {"python": platform.python_version()}
    for name in DECISIVE:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return found
