"""One picture and what is wanted of it: what its file is known by, without being read and wherever it lies.

Knows no cache and decodes nothing.
"""

from __future__ import annotations

import hashlib
from dataclasses import astuple, dataclass
from pathlib import Path

from medcutmix_cli.images.file_reading import name_unreadable, read_patiently
from medcutmix_cli.images.picture_parts import file_of, open_picture
from medcutmix_cli.records import PictureRules
from medcutmix_cli.system.regular_files import check_regular


@dataclass(frozen=True, slots=True)
class PictureKeys:
    """What a picture's file is known by, for each side.

    Attributes:
        places: Without its being read: its path, size and time.
        contents: Wherever it lies: its bytes.
    """

    places: tuple[tuple[int, int], ...]
    contents: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class PictureRequest:
    """One picture, and what is wanted of it.

    Attributes:
        image_path: Its path in the data set.
        file: Where it lies now.
        sides: Of the canvases, pixels.
        rules: How it becomes grey.
    """

    image_path: str
    file: Path
    sides: tuple[int, ...]
    rules: PictureRules

    def place_keys(self) -> list[tuple[int, int]]:
        """Return what the file is known by without being read, for each side.

        Raises:
            OSError: It is not there.
        """
        found = file_of(self.file).stat()
        return self._keys(f"{self.image_path}\0{found.st_size}\0{found.st_mtime_ns}".encode())

    def content_keys(self) -> list[tuple[int, int]]:
        """Return what the file is known by wherever it lies, for each side; reads it.

        Raises:
            OSError: It cannot be read.
        """
        check_regular(file_of(self.file))
        with open_picture(self.file) as file:
            return self._keys(hashlib.sha256(file.read()).digest())

    def identify(self) -> PictureKeys:
        """Return both kinds of keys; ask before the picture is read, lest they are of a file that took its place.

        Raises:
            ImageError: The file is not there, or cannot be read.
            DatasetError: Its storage fails.
        """

        def ask() -> PictureKeys:
            with name_unreadable(self.file):
                return PictureKeys(tuple(self.place_keys()), tuple(self.content_keys()))

        return read_patiently(self.file, ask)

    def _keys(self, what: bytes) -> list[tuple[int, int]]:
        rules = "\0".join(astuple(self.rules))
        return [_key(what + f"\0{side}\0{rules}".encode()) for side in self.sides]


def _key(what: bytes) -> tuple[int, int]:
    digest = hashlib.sha256(what).digest()
    return int.from_bytes(digest[:8], "little"), int.from_bytes(digest[8:16], "little")
