"""Where the picture of an annotation lies in a folder. Knows names and paths, opens no picture."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path, PurePosixPath

from medcutmix_cli.errors import DatasetError, ImageError

_SUFFIXES = frozenset({".png", ".jpg", ".jpeg", ".dcm", ".dicom", ""})


class PictureFiles:
    """Pictures below a folder, found by path, else by name, else by name without its suffix.

    The folder is walked only when a picture is not where its path says; it may be the root that paths are
    relative to, or any folder below or above it.
    """

    def __init__(self, folder: Path) -> None:
        if not folder.is_dir():
            hint = "give the folder that holds the pictures, at any depth"
            raise DatasetError("there is no such folder of pictures", where=str(folder), hint=hint)
        self._folder = folder
        self._by_name: dict[str, list[Path]] | None = None

    def find(self, picture: str) -> Path:
        """Return the file of a picture.

        Raises:
            ImageError: "image-missing", or "image-ambiguous" where several files have its name.
        """
        wanted = PurePosixPath(picture.replace("\\", "/"))
        if not wanted.is_absolute() and (self._folder / wanted).is_file():
            return self._folder / wanted
        names = self._names()
        found = names.get(wanted.name) or names.get(wanted.stem) or []
        # The same name may be there once per patient: the path's own end decides.
        for length in range(2, len(wanted.parts) + 1):
            if len(found) <= 1:
                break
            end = wanted.with_suffix("").parts[-length:]
            found = [path for path in found if path.with_suffix("").parts[-length:] == end] or found
        if len(found) == 1:
            return found[0]
        reason = "image-ambiguous" if found else "image-missing"
        raise ImageError(f"{len(found)} files have the picture's name", where=picture, reason=reason)

    def _names(self) -> dict[str, list[Path]]:
        if self._by_name is None:
            self._by_name = defaultdict(list)
            for path in sorted(self._folder.rglob("*")):
                if path.suffix.lower() in _SUFFIXES and path.is_file():
                    for name in {path.name, path.stem}:
                        self._by_name[name].append(path)
        return self._by_name
