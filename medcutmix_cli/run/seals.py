"""A small file that seals itself: it holds the SHA-256 of its own text. Knows no run.

A JSON file has it as `seal`, a page as a comment in its last line. A file counts as whole only where writing it again
gives its very bytes: no byte of it is free, white space and order of keys included.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from medcutmix_cli.system.atomic_files import publish, write_text
from medcutmix_cli.system.file_hash import file_sha256

_KEY = "seal"
_BEFORE, _AFTER = "<!-- sha256 ", " -->\n"


class Seal(StrEnum):
    """What became of the seal of a file."""

    WHOLE = "whole"
    BROKEN = "broken"
    ABSENT = "absent"  # written by an earlier version, or no longer known as one of ours


class BrokenSealError(ValueError):
    """A file is not the one that was written."""


@dataclass(frozen=True, slots=True)
class FileSeal:
    """What one file says of another: 64 hex digits, and how many bytes it has."""

    sha256: str
    bytes: int

    @classmethod
    def of(cls, path: Path) -> FileSeal:
        """Read a file that is whole."""
        return cls(file_sha256(path), path.stat().st_size)


def indented_json(value: Mapping[str, Any] | list[Any]) -> str:
    """Return the text of a JSON file that a person may open, keys sorted."""
    return json.dumps(value, indent=1, sort_keys=True, ensure_ascii=False) + "\n"


def write_json(path: Path, value: Mapping[str, Any] | list[Any]) -> None:
    """Put a JSON file in place at once, keys sorted."""
    write_text(path, indented_json(value))


def seal_json(value: Mapping[str, Any]) -> str:
    """Return the text of a JSON file with its seal, keys sorted."""
    plain = json.loads(json.dumps(value))  # numbers as keys become texts, which sort otherwise
    return indented_json({**plain, _KEY: _sha256(indented_json(plain))})


def seal_page(text: str) -> str:
    """Return the text of a page, in Markdown or HTML, with its seal as a comment in a line of its own at the end."""
    whole = text if text.endswith("\n") else text + "\n"
    return f"{whole}{_BEFORE}{_sha256(whole)}{_AFTER}"


def write_sealed(path: Path, value: Mapping[str, Any]) -> None:
    """Put a JSON file with its seal in place at once."""
    with publish(path) as temporary:
        temporary.write_text(seal_json(value), encoding="utf-8", newline="\n")


def read_sealed(path: Path) -> dict[str, Any]:
    """Return what a JSON file says, without its seal; one of an earlier version has none.

    Raises:
        OSError: It is not there, or cannot be read.
        ValueError: It is no JSON object of UTF-8; a `BrokenSealError` where its seal is not that of its bytes.
    """
    content = path.read_bytes()
    value, seal = _opened(content)
    if seal is Seal.BROKEN:
        raise BrokenSealError(path.name)
    return value


def seal_of_json(content: bytes) -> Seal:
    """Say what became of the seal of a JSON file, from its bytes."""
    try:
        return _opened(content)[1]
    except ValueError:
        return Seal.BROKEN


def seal_of_page(content: bytes) -> Seal:
    """Say what became of the seal of a page, from its bytes."""
    start = content.rfind(_BEFORE.encode())
    if start < 0:
        return Seal.ABSENT
    expected = f"{_BEFORE}{hashlib.sha256(content[:start]).hexdigest()}{_AFTER}"
    return Seal.WHOLE if content[start:] == expected.encode() else Seal.BROKEN


def _opened(content: bytes) -> tuple[dict[str, Any], Seal]:
    """Return what the JSON says without its seal, and what became of that.

    Raises:
        ValueError: It is no JSON object of UTF-8.
    """
    value = json.loads(content.decode("utf-8"))
    if not isinstance(value, dict):
        raise ValueError("no JSON object")
    if _KEY not in value:
        return value, Seal.ABSENT
    whole = _is_whole(content, value)
    del value[_KEY]
    return value, Seal.WHOLE if whole else Seal.BROKEN


def _is_whole(content: bytes, value: Mapping[str, Any]) -> bool:
    """Say whether a file is what `seal_json` wrote: without the line of its seal it has the hash that this line says.

    The file is not written again, which takes ten times as long.
    """
    if len(value) == 1:
        return content == seal_json({}).encode()
    before, _, after = content.partition(f'\n "{_KEY}": "{value[_KEY]}"'.encode())
    plain = before + after[1:] if after.startswith(b",") else before.removesuffix(b",") + after
    in_place = list(value) == sorted(value)  # the hash says nothing of where the seal is
    return in_place and hashlib.sha256(plain).hexdigest() == value[_KEY]


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8")).hexdigest()
