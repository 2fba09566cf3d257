"""Pictures as a terminal takes them."""

import base64
import io
import re

import numpy as np
import pytest
from PIL import Image
from rich.console import Console

from medcutmix_cli.commands.page_options import PICTURE_WAYS
from medcutmix_cli.terminal.pictures import HalfBlocks, picture_text, picture_way


class Screen(io.StringIO):
    def isatty(self):
        return True


def picture(height=40, width=60):
    grey = np.linspace(0, 255, width, dtype=np.uint8)[None, :, None].repeat(height, 0).repeat(3, 2)
    grey[10:20, 10:20] = (255, 212, 59)
    return grey


@pytest.mark.parametrize(
    ("told", "way"),
    [
        ({"TERM": "xterm-256color"}, "blocks"),
        ({"TERM": "xterm-kitty"}, "kitty"),
        ({"TERM": "xterm-256color", "KITTY_WINDOW_ID": "1"}, "kitty"),
        ({"TERM": "xterm-256color", "TERM_PROGRAM": "WezTerm"}, "kitty"),
        ({"TERM": "foot"}, "sixel"),
        ({"TERM": "vt340-sixel"}, "sixel"),
        ({"TERM": "xterm-256color", "TERM_PROGRAM": "iTerm.app"}, "sixel"),
        ({"TERM": "tmux-256color", "KITTY_WINDOW_ID": "1"}, "blocks"),
        ({"TERM": "screen", "TERM_PROGRAM": "iTerm.app"}, "blocks"),
        ({"TERM": "dumb"}, "none"),
        ({}, "none"),
    ],
)
def test_a_terminal_says_what_it_can(told, way):
    assert picture_way("auto", Screen(), told) == way


@pytest.mark.parametrize("told", [{"TERM": "xterm-kitty"}, {"TERM": "foot"}, {"TERM": "xterm"}])
def test_nothing_goes_into_a_pipe_unless_it_was_asked_for(told):
    assert picture_way("auto", io.StringIO(), told) == "none"
    for way in PICTURE_WAYS[1:]:
        assert picture_way(way, io.StringIO(), told) == way


def printed(width, **how):
    stream = io.StringIO()
    Console(file=stream, width=width, force_terminal=True, **how).print(HalfBlocks(picture()))
    return stream.getvalue()


def test_half_blocks_hold_two_rows_of_pixels_each():
    text = printed(30, color_system="truecolor")
    lines = text.rstrip("\n").split("\n")
    assert [line.count("\u2580") for line in lines] == [30] * 10
    assert re.findall(r"38;2;(\d+);(\d+);(\d+)", lines[0])[0] == ("2", "2", "2")
    assert "38;2;255;212;59" in text


def test_without_colour_shades_are_letters():
    text = printed(30, color_system=None, no_color=True)
    assert "\x1b" not in text
    assert text.isascii()
    assert text[0] == " "
    assert text.split("\n")[-2][29] == "@"


def test_kitty_gets_a_png_in_pieces():
    rng = np.random.default_rng(0)
    pixels = rng.integers(0, 255, (64, 64, 3), dtype=np.uint8)
    pieces = re.findall(r"\x1b_G([^;]*);([^\x1b]*)\x1b\\", picture_text(pixels, "kitty"))
    assert len(pieces) > 1
    assert pieces[0][0] == "a=T,f=100,m=1"
    assert [head for head, _ in pieces[1:]] == ["m=1"] * (len(pieces) - 2) + ["m=0"]
    assert all(len(body) <= 4096 for _, body in pieces)
    shown = Image.open(io.BytesIO(base64.b64decode("".join(body for _, body in pieces))))
    assert np.array_equal(np.asarray(shown), pixels)


def decoded_sixel(text):
    """Draw a sixel picture as a terminal does, (height, width, 3) in hundredths."""
    head, body = re.fullmatch(r'\x1bPq"1;1;(\d+;\d+)(.*)\x1b\\', text, re.DOTALL).groups()
    width, height = map(int, head.split(";"))
    colours = {
        int(n): list(map(int, rgb.split(";"))) for n, rgb in re.findall(r"#(\d+);2;(\d+;\d+;\d+)", body)
    }
    body = re.sub(r"#\d+;2;\d+;\d+;\d+", "", body)
    drawn = np.full((height + 6, width, 3), -1)
    for number, band in enumerate(body.split("-")):
        for line in band.split("$"):
            colour, x = re.match(r"#(\d+)", line), 0
            for times, sign in re.findall(r"(?:!(\d+))?([?-~])", line[colour.end() :]):
                times = int(times or 1)
                for bit in range(6):
                    if ord(sign) - 63 >> bit & 1:
                        drawn[number * 6 + bit, x : x + times] = colours[int(colour.group(1))]
                x += times
    return drawn[:height]


@pytest.mark.parametrize("height", [36, 40])
def test_sixel_draws_the_picture_about_as_it_is(height):
    pixels = picture(height)
    drawn = decoded_sixel(picture_text(pixels, "sixel"))
    assert drawn.min() >= 0  # each pixel has a colour
    assert np.abs(drawn * 2.55 - pixels).max() <= 45
    grey = pixels[:, :, 0] == pixels[:, :, 2]
    assert np.abs(drawn * 2.55 - pixels)[grey].max() <= 9
