"""Pictures in a terminal: half blocks anywhere, sixel or kitty graphics where the terminal says that it can."""

from __future__ import annotations

import base64
import io
import os
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, TextIO

from rich.color import Color
from rich.console import Console, ConsoleOptions, RenderResult
from rich.segment import Segment
from rich.style import Style

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Rgb = npt.NDArray[np.uint8]

_KITTY = frozenset({"xterm-kitty", "xterm-ghostty", "ghostty", "WezTerm"})
_SIXEL = frozenset({"foot", "foot-extra", "mlterm", "contour", "yaft-256color", "iTerm.app", "mintty"})
_SHADES = " .:-=+*#%@"
_LEVELS = 6  # of red, green and blue in a sixel picture: 216 colours, of which a grey picture has 6
_GREYS = 32
_CHUNK = 4096  # bytes of base64 that kitty takes at once


def picture_way(asked: str, stream: TextIO, environment: Mapping[str, str] | None = None) -> str:
    """Return how pictures are shown: "blocks", "sixel", "kitty" or "none".

    Args:
        asked: One of `PICTURE_WAYS`.
        stream: Where they are printed.
        environment: What the terminal says of itself; by default this process's own.
    """
    if asked != "auto":
        return asked
    told = os.environ if environment is None else environment
    if not stream.isatty() or told.get("TERM", "") in ("", "dumb"):
        return "none"
    names = {told.get("TERM", ""), told.get("TERM_PROGRAM", "")}
    inside = told.get("TERM", "").partition("-")[0] in ("screen", "tmux")  # these swallow graphics
    if not inside and (names & _KITTY or told.get("KITTY_WINDOW_ID")):
        return "kitty"
    if not inside and (names & _SIXEL or "sixel" in told.get("TERM", "")):
        return "sixel"
    return "blocks"


def picture_text(pixels: Rgb, way: str) -> str:
    """Return a picture, (height, width, 3) RGB, as a terminal of that kind takes it: "sixel" or "kitty"."""
    return _sixel(pixels) if way == "sixel" else _kitty(pixels)


class HalfBlocks:
    """A picture as characters, two pixels each; as shades of letters where there is no colour.

    Args:
        pixels: (height, width, 3) RGB; scaled to the width of the console.
    """

    def __init__(self, pixels: Rgb) -> None:
        self._pixels = pixels

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        width = min(options.max_width, self._pixels.shape[1])
        small = _scaled(self._pixels, width)
        coloured = console.color_system is not None and not console.no_color and not options.ascii_only
        for upper, lower in zip(small[0::2], small[1::2], strict=True):
            yield from _line(upper, lower) if coloured else _plain_line(upper, lower)
            yield Segment.line()


def _scaled(pixels: Rgb, width: int) -> Rgb:
    import cv2
    import numpy as np

    height = max(2, round(pixels.shape[0] * width / pixels.shape[1]) // 2 * 2)
    return np.asarray(cv2.resize(pixels, (width, height), interpolation=cv2.INTER_AREA), np.uint8)


def _line(upper: Rgb, lower: Rgb) -> Iterator[Segment]:
    for above, below in zip(upper.tolist(), lower.tolist(), strict=True):
        style = Style(color=Color.from_rgb(*above), bgcolor=Color.from_rgb(*below))
        yield Segment("\u2580", style)


def _plain_line(upper: Rgb, lower: Rgb) -> Iterator[Segment]:
    grey = (upper.mean(axis=1) + lower.mean(axis=1)) / 2
    yield Segment("".join(_SHADES[min(9, int(value * 10 / 256))] for value in grey.tolist()))


def _kitty(pixels: Rgb) -> str:
    """Write a PNG in pieces (sw.kovidgoyal.net/kitty/graphics-protocol)."""
    from PIL import Image

    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, "PNG")
    encoded = base64.b64encode(stream.getvalue()).decode("ascii")
    pieces = [encoded[start : start + _CHUNK] for start in range(0, len(encoded), _CHUNK)]
    last = len(pieces) - 1
    return "".join(
        f"\x1b_G{'a=T,f=100,' if place == 0 else ''}m={int(place < last)};{piece}\x1b\\"
        for place, piece in enumerate(pieces)
    )


def _sixel(pixels: Rgb) -> str:
    """Write six rows at a time, a colour after the other (DEC STD 070)."""
    import numpy as np

    places, palette = _palette(pixels)
    height, width = places.shape
    colours = "".join(f"#{n};2;{';'.join(str(part) for part in rgb)}" for n, rgb in enumerate(palette))
    bands = []
    for top in range(0, height, 6):
        band = places[top : top + 6]
        bits = (1 << np.arange(len(band)))[:, None]
        lines = [f"#{n}{_runs((bits * (band == n)).sum(axis=0))}" for n in np.unique(band).tolist()]
        bands.append("$".join(lines))
    return f'\x1bPq"1;1;{width};{height}{colours}{"-".join(bands)}\x1b\\'


def _palette(pixels: Rgb) -> tuple[Any, list[tuple[int, ...]]]:
    """Return the number of each pixel's colour, and the colours in hundredths: greys first, then a cube."""
    import numpy as np

    values = pixels.astype(np.int32)
    spread = values.max(axis=2) - values.min(axis=2)
    grey = values.mean(axis=2).astype(np.int32) * _GREYS // 256
    cube = values * _LEVELS // 256 @ np.array([_LEVELS * _LEVELS, _LEVELS, 1])
    palette: list[tuple[int, ...]] = [(round(100 * n / (_GREYS - 1)),) * 3 for n in range(_GREYS)]
    palette += [
        tuple(round(100 * level / (_LEVELS - 1)) for level in (n // 36, n // 6 % 6, n % 6))
        for n in range(_LEVELS**3)
    ]
    return np.where(spread < 24, grey, _GREYS + cube), palette


def _runs(bits: Any) -> str:
    """Write one colour of a band; what is the same often is counted."""
    import numpy as np

    ends = np.append(np.nonzero(np.diff(bits))[0], len(bits) - 1)
    lengths = np.diff(np.append(-1, ends))
    return "".join(
        f"!{length}{chr(63 + value)}" if length > 3 else chr(63 + value) * length
        for length, value in zip(lengths.tolist(), bits[ends].tolist(), strict=True)
    )
