"""Tells a picture that is missing from a data set that has gone: an unmounted share, a renamed tree, a lost ticket.

One is a pair that fails by name; the other would be thousands of them, and must stop the run. A tree can also go file
by file while it is read: what was found missing is looked at again before it is written down.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from medcutmix_cli.datasets.base import Dataset
from medcutmix_cli.datasets.combination import UNPAIRED, CombinedDataset
from medcutmix_cli.errors import DatasetError, ImageError, cause
from medcutmix_cli.images.picture_parts import file_of
from medcutmix_cli.system.regular_files import check_regular


class Presence:
    """Remembers a picture that could be read, and looks for it again when another one cannot.

    Safe to use from several threads.
    """

    def __init__(self, dataset: Dataset) -> None:
        self._dataset = dataset
        self._seen: dict[Path, Path] = {}
        self._missed: dict[Path, ImageError] = {}

    def saw(self, image_path: str, file: Path) -> None:
        """Remember that a picture of the plan was read from `file`."""
        self._seen[self._root(image_path)] = file_of(file)

    def report_missing(self, image_path: str, error: ImageError) -> None:
        """Look whether the data set is still there; only where the system refused the file.

        Raises:
            DatasetError: It is not.
        """
        if not isinstance(error.__cause__, OSError):
            return
        root = self._root(image_path)
        self._missed[root] = error
        self._look(root, error)

    def confirm_missing(self) -> None:
        """Look once more, before anybody writes down that pictures are missing; only where some were.

        Raises:
            DatasetError: The data set went while they were read.
        """
        for root, error in list(self._missed.items()):
            self._look(root, error)

    def _look(self, root: Path, error: ImageError) -> None:
        gone = _refused(root) or _refused(self._seen.get(root))
        if gone:
            raise DatasetError(
                f"the data set is no longer there: {gone}",
                where=str(root),
                hint="run the same command again when it is: pairs that are not written yet wait for it",
            ) from error

    def _root(self, image_path: str) -> Path:
        if isinstance(self._dataset, CombinedDataset) and image_path.startswith(UNPAIRED):
            return self._dataset.unpaired.root
        return self._dataset.root


@contextmanager
def watch_presence(presence: Presence | None, image_path: str, file: Path) -> Iterator[None]:
    """Tell `presence` how the reading of one picture inside ended.

    Raises:
        DatasetError: The data set has gone.
    """
    try:
        yield
    except ImageError as error:
        if presence:
            presence.report_missing(image_path, error)
        raise
    if presence:
        presence.saw(image_path, file)


def _refused(path: Path | None) -> str:
    """Say why a folder or file cannot be used; "" where it can. An empty folder is where a share was mounted."""
    try:
        if path is None:
            return ""
        if path.is_dir():
            return "" if any(path.iterdir()) else "its folder is empty"
        check_regular(path)
        with path.open("rb"):
            return ""
    except FileNotFoundError:
        return "what was there when the run began is not found"
    except OSError as error:
        return f"it cannot be opened ({cause(error)})"
