"""A self-contained page of mixed pairs to look at: pictures, maps, weights and the report's diff. Needs no network."""

from __future__ import annotations

from pathlib import Path

from medcutmix_cli.gallery.choice import spread_over_findings
from medcutmix_cli.gallery.page import page_html
from medcutmix_cli.gallery.parents import ParentImages
from medcutmix_cli.inspection.pair_view import view_at
from medcutmix_cli.inspection.summary import inspect
from medcutmix_cli.run.contents import open_contents
from medcutmix_cli.run.seals import seal_page
from medcutmix_cli.system.atomic_files import publish
from medcutmix_cli.system.storage_errors import explain_storage_errors

__all__ = ["write_gallery"]


def write_gallery(
    path: str | Path, target: str | Path, pairs: int = 10, *, dataset: str | Path | None = None
) -> int:
    """Write an HTML page of some pairs of a run folder or a lone shard; the file appears whole or not at all.

    The choice depends on the pairs alone: all findings take turns, so that rare ones are seen too. The parents'
    pictures are read from the data set; where it cannot be reached the page says so in their place.

    Args:
        path: Run folder, folder of shards, or one shard.
        target: The page; readable by its owner only, since it holds report text.
        pairs: How many pairs to show at most.
        dataset: Where the data set is now, if it has moved since the plan.

    Returns:
        How many pairs the page shows.

    Raises:
        RunError: There is neither run nor shard, or the page cannot be written.
        ShardError: A shard is damaged.
    """
    contents = open_contents(path)
    chosen = spread_over_findings(contents, pairs)
    views = [view_at(contents, index, picture=True) for index in chosen]
    parents = ParentImages(contents.record, dataset)
    page = page_html(inspect(path), views, parents, name=Path(path).absolute().name)
    _write_private(Path(target), page)
    return len(views)


def _write_private(target: Path, page: str) -> None:
    with explain_storage_errors(target):
        target.parent.mkdir(parents=True, exist_ok=True)
    with explain_storage_errors(target), publish(target) as temporary:
        temporary.touch(mode=0o600)
        temporary.write_text(seal_page(page), encoding="utf-8", newline="\n")
