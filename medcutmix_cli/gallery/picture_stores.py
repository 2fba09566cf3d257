"""Where a page has its pictures from: inside the page, or files in the folder beside it. Knows no pair."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol
from urllib.parse import quote

from medcutmix_cli.images.picture_bytes import data_uri, picture_kind
from medcutmix_cli.seeds import stable_hash


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
