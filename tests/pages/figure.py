"""The figure of docs/weights.md, drawn from the numbers of the worked example. The same numbers, the same pixels."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFont
from PIL.PngImagePlugin import PngInfo

from tests.pages.example import DONOR, MAP_A, MAP_B, MASK_A, MASK_B, values

NUMBERS = "numbers"
"""Text chunk of the PNG that holds what was drawn: a test compares it with what the code says now."""

_CELL, _GAP, _TOP, _LEFT = 56, 40, 74, 28
_BARS = 330
_INK, _SOFT, _PAPER, _LINE = (22, 25, 29), (89, 97, 107), (255, 255, 255), (200, 206, 213)
_HEAT, _OWN, _GIVEN, _MASK = (214, 72, 32), (31, 95, 191), (56, 189, 248), (222, 160, 0)
_GIVEN_LIGHT = (146, 219, 251)
_BAR = 17

Colour = tuple[int, int, int]
Grid = npt.NDArray[Any]


def drawn_numbers() -> str:
    """Return all numbers that the figure shows, as JSON."""
    grids = {name: grid.astype(float).tolist() for name, grid in _grids().items()}
    return json.dumps({"grids": grids, "weights": values("relu")}, sort_keys=True)


def _grids() -> dict[str, Grid]:
    return {"A": MAP_A, "B": MAP_B, "mask A": MASK_A, "mask B": MASK_B, "donor": DONOR}


def figure() -> Image.Image:
    """Draw both maps with their masks, the pasted region, and the weights as bars."""
    side = 4 * _CELL
    width = _LEFT + 3 * (side + _GAP) + _BARS + _LEFT
    sheet = Image.new("RGB", (width, _TOP + side + 62), _PAPER)
    draw = ImageDraw.Draw(sheet)
    _map(draw, 0, "Recipient's map", "outlined: its mask", MAP_A, MASK_A)
    _map(draw, 1, "Donor's map", "outlined: its mask", MAP_B, MASK_B)
    _region(draw, 2)
    _weights(draw, _LEFT + 3 * (side + _GAP))
    foot = "The numbers are scores, read as relu: divided by their sum they are the map's attention mass."
    draw.text((_LEFT, _TOP + side + 24), foot, _SOFT, _font(15))
    return sheet


def write_figure(target: Path) -> None:
    """Write the figure with its numbers in a text chunk."""
    info = PngInfo()
    info.add_text(NUMBERS, drawn_numbers())
    figure().quantize(64, dither=Image.Dither.NONE).save(target, "PNG", pnginfo=info, optimize=True)


def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size=size)


def _place(panel: int) -> int:
    return _LEFT + panel * (4 * _CELL + _GAP)


def _titles(draw: ImageDraw.ImageDraw, left: int, title: str, below: str) -> None:
    draw.text((left, 16), title, _INK, _font(20))
    draw.text((left, 43), below, _SOFT, _font(15))


def _map(draw: ImageDraw.ImageDraw, panel: int, title: str, below: str, scores: Grid, mask: Grid) -> None:
    left = _place(panel)
    _titles(draw, left, title, below)
    for row, column in np.ndindex(scores.shape):
        share = float(scores[row, column]) / float(scores.max())
        _cell(draw, left, row, column, _mixed(_PAPER, _HEAT, 0.85 * share), f"{scores[row, column]:g}")
    _outline(draw, left, mask, _MASK)


def _region(draw: ImageDraw.ImageDraw, panel: int) -> None:
    left = _place(panel)
    _titles(draw, left, "The mix", "in-place-union, hard edges")
    for row, column in np.ndindex(DONOR.shape):
        given = bool(DONOR[row, column])
        colour = _mixed(_PAPER, _GIVEN if given else _OWN, 0.55 if given else 0.18)
        _cell(draw, left, row, column, colour, "B" if given else "A")


def _cell(draw: ImageDraw.ImageDraw, left: int, row: int, column: int, colour: Colour, text: str) -> None:
    x, y = left + column * _CELL, _TOP + row * _CELL
    draw.rectangle((x, y, x + _CELL, y + _CELL), colour, _LINE)
    draw.text((x + _CELL // 2, y + _CELL // 2), text, _INK, _font(18), anchor="mm")


def _outline(draw: ImageDraw.ImageDraw, left: int, mask: Grid, colour: Colour) -> None:
    padded = np.pad(mask, 1)
    for row, column in np.argwhere(padded[1:, 1:-1] != padded[:-1, 1:-1]):
        x, y = left + column * _CELL, _TOP + row * _CELL
        draw.line((x, y, x + _CELL, y), colour, 4)
    for row, column in np.argwhere(padded[1:-1, 1:] != padded[1:-1, :-1]):
        x, y = left + column * _CELL, _TOP + row * _CELL
        draw.line((x, y, x, y + _CELL), colour, 4)


def _weights(draw: ImageDraw.ImageDraw, left: int) -> None:
    _titles(draw, left, "One mix, eight numbers", "dark: the recipient's, light: the donor's")
    step = 4 * _CELL / 8
    for place, (name, value) in enumerate(values("relu").items()):
        y = round(_TOP + place * step)
        draw.text((left, y), name, _INK, _font(15))
        draw.text((left + _BARS, y), f"{value:.3f}", _INK, _font(15), anchor="ra")
        begin, end = left + 138, left + _BARS - 52
        filled = begin + round((end - begin) * value)
        # The masses are each of one parent alone: what is missing of them is nobody's.
        rest = _LINE if name.startswith("mass") else _GIVEN_LIGHT
        draw.rectangle((begin, y + 2, end, y + _BAR), rest)
        draw.rectangle((begin, y + 2, filled, y + _BAR), _GIVEN_LIGHT if name == "mass_got_b" else _OWN)


def _mixed(one: Colour, other: Colour, share: float) -> Colour:
    red, green, blue = (round((1 - share) * a + share * b) for a, b in zip(one, other, strict=True))
    return red, green, blue
