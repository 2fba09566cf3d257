"""Pictures at canvas scale, made once for every later run and found by the content of their file.

A cache is a folder. `cache.json` says which program made it; of each part the PNG files lie in `part-00000.tar`, whose
they are stands in `part-00000.npy`, and `part-00000.json` comes last and says that the part is whole. A picture is
known by the hash of its file; while path, size and time of change stay what they were, the file is not read for that.
Knows no data set and no run.
"""

from __future__ import annotations

import hashlib
import json
import tarfile
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from functools import cached_property
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from medcutmix_cli.errors import ImageError, RunError
from medcutmix_cli.images.canvas import Canvas
from medcutmix_cli.images.picture_bytes import decode_picture, encode_png
from medcutmix_cli.images.picture_parts import open_picture, range_part
from medcutmix_cli.images.picture_request import PictureKeys, PictureRequest
from medcutmix_cli.records import Placement
from medcutmix_cli.system.atomic_files import publish
from medcutmix_cli.system.file_hash import file_sha256

CACHE_FORMAT = 2
_PLACEMENT = tuple(Placement.__dataclass_fields__)
_ROW = np.dtype(
    [
        ("place", "<u8", 2),  # of path, size and time of change
        ("content", "<u8", 2),  # of the bytes of the file
        ("sha256", "u1", 32),  # of the PNG
        ("offset", "<u8"),
        ("length", "<u4"),
        *((name, "<u4") for name in _PLACEMENT),
        ("corrupt", "?"),
    ]
)
_Rows = npt.NDArray[Any]
_BLOCK = 512  # bytes; what a header of a tar takes, and what contents are filled up to


@dataclass(frozen=True, slots=True)
class PreparedPicture:
    """The canvases of one picture, as they are stored.

    Attributes:
        rows: One a side; `offset` is still to be filled in.
        files: The PNG file of each.
    """

    rows: _Rows
    files: tuple[bytes, ...]


def prepare_picture(keys: PictureKeys, canvases: Iterable[Canvas]) -> PreparedPicture:
    """Encode the canvases of a picture, in the order of the sides."""
    made = list(canvases)
    files = tuple(encode_png(canvas.pixels) for canvas in made)
    rows = np.zeros(len(files), _ROW)
    rows["place"], rows["content"] = keys.places, keys.contents
    rows["length"] = [len(file) for file in files]
    rows["sha256"] = [list(hashlib.sha256(file).digest()) for file in files]
    rows["corrupt"] = [canvas.corrupt for canvas in made]
    for name in _PLACEMENT:
        rows[name] = [getattr(canvas.placement, name) for canvas in made]
    return PreparedPicture(rows, files)


@dataclass(frozen=True, slots=True)
class CachePart:
    """One part of a cache: the state file that is written when all else of it lies there.

    Attributes:
        members: Hash of what was asked for, 64 hex digits: another list of pictures is another part.
        pictures: Files of pictures in it.
        bytes: Of the tar.
        sha256: Of the tar, 64 hex digits.
        unreadable: Pictures that are not in it, by reason.
        corrupt: Pictures in it that libjpeg calls corrupt.
    """

    members: str
    pictures: int
    bytes: int
    sha256: str
    unreadable: dict[str, int] = field(default_factory=dict)
    corrupt: int = 0


@dataclass(frozen=True, slots=True)
class CacheFolder:
    """The files of a cache."""

    root: Path

    def part(self, number: int, ending: str) -> Path:
        """Return the place of one file of a part: "tar", "npy" or "json"."""
        return self.root / f"part-{number:05}.{ending}"

    @property
    def head(self) -> Path:
        """Return the place of what is true of all parts."""
        return self.root / "cache.json"

    def read_part(self, number: int) -> CachePart | None:
        """Return the state of a part, None where it is not whole."""
        try:
            return CachePart(**json.loads(self.part(number, "json").read_text(encoding="utf-8")))
        except (OSError, ValueError, TypeError):
            return None

    def write_part(
        self, number: int, members: str, pictures: list[PreparedPicture], unreadable: Mapping[str, int]
    ) -> CachePart:
        """Write a part: pictures, then whose they are, then that it is whole."""
        self.part(number, "json").unlink(missing_ok=True)
        with publish(self.part(number, "tar")) as temporary:
            offsets = _write_tar(temporary, pictures)
            content = temporary.stat().st_size
            sha256 = file_sha256(temporary)
        rows = np.concatenate([picture.rows for picture in pictures] or [np.zeros(0, _ROW)])
        rows["offset"] = offsets
        with publish(self.part(number, "npy")) as temporary, temporary.open("wb") as index:
            np.save(index, rows, allow_pickle=False)
        corrupt = sum(bool(picture.rows["corrupt"].any()) for picture in pictures)
        part = CachePart(members, len(pictures), content, sha256, dict(sorted(unreadable.items())), corrupt)
        self._write_json(self.part(number, "json"), asdict(part))
        return part

    def is_whole(self, number: int, part: CachePart) -> bool:
        """Read the pictures of a part back and say whether they are what was written."""
        try:
            return file_sha256(self.part(number, "tar")) == part.sha256
        except OSError:
            return False

    def open_part(self, number: int) -> PictureCache:
        """Open one part as it lies there now; an empty cache where its index is not there or cannot be read."""
        try:
            rows = np.load(self.part(number, "npy"), allow_pickle=False)
        except (OSError, ValueError, EOFError):
            rows = None
        return PictureCache(self, {number: rows} if rows is not None and rows.dtype == _ROW else {})

    def begin(self, versions: Mapping[str, Any]) -> None:
        """Make the folder, or check that this program made the cache in it.

        Raises:
            RunError: Another program made it, or something else lies there.
        """
        self.root.mkdir(parents=True, exist_ok=True, mode=0o700)
        if self.head.exists():
            self.check(versions)
        elif any(self.root.iterdir()):
            raise RunError("the folder holds something else", where=str(self.root), hint="name a new folder")
        else:
            self._write_json(self.head, _head(versions))

    def check(self, versions: Mapping[str, Any]) -> None:
        """Check that pictures of this cache are those that this program would make.

        Raises:
            RunError: They are not, or this is no cache.
        """
        try:
            found = json.loads(self.head.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            hint = "medcutmix prepare DATASET CACHE makes one; --prepared CACHE names it"
            raise RunError("this is no cache of pictures", where=str(self.root), hint=hint) from error
        if found != _head(versions):
            hint = "make it again in a new folder: medcutmix prepare DATASET CACHE"
            what = "the cache was made by another version of the program or of a library that reads pictures"
            raise RunError(what, where=str(self.root), hint=hint)

    def _write_json(self, target: Path, content: Mapping[str, Any]) -> None:
        with publish(target) as temporary:
            temporary.write_text(json.dumps(content, indent=1, sort_keys=True) + "\n", encoding="utf-8")


def _head(versions: Mapping[str, Any]) -> dict[str, Any]:
    return {"format": CACHE_FORMAT, "versions": dict(versions)}


def _write_tar(target: Path, pictures: list[PreparedPicture]) -> list[int]:
    """Write the PNG files and return where each begins; equal pictures give equal bytes."""
    offsets: list[int] = []
    at = 0
    with (
        target.open("wb") as plain,
        tarfile.open(fileobj=plain, mode="w", format=tarfile.USTAR_FORMAT) as tar,
    ):
        for picture in pictures:
            for row, content in zip(picture.rows, picture.files, strict=True):
                entry = tarfile.TarInfo(f"{row['content'][0]:016x}-{row['canvas']}.png")
                entry.size, entry.mode = len(content), 0o600
                tar.addfile(entry, BytesIO(content))
                offsets.append(at + _BLOCK)
                at += _BLOCK + -(-len(content) // _BLOCK) * _BLOCK
    return offsets


class PictureCache:
    """A cache that is read from; safe to use from several threads."""

    def __init__(self, folder: CacheFolder, parts: Mapping[int, _Rows]) -> None:
        self._folder = folder
        self._parts = np.repeat(np.array(list(parts), np.int64), [len(rows) for rows in parts.values()])
        self._rows: _Rows = np.concatenate([*parts.values(), np.zeros(0, _ROW)])

    @classmethod
    def open(cls, root: Path, versions: Mapping[str, Any]) -> PictureCache:
        """Open what is whole of a cache.

        Raises:
            RunError: It is none, another version made it, or an index cannot be read.
        """
        folder = CacheFolder(root)
        folder.check(versions)
        numbers = sorted(int(path.stem.removeprefix("part-")) for path in root.glob("part-*.json"))
        try:
            return cls(folder, {k: np.load(folder.part(k, "npy"), allow_pickle=False) for k in numbers})
        except (OSError, ValueError, EOFError) as error:
            hint = "medcutmix prepare DATASET CACHE --check makes again what is damaged"
            raise RunError("the cache of pictures cannot be read", where=str(root), hint=hint) from error

    def holds(self, request: PictureRequest) -> bool:
        """Say whether a picture is known without being read."""
        try:
            return None not in [self._find("place", key) for key in request.place_keys()]
        except OSError:
            return False

    def read(self, request: PictureRequest) -> tuple[Canvas, ...] | None:
        """Return the canvases of a picture, None where the cache lacks one or has it damaged."""
        try:
            return tuple(map(self._canvas, self._rows_of(request)))
        except (OSError, ImageError):
            return None

    def find_stored(self, request: PictureRequest) -> PreparedPicture | None:
        """Return a picture as it is stored, and under what its file is known by now; None as of `read`."""
        try:
            numbers = self._rows_of(request)
            files = tuple(map(self._file, numbers))
            rows = self._rows[numbers]
            rows["place"] = request.place_keys()
        except (OSError, ImageError):
            return None
        return PreparedPicture(rows, files)

    def _rows_of(self, request: PictureRequest) -> list[int]:
        """Return the row of each side; reads the file only where its place is not known.

        Raises:
            OSError: The file is not there.
            ImageError: A side is not in the cache.
        """
        found = [self._find("place", key) for key in request.place_keys()]
        if None in found:
            found = [self._find("content", key) for key in request.content_keys()]
        if None in found:
            raise ImageError("the cache lacks the picture", where=request.image_path)
        return [row for row in found if row is not None]

    def _find(self, column: str, key: tuple[int, int]) -> int | None:
        """Return the row of a key, None where there is none."""
        first, order = self._sorted[column]
        start, end = (int(np.searchsorted(first, np.uint64(key[0]), side)) for side in ("left", "right"))
        wanted = (int(row) for row in order[start:end] if int(self._rows[column][row][1]) == key[1])
        return next(wanted, None)

    @cached_property
    def _sorted(self) -> dict[str, tuple[_Rows, _Rows]]:
        """The first half of each kind of key in order, and the rows in that order."""
        halves = {column: self._rows[column][:, 0] for column in ("place", "content")}
        orders = {column: np.argsort(half, kind="stable") for column, half in halves.items()}
        return {column: (half[orders[column]], orders[column]) for column, half in halves.items()}

    def _canvas(self, number: int) -> Canvas:
        row = self._rows[number]
        pixels = decode_picture(self._file(number))
        pixels.setflags(write=False)
        placement = Placement(*(int(row[name]) for name in _PLACEMENT))
        return Canvas(pixels, placement, bool(row["corrupt"]))

    def _file(self, number: int) -> bytes:
        """Return the PNG file of a row.

        Raises:
            OSError: The tar is not there.
            ImageError: It is not what was written.
        """
        row = self._rows[number]
        tar = self._folder.part(int(self._parts[number]), "tar")
        with open_picture(Path(f"{tar}{range_part(int(row['offset']), int(row['length']))}")) as file:
            content = file.read()
        if hashlib.sha256(content).digest() != row["sha256"].tobytes():
            raise ImageError("the cache has the picture damaged", where=f"part {tar.stem}, row {number}")
        return content
