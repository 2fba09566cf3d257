"""What the program needs installed, with licences, from the metadata of what is installed here. Asks no network."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import metadata

from packaging.requirements import Requirement

PROGRAM = "medcutmix"
EXTRAS = ("encoders", "gdcm", "huggingface", "ray")
"""What may be installed beside it to run it; what only tests and development need is left out."""

_CLASSIFIER = "License :: OSI Approved :: "
_WORDS = {
    "apache software license": "Apache-2.0",
    "apache 2.0": "Apache-2.0",
    "apache 2.0 license": "Apache-2.0",
    "mit license": "MIT",
    "bsd license": "BSD",
    "3-clause bsd license": "BSD-3-Clause",
    "isc license": "ISC",
    "isc license (iscl)": "ISC",
    "mozilla public license 2.0 (mpl 2.0)": "MPL-2.0",
    "the mit license (mit)": "MIT",
}
"""How metadata words a licence -> its SPDX id; "BSD" where no more is said."""

_SAID_ELSEWHERE = {"nmslib-metabrainz": "Apache-2.0"}
"""Licences that the metadata leaves out: of nmslib, LICENSE in its repository."""

ALLOWED = frozenset(
    {"Apache-2.0", "MIT", "MIT-CMU", "BSD", "BSD-2-Clause", "BSD-3-Clause", "BSL-1.0", "ISC", "PSF-2.0"}
    | {"CNRI-Python", "LLVM-exception", "MPL-2.0"}
)
"""Parts of licences that a dependency may have: permissive, and MPL-2.0, which binds changes to its files."""


@dataclass(frozen=True, slots=True, order=True)
class Dependency:
    """One package that is installed.

    Attributes:
        name: Normalised (PEP 503).
        licence: SPDX expression, as far as its metadata says one; "" where it says nothing that is known.
        direct: Whether the program names it itself.
    """

    name: str
    version: str
    licence: str
    direct: bool

    @property
    def refused(self) -> list[str]:
        """Parts of the licence that are not on the list; the whole where there is none."""
        parts = re.findall(r"[\w.+-]+", self.licence) or ["no licence"]
        return [part for part in parts if part not in ALLOWED | {"AND", "OR", "WITH"}]


def normal(name: str) -> str:
    """Return a package's name as PEP 503 has it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def dependencies() -> list[Dependency]:
    """Return what the program needs and is installed here, by name."""
    direct = {normal(need.name) for need in _needs(PROGRAM, EXTRAS)}
    found: set[tuple[str, tuple[str, ...]]] = set()
    waiting: list[tuple[str, tuple[str, ...]]] = [(PROGRAM, EXTRAS)]
    while waiting:
        one = waiting.pop()
        if one in found:
            continue
        found.add(one)
        waiting += [(normal(need.name), tuple(sorted(need.extras))) for need in _needs(*one)]
    names = {name for name, _ in found if name != PROGRAM and _is_installed(name)}
    return sorted(
        Dependency(name, metadata.version(name), licence_of(name), name in direct) for name in names
    )


def _is_installed(name: str) -> bool:
    try:
        metadata.distribution(name)
    except metadata.PackageNotFoundError:
        return False
    return True


def _needs(name: str, extras: tuple[str, ...]) -> Iterator[Requirement]:
    if not _is_installed(name):
        return
    for line in metadata.requires(name) or ():
        need = Requirement(line)
        if need.marker is None or any(need.marker.evaluate({"extra": extra}) for extra in ("", *extras)):
            yield need


def licence_of(name: str) -> str:
    """Return the licence that a package's metadata says, as an SPDX expression where it can be told; or ""."""
    said = metadata.metadata(name)
    for expression in _all(said, "License-Expression"):
        return expression
    classifiers = [line for line in _all(said, "Classifier") if line.startswith(_CLASSIFIER)]
    plain = [line for text in _all(said, "License") for line in text.strip().splitlines()[:1]]
    for words in (*plain, *(line.removeprefix(_CLASSIFIER) for line in classifiers)):
        spdx = _WORDS.get(words.strip().lower(), words.strip())
        if set(re.findall(r"[\w.+-]+", spdx)) <= ALLOWED | {"AND", "OR", "WITH"} and spdx:
            return spdx
    return _SAID_ELSEWHERE.get(name, "")


def _all(said: metadata.PackageMetadata, key: str) -> list[str]:
    return [str(line) for line in said.get_all(key) or ()]
