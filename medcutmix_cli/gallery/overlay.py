"""One attended map as a picture: heat, mask, peak, legend and caption. Shows ids and numbers, never the sentence.

Violet to yellow over grey: the stronger the lighter, and apart for all common kinds of colour blindness.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFont
from scipy import ndimage

from medcutmix_cli.errors import UsageError
from medcutmix_cli.gallery.pictures import heat_colours, heat_layer, outline_edges
from medcutmix_cli.inspection.map_view import MapView, evidence_words, mask_words, number, query_words
from medcutmix_cli.mixing.cut import picture_box, upsample
from medcutmix_cli.sides import Half, side_in
from medcutmix_cli.system.atomic_files import publish
from medcutmix_cli.system.storage_errors import explain_storage_errors

Box = tuple[int, int, int, int]
Font = ImageFont.ImageFont | ImageFont.FreeTypeFont

_PAPER, _INK, _DIM = (24, 24, 27), (235, 235, 238), (160, 160, 168)
_LUNGS = (74, 222, 128)
_LIGHT, _DARK = (255, 255, 255), (0, 0, 0)
_STOPS = cv2.applyColorMap(np.linspace(64, 255, 8).astype(np.uint8), cv2.COLORMAP_PLASMA)[:, 0, ::-1].astype(
    np.float32
)
"""The upper part of "plasma" (S. van der Walt, N. Smith, 2015, CC0): its dark end would not show on a lung."""

_UNDER_LEGEND = 70
"""Grey under the colours of the legend: about that of a lung, which they are seen over."""

_LEAST = 448
"""Narrowest picture column in pixels: a caption under a smaller canvas could not be read."""


def overlay(seen: MapView) -> Image.Image:
    """Draw a map over its picture, at the size of the canvas, with a legend and a caption; always the same pixels."""
    sizes = _OverlaySizes.of(seen.canvas.placement.canvas)
    lines = [line for text in _caption(seen) for line in _wrapped(text, sizes)]
    height = sizes.top + sizes.canvas + sizes.gap + len(lines) * sizes.line + sizes.gap
    sheet = Image.new("RGB", (sizes.left + sizes.column + sizes.legend, height), _PAPER)
    draw = ImageDraw.Draw(sheet)
    sheet.paste(_marked(seen, sizes), (sizes.picture_left, sizes.top))
    _write_sides(draw, sizes)
    _draw_legend(sheet, seen, sizes)
    for place, line in enumerate(lines):
        below = sizes.top + sizes.canvas + sizes.gap + place * sizes.line
        draw.text((sizes.left, below), line, _INK if place == 0 else _DIM, sizes.font)
    return sheet


def write_overlay(seen: MapView, target: Path, *, replace: bool = False) -> None:
    """Write the overlay as a PNG; the file appears whole or not at all.

    Raises:
        UsageError: There is such a file, or it is the picture itself.
        RunError: It cannot be written.
    """
    check_free(seen.image, target, replace=replace)
    with explain_storage_errors(target), publish(target) as temporary:
        overlay(seen).save(temporary, "PNG")


def check_free(image: Path, target: Path, *, replace: bool = False) -> None:
    """Refuse to write over a file, and over the picture whatever was said.

    Raises:
        UsageError: It would.
    """
    if target.exists() and image.exists() and target.samefile(image):
        raise UsageError(
            "the overlay would replace the picture itself", where=str(target), hint="--out FILE.png"
        )
    if target.exists() and not replace:
        hint = "--force writes over it, --out FILE.png names another"
        raise UsageError("there is such a file already", where=str(target), hint=hint)


@dataclass(frozen=True, slots=True)
class _OverlaySizes:
    """Where things are, pixels; all but the canvas grows with it."""

    canvas: int
    unit: float
    font: Font
    large: Font

    @classmethod
    def of(cls, canvas: int) -> _OverlaySizes:
        unit = max(1.0, canvas / _LEAST)
        return cls(
            canvas,
            unit,
            ImageFont.load_default(size=round(13 * unit)),
            ImageFont.load_default(size=round(19 * unit)),
        )

    def scale(self, pixels: float) -> int:
        return round(pixels * self.unit)

    @property
    def left(self) -> int:
        return self.scale(12)

    @property
    def top(self) -> int:
        return self.scale(34)

    @property
    def gap(self) -> int:
        return self.scale(10)

    @property
    def line(self) -> int:
        return self.scale(18)

    @property
    def legend(self) -> int:
        return self.scale(116)

    @property
    def column(self) -> int:
        return max(self.canvas, _LEAST)

    @property
    def picture_left(self) -> int:
        return self.left + (self.column - self.canvas) // 2


def _caption(seen: MapView) -> Iterator[str]:
    yield seen.image_id
    yield query_words(seen.asked)
    grid = " x ".join(str(cells) for cells in seen.scores.shape)
    yield f"{seen.encoder.name}, {seen.encoder.map_kind} map of {grid} cells"
    yield f"mask: {mask_words(seen)}"
    yield evidence_words(seen)
    if seen.lungs:
        yield "thin lines: the lungs, as registration finds them; sides and zones are theirs"
    if (seen.inside & ~seen.seen).any():
        yield "striped: outside what the encoder sees"
    if seen.encoder.demonstration:
        yield f"demonstration encoder: {seen.encoder.note}"


def _wrapped(text: str, sizes: _OverlaySizes) -> list[str]:
    """Cut a text into lines that fit, at spaces where there are any."""
    width = sizes.column + sizes.legend - sizes.left
    lines = [""]
    for word in text.split(" "):
        longer = f"{lines[-1]} {word}".strip()
        if sizes.font.getlength(longer) <= width:
            lines[-1] = longer
        else:
            lines += [word[start : start + 60] for start in range(0, len(word), 60)]
    return [line for line in lines if line]


def _marked(seen: MapView, sizes: _OverlaySizes) -> Image.Image:
    """Return the canvas with heat, what was not seen, mask and peak."""
    picture = Image.fromarray(seen.canvas.pixels).convert("RGBA")
    picture.alpha_composite(Image.fromarray(_heat(seen)))
    picture.alpha_composite(Image.fromarray(_hatching(seen, sizes)))
    draw = ImageDraw.Draw(picture)
    thin = sizes.scale(2)
    for outline in seen.lungs:
        draw.line([(float(x), float(y)) for x, y in (*outline, outline[0])], _LUNGS, sizes.scale(1))
    segments = list(_outline(seen))
    for colour, width in ((_DARK, thin + 2), (_LIGHT, thin)):
        for start, end in segments:
            draw.line((*start, *end), colour, width)
    _draw_peak(draw, seen, sizes)
    return picture.convert("RGB")


def _heat(seen: MapView) -> npt.NDArray[np.uint8]:
    """Return the map as (canvas, canvas, 4) RGBA, clear outside the picture and the field of view."""
    side, known = seen.canvas.placement.canvas, seen.seen
    clear = np.zeros((side, side, 4), np.uint8)
    if not known.any():
        return clear
    # The nearest score is put where there is none: colours must not fade towards the edge of what was seen.
    nearest = ndimage.distance_transform_edt(~known, return_distances=False, return_indices=True)
    layer = heat_layer(seen.scores[tuple(nearest)], side, _STOPS)
    shown = upsample(known.astype(np.float32), side, "nearest") > 0.5
    clear[shown] = layer[shown]
    return _inside(clear, seen)


def _hatching(seen: MapView, sizes: _OverlaySizes) -> npt.NDArray[np.uint8]:
    """Return stripes over the part of the picture that has no score, (canvas, canvas, 4) RGBA."""
    side, step = seen.canvas.placement.canvas, sizes.scale(8)
    y, x = np.mgrid[:side, :side]
    striped = (x + y) % step < max(1, step // 6)
    unseen = upsample((seen.inside & ~seen.seen).astype(np.float32), side, "nearest") > 0.5
    layer = np.zeros((side, side, 4), np.uint8)
    layer[striped & unseen] = (*_LIGHT, 110)
    return _inside(layer, seen)


def _inside(layer: npt.NDArray[np.uint8], seen: MapView) -> npt.NDArray[np.uint8]:
    """Clear a layer outside the picture: its edge need not be an edge of cells."""
    box = picture_box(seen.canvas.placement)
    whole = np.zeros_like(layer)
    whole[box] = layer[box]
    return whole


def _outline(seen: MapView) -> Iterator[tuple[tuple[float, float], tuple[float, float]]]:
    """Yield the lines around the mask, canvas pixels; dashes where a rule refuses it."""
    side, (rows, columns) = seen.canvas.placement.canvas, seen.scores.shape
    begin, end = (0.2, 0.8) if seen.region.rejected else (0.0, 1.0)
    for x, y, across in outline_edges(seen.region.mask):
        right, down = (1, 0) if across else (0, 1)
        first, last = (
            ((x + right * at) * side / columns, (y + down * at) * side / rows) for at in (begin, end)
        )
        yield first, last


def _draw_peak(draw: ImageDraw.ImageDraw, seen: MapView, sizes: _OverlaySizes) -> None:
    """Draw a ring with four ticks around the cell of the peak."""
    if seen.peak is None:
        return
    side, (rows, columns) = seen.canvas.placement.canvas, seen.scores.shape
    x, y = (seen.peak.column + 0.5) * side / columns, (seen.peak.row + 0.5) * side / rows
    radius, tick = sizes.scale(8), sizes.scale(14)
    for colour, width in ((_DARK, sizes.scale(2) + 2), (_LIGHT, sizes.scale(2))):
        draw.ellipse((x - radius, y - radius, x + radius, y + radius), outline=colour, width=width)
        for right, down in ((1, 0), (-1, 0), (0, 1), (0, -1)):
            inner, outer = radius - width // 2, tick
            draw.line(
                (x + right * inner, y + down * inner, x + right * outer, y + down * outer), colour, width
            )


def _write_sides(draw: ImageDraw.ImageDraw, sizes: _OverlaySizes) -> None:
    """Name the patient's sides over the picture, for a frontal one: the patient's right is its left half."""
    left, right, middle = sizes.picture_left, sizes.picture_left + sizes.canvas, sizes.top // 2
    letter = sizes.scale(20)
    for half, edge, inward, anchor in ((Half.LEFT, left, letter, "lm"), (Half.RIGHT, right, -letter, "rm")):
        side = side_in(half)  # sides.py, clause 8
        draw.text((edge, middle), side[0].upper(), _INK, sizes.large, anchor=anchor)
        if sizes.canvas >= _LEAST:
            draw.text((edge + inward, middle), f"patient's {side}", _DIM, sizes.font, anchor=anchor)


def _draw_legend(sheet: Image.Image, seen: MapView, sizes: _OverlaySizes) -> None:
    """Draw the colours with their scores, the highest at the top, and the score that the gate asks for."""
    low, high = seen.span
    left, top = sizes.left + sizes.column + sizes.scale(14), sizes.top + sizes.scale(28)
    width, height = sizes.scale(14), sizes.canvas - sizes.scale(28 + 8)
    draw = ImageDraw.Draw(sheet)
    draw.text((left, sizes.top), "score", _INK, sizes.font)
    if low != low:
        draw.text((left, top), "none", _DIM, sizes.font)
        return
    shares = np.tile(np.linspace(1, 0, height, dtype=np.float32)[:, None], (1, width))
    bar = Image.new("RGBA", (width, height), (_UNDER_LEGEND,) * 3 + (255,))
    bar.alpha_composite(Image.fromarray(heat_colours(shares, _STOPS)))
    sheet.paste(bar.convert("RGB"), (left, top))
    for share, label in _ticks(low, high, seen.evidence.threshold, sizes.line / max(height, 1)):
        y = top + round((1 - share) * (height - 1))
        draw.line((left, y, left + width + sizes.scale(4), y), _INK, sizes.scale(1))
        draw.text((left + width + sizes.scale(7), y), label, _INK, sizes.font, anchor="lm")


def _ticks(low: float, high: float, gate: float, apart: float) -> Iterator[tuple[float, str]]:
    """Yield (share of the range, label), lines of text at least `apart` from each other; the gate goes first."""
    taken: list[float] = []
    wanted = [(1.0, number(high)), (0.0, number(low)), (0.5, number((low + high) / 2))]
    if low <= gate <= high and high > low:
        wanted.insert(0, ((gate - low) / (high - low), f"{number(gate)} gate"))
    for share, label in wanted:
        if all(abs(share - other) >= apart for other in taken):
            taken.append(share)
            yield share, label
