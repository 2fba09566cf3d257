"""A contact sheet: many pairs on one PNG, each as a strip of its pictures over a line of words."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from medcutmix_cli.assembly.relocation import RunPlaces
from medcutmix_cli.errors import RunError
from medcutmix_cli.gallery.catalogue import unwritten_pairs
from medcutmix_cli.gallery.choice import spread_over_findings, spread_over_rules
from medcutmix_cli.inspection.pair_record import PairView
from medcutmix_cli.inspection.pair_rows import PairRows
from medcutmix_cli.inspection.pair_view import view_at
from medcutmix_cli.inspection.parent_images import ParentImages
from medcutmix_cli.inspection.refused_view import RefusedPairs, RefusedView
from medcutmix_cli.inspection.strips import Strip, pair_strip, refused_strip
from medcutmix_cli.run.contents import Contents, open_contents
from medcutmix_cli.system.atomic_files import publish
from medcutmix_cli.system.storage_errors import explain_storage_errors

PAIRS = 24
"""On a sheet, unless another number is asked for."""

_COLUMNS, _SIDE, _MARGIN, _LINE = 3, 168, 14, 20
_PAPER, _INK, _DIM = (250, 250, 251), (22, 25, 29), (89, 97, 107)


@dataclass(frozen=True, slots=True, eq=False)
class _Tile:
    """One pair on the sheet."""

    strip: Strip
    title: str
    note: str


def write_sheet(
    path: str | Path,
    target: str | Path,
    pairs: int = PAIRS,
    *,
    rejected: int = 0,
    dataset: str | Path | None = None,
    reports: str | Path | None = None,
    unpaired: str | Path | None = None,
    weights: str | Path | None = None,
) -> int:
    """Write a PNG of some pairs of a run or a shard: recipient, donor, mix; the findings taking turns.

    Args:
        path: Run folder, folder of shards, or one shard.
        target: The PNG; readable by its owner only.
        pairs: How many at most.
        rejected: How many pairs that were not written follow them, with the rule drawn.
        dataset: Where the data set is now, if it has moved.
        reports: Likewise, its reports.
        unpaired: Likewise, the unpaired data set.
        weights: Likewise, those of the encoder.

    Returns:
        How many pairs are on it.

    Raises:
        RunError: There is neither run nor shard, nothing to show, or the sheet cannot be written.
    """
    contents = open_contents(path)
    places = RunPlaces(dataset, reports, unpaired, weights)
    parents = ParentImages(contents.record, places)
    rows = PairRows(picture=True)
    tiles = [
        _written(view_at(contents, index, rows), parents) for index in spread_over_findings(contents, pairs)
    ]
    tiles += _refused(contents, places, rejected)
    if not tiles:
        raise RunError("there is no pair to show", where=str(path), hint="no shard is complete yet")
    file = Path(target)
    with explain_storage_errors(file):
        file.parent.mkdir(parents=True, exist_ok=True)
        with publish(file) as temporary:
            temporary.touch(mode=0o600)
            _drawn(tiles).save(temporary, "PNG")
    return len(tiles)


def _written(view: PairView, parents: ParentImages) -> _Tile:
    title = view.exchange.replace("_", " ")
    note = f"{view.index + 1}  {view.pair_id}  {view.strategy}  lam {view.weights['lam']:.2f}"
    return _Tile(pair_strip(view, parents, _SIDE), title, note)


def _refused(contents: Contents, places: RunPlaces, count: int) -> list[_Tile]:
    chosen = spread_over_rules(unwritten_pairs(contents), count)
    if not chosen:
        return []
    pairs = RefusedPairs(contents.path, places)
    return [_refused_tile(pairs.view(pair_id)) for pair_id in sorted(chosen)]


def _refused_tile(view: RefusedView) -> _Tile:
    title = f"{view.outcome}: {view.rule}"
    return _Tile(refused_strip(view, _SIDE), title, f"{view.pair_id}  {view.exchange.replace('_', ' ')}")


def _drawn(tiles: list[_Tile]) -> Image.Image:
    wide = max(tile.strip.shape[1] for tile in tiles)
    columns = min(_COLUMNS, len(tiles))
    rows = -(-len(tiles) // columns)
    step_x, step_y = wide + _MARGIN, _SIDE + 2 * _LINE + _MARGIN
    sheet = Image.new("RGB", (columns * step_x + _MARGIN, rows * step_y + _MARGIN), _PAPER)
    draw = ImageDraw.Draw(sheet)
    large, small = ImageFont.load_default(size=14), ImageFont.load_default(size=12)
    for place, tile in enumerate(tiles):
        x, y = _MARGIN + place % columns * step_x, _MARGIN + place // columns * step_y
        sheet.paste(Image.fromarray(np.ascontiguousarray(tile.strip)), (x, y))
        draw.text((x, y + _SIDE + 3), _fitting(tile.title, large, wide), _INK, large)
        draw.text((x, y + _SIDE + _LINE + 1), _fitting(tile.note, small, wide), _DIM, small)
    return sheet


def _fitting(text: str, font: ImageFont.FreeTypeFont | ImageFont.ImageFont, width: int) -> str:
    """Cut a text that is too long, and what no font draws out of it."""
    plain = "".join(sign if sign.isprintable() else "\ufffd" for sign in text)
    while len(plain) > 1 and font.getlength(plain) > width:
        plain = plain[:-2] + "\u2026"
    return plain
