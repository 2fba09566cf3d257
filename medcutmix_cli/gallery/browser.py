"""A page of a run's pairs: all of them, loaded from a folder beside it, or some of them inside of one file."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from tempfile import mkdtemp
from urllib.parse import quote

from medcutmix_cli.assembly.relocation import RunPlaces
from medcutmix_cli.engines import Progress
from medcutmix_cli.errors import UsageError
from medcutmix_cli.gallery.catalogue import CataloguePair, as_table, unwritten_pairs, written_pairs
from medcutmix_cli.gallery.choice import spread_over_findings, spread_over_rules
from medcutmix_cli.gallery.page import PageData, page_html
from medcutmix_cli.gallery.page_pictures import PagePictures
from medcutmix_cli.gallery.pairs import pair_html
from medcutmix_cli.gallery.picture_stores import EmbeddedPictures, FilePictures
from medcutmix_cli.gallery.pictures import jpeg_bytes
from medcutmix_cli.gallery.refused_pairs import refused_html
from medcutmix_cli.gallery.script_data import data_block, data_script
from medcutmix_cli.inspection.pair_rows import PairRows
from medcutmix_cli.inspection.pair_view import view_at
from medcutmix_cli.inspection.parent_images import ParentImages
from medcutmix_cli.inspection.refused_view import RefusedPairs, RefusedView
from medcutmix_cli.inspection.summary import inspect
from medcutmix_cli.run.contents import Contents, open_contents
from medcutmix_cli.run.seals import seal_page
from medcutmix_cli.system.atomic_files import publish
from medcutmix_cli.system.progress import show_progress
from medcutmix_cli.system.storage_errors import explain_storage_errors

SELF_CONTAINED = 10
"""Pairs inside a page of one file, unless another number is asked for."""

PAIRS_A_PART, LINES_A_PART = 20, 2000
"""Articles that are loaded at once, and lines of the list."""


@show_progress
def write_gallery(
    path: str | Path,
    target: str | Path,
    pairs: int | None = None,
    *,
    dataset: str | Path | None = None,
    reports: str | Path | None = None,
    unpaired: str | Path | None = None,
    weights: str | Path | None = None,
    self_contained: bool = False,
    rejected: int = 0,
    progress: Progress | None = None,
) -> int:
    """Write an HTML page of the pairs of a run folder or a lone shard; the file appears whole or not at all.

    Where not all pairs are shown the choice depends on them alone: all findings take turns, so that rare ones are
    seen too. The parents' pictures are read from the data set; where it cannot be reached the page says so in their
    place. Pictures and articles lie in a folder beside the page, "report_files" of "report.html".

    Args:
        path: Run folder, folder of shards, or one shard.
        target: The page; readable by its owner only, since it holds report text.
        pairs: How many pairs to show at most; None: all, or `SELF_CONTAINED` inside of one file.
        dataset: Where the data set is now, if it has moved since the plan.
        reports: Likewise, its reports.
        unpaired: Likewise, the unpaired data set.
        weights: Likewise, those of the encoder.
        self_contained: Whether everything lies inside of the page.
        rejected: How many pairs that were not written are rendered once more, with the rule drawn, the rules taking
            turns; the others are listed with their rule alone.
        progress: Called with ("showing", pairs done, pairs).

    Returns:
        How many written pairs the page shows.

    Raises:
        RunError: There is neither run nor shard, or the page cannot be written.
        ShardError: A shard is damaged.
        UsageError: The folder beside the page is not one of a page.
    """
    contents, page = open_contents(path), Path(target)
    if pairs is None:
        pairs = SELF_CONTAINED if self_contained else contents.rows
    chosen = list(range(contents.rows)) if pairs >= contents.rows else spread_over_findings(contents, pairs)
    places = RunPlaces(dataset, reports, unpaired, weights)
    parents = ParentImages(contents.record, places)
    name = Path(path).absolute().name
    with explain_storage_errors(page):
        page.parent.mkdir(parents=True, exist_ok=True)
        with _place(page, self_contained=self_contained) as place:
            writer = _PageWriter(contents, PagePictures(parents, place.store), place, progress)
            lines = writer.write(chosen, RefusedPairs(path, places) if rejected else None, rejected)
            text = page_html(inspect(path), lines, place.data(len(lines)), name=name)
            with publish(page) as temporary:
                temporary.touch(mode=0o600)
                temporary.write_text(seal_page(text), encoding="utf-8", newline="\n")
    return len(chosen)


@dataclass(frozen=True, slots=True)
class _PagePlace:
    """Where the data of a page go: a folder under its later name, or blocks inside."""

    store: EmbeddedPictures | FilePictures
    folder: Path | None
    name: str
    blocks: list[str] = field(default_factory=list)

    def keep(self, name: str, value: Mapping[str, object]) -> None:
        if self.folder is None:
            self.blocks.append(data_block(name, value))
        else:
            (self.folder / f"{name}.js").write_text(data_script(name, value), encoding="ascii")

    def data(self, lines: int) -> PageData:
        return PageData(quote(self.name), max(1, -(-lines // LINES_A_PART)), tuple(self.blocks))


@contextmanager
def _place(page: Path, *, self_contained: bool) -> Iterator[_PagePlace]:
    """Give a place for the data; a folder takes its name, and the place of an earlier one, when all is in it."""
    if self_contained:
        yield _PagePlace(EmbeddedPictures(), None, "")
        return
    beside = page.with_name(f"{page.stem}_files")
    if beside.exists() and not (beside / "index-0.js").is_file() and any(beside.iterdir()):
        hint = "give the page another name, or remove the folder"
        raise UsageError("the folder beside the page holds something else", where=str(beside), hint=hint)
    new = Path(mkdtemp(prefix=f".{page.stem}_files.", dir=page.parent))
    try:
        (new / "pictures").mkdir(mode=0o700)
        yield _PagePlace(FilePictures(new / "pictures", beside.name), new, beside.name)
        shutil.rmtree(beside, ignore_errors=True)
        new.rename(beside)
    finally:
        shutil.rmtree(new, ignore_errors=True)


@dataclass(frozen=True, slots=True)
class _PageWriter:
    """Writes list and articles, part by part: no more than one part is in memory."""

    contents: Contents
    pictures: PagePictures
    place: _PagePlace
    progress: Progress | None
    rows: PairRows = field(default_factory=partial(PairRows, picture=True))

    def write(self, chosen: list[int], refused: RefusedPairs | None, count: int) -> list[CataloguePair]:
        """Write the rows at some positions, some pairs without a row, and a line for each of these that there is."""
        lines = [*self._written(chosen), *self._unwritten(refused, count, -(-len(chosen) // PAIRS_A_PART))]
        for number, start in enumerate(range(0, max(1, len(lines)), LINES_A_PART)):
            self.place.keep(f"index-{number}", as_table(lines[start : start + LINES_A_PART]))
        return lines

    def _written(self, chosen: list[int]) -> Iterator[CataloguePair]:
        lines, done = written_pairs(self.contents), 0
        order = sorted(
            chosen, key=lambda index: (lines[index].unmixed, index)
        )  # what somebody wants to see first
        for part, start in enumerate(range(0, len(order), PAIRS_A_PART)):
            articles: dict[str, str] = {}
            for index in order[start : start + PAIRS_A_PART]:
                yield self._article(lines[index], index, part, articles)
                done += 1
                if self.progress:
                    self.progress("showing", done, len(chosen))
            self.place.keep(f"pairs-{part}", articles)

    def _unwritten(
        self, refused: RefusedPairs | None, count: int, first_part: int
    ) -> Iterator[CataloguePair]:
        lines = unwritten_pairs(self.contents)
        drawn = spread_over_rules(lines, count if refused else 0)
        articles: dict[str, str] = {}
        for line in lines:
            if refused is None or line.id not in drawn:
                yield line
                continue
            view = refused.view(line.id)
            number = first_part + len(articles) // PAIRS_A_PART
            yield line.with_article(number, self._small(view))
            articles[line.id] = refused_html(view, self.place.store)
            if self.progress:
                self.progress("showing", len(articles), len(drawn))
        for part, start in enumerate(range(0, len(articles), PAIRS_A_PART), first_part):
            self.place.keep(f"pairs-{part}", dict(list(articles.items())[start : start + PAIRS_A_PART]))

    def _small(self, view: RefusedView) -> str:
        pixels = view.recipient.pixels
        return "" if pixels is None else self.pictures.thumbnail(view.pair_id, jpeg_bytes(pixels))

    def _article(self, line: CataloguePair, index: int, part: int, articles: dict[str, str]) -> CataloguePair:
        view = view_at(self.contents, index, self.rows)
        articles[line.id] = pair_html(view, index + 1, self.pictures)
        thumb = self.pictures.thumbnail(line.id, view.picture) if view.picture else ""
        return line.with_article(part, thumb)
