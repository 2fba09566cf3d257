"""The hashes of many pictures, read by several threads at once. Knows no study and no pair."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial

from medcutmix_cli.datasets.base import Dataset
from medcutmix_cli.datasets.presence import Presence, watch_presence
from medcutmix_cli.engines import Progress
from medcutmix_cli.errors import ImageError
from medcutmix_cli.images import single_threaded_opencv
from medcutmix_cli.images.perceptual_hash import Hash, hash_picture
from medcutmix_cli.records import Image, PictureRules

_AT_ONCE = 500  # pictures that are waited for together: an interruption waits for no others


@dataclass(frozen=True, slots=True)
class PictureHasher:
    """Hashes the pictures of a data set.

    Attributes:
        rules: How files become grey.
        workers: Threads, each with a decoder of its own; they decide nothing.
    """

    source: Dataset
    rules: PictureRules
    workers: int

    def hash_all(self, images: Sequence[Image], report: Progress) -> list[Hash | str]:
        """Return the hash of each picture, or the reason why it cannot be read.

        Args:
            images: Of the data set.
            report: Called with ("comparing pictures", done, total).

        Raises:
            DatasetError: The storage fails, or the data set is no longer there.
        """
        found: list[Hash | str] = []
        presence = Presence(self.source)
        with single_threaded_opencv(), ThreadPoolExecutor(self.workers, thread_name_prefix="hash") as pool:
            for start in range(0, len(images), _AT_ONCE):
                found += pool.map(partial(self._hash_one, presence), images[start : start + _AT_ONCE])
                report("comparing pictures", len(found), len(images))
        presence.confirm_missing()
        return found

    def _hash_one(self, presence: Presence, image: Image) -> Hash | str:
        file = self.source.resolve(image.path)
        try:
            with watch_presence(presence, image.path, file):
                return hash_picture(file, self.rules)
        except ImageError as error:
            return error.reason
