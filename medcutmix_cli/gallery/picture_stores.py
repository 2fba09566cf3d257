"""Where a page has its pictures from: inside the page, or files in the folder beside it. Knows no pair."""

from __future__ import annotations

import base64
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol
from urllib.parse import quote

from medcutmix_cli.errors import ImageError
from medcutmix_cli.seeds import stable_hash

_BEGINNINGS = {b"\x89PNG\r\n\x1a\n": "png", b"\xff\xd8\xff": "jpeg"}


class PictureStore(Protocol):
    """Takes encoded pictures and says how a page names them."""

    def put(self, name: str, encoded: bytes) -> str:
        """Keep a picture under a name that is its own; return what stands in `src`."""


class EmbeddedPictures:
    """Pictures as data URIs: the page needs no other file."""

    def put(self, name: str, encoded: bytes) -> str:
        """Return the picture itself."""
        return data_uri(encoded)


@dataclass(frozen=True, slots=True)
class FilePictures:
    """Pictures as files, loaded when they are looked at.

    Attributes:
        folder: Where they are written.
        name: How the page calls that folder.
    """

    folder: Path
    name: str
    _there: set[str] = field(default_factory=set)

    def put(self, name: str, encoded: bytes) -> str:
        """Write the picture, once, under a name that is made of the hash of its own."""
        digest = stable_hash("picture", name)
        place = f"{digest[:2]}/{digest}.{picture_kind(encoded)}"
        if place not in self._there:
            file = self.folder / place
            file.parent.mkdir(mode=0o700, exist_ok=True)
            file.write_bytes(encoded)
            self._there.add(place)
        return f"{quote(self.name)}/pictures/{place}"


def picture_kind(encoded: bytes) -> str:
    """Name the format of a stored picture by its first bytes.

    Raises:
        ImageError: It is none of `settings.IMAGE_FORMATS`.
    """
    if encoded[:4] == b"RIFF" and encoded[8:12] == b"WEBP":
        return "webp"
    for begin, kind in _BEGINNINGS.items():
        if encoded.startswith(begin):
            return kind
    hint = "medcutmix verify RUN --deep finds every such row"
    raise ImageError("a stored picture is neither PNG nor JPEG nor WebP", hint=hint)


def data_uri(encoded: bytes) -> str:
    """Return a picture as it stands in a page."""
    return f"data:image/{picture_kind(encoded)};base64,{base64.b64encode(encoded).decode('ascii')}"
