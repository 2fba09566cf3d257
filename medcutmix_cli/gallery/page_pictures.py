"""The pictures of a page: parents, or the reason why one cannot be had; mixes; small copies for the list."""

from __future__ import annotations

from medcutmix_cli.gallery.picture_stores import PictureStore
from medcutmix_cli.gallery.pictures import jpeg_bytes, thumbnail_bytes
from medcutmix_cli.inspection.pair_record import PairView
from medcutmix_cli.inspection.parent_images import ParentImages


class PagePictures:
    """What a page shows, put where it is read from; each parent is read once.

    Args:
        parents: Reads the parents' pictures.
        store: Takes them.
    """

    def __init__(self, parents: ParentImages, store: PictureStore) -> None:
        self._parents = parents
        self._store = store
        self._sources: dict[str, str] = {}

    def parent(self, image_path: str) -> tuple[str, str]:
        """Return (what stands in `src`, "") of a parent, or ("", the sentence that says why it is not shown)."""
        if image_path in self._sources:
            return self._sources[image_path], ""
        pixels = self._parents.read(image_path)
        if isinstance(pixels, str):
            return "", pixels
        source = self._store.put(f"parent {image_path}", jpeg_bytes(pixels))
        if not source.startswith("data:"):
            self._sources[image_path] = source
        return source, ""

    def mix(self, view: PairView) -> str:
        """Return what stands in `src` of the mix, as it is stored; "" where it was not read."""
        return self._store.put(f"mixed {view.pair_id}", view.picture) if view.picture else ""

    def thumbnail(self, pair_id: str, picture: bytes) -> str:
        """Return the same of a small copy of any picture of a pair."""
        return self._store.put(f"small {pair_id}", thumbnail_bytes(picture))
