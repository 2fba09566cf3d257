"""What `inspect` writes and how it shows pictures: options, declared once."""

from __future__ import annotations

from dataclasses import dataclass

from medcutmix_cli.configuration.declaration import setting

PAGE = "Page"

PICTURE_WAYS = ("auto", "blocks", "sixel", "kitty", "none")
"""How a terminal shows pictures; "auto": as well as it can, and not at all in a file or a pipe."""


@dataclass(frozen=True, slots=True)
class PageOptions:
    """Options of `inspect` beside those that choose one pair."""

    html: str = setting(
        "",
        "Write a page of all pairs to this file; pictures lie in a folder beside it.",
        keyword="html",
        panel=PAGE,
        metavar="FILE",
        path=True,
    )
    self_contained: bool = setting(
        False,
        "Put some pairs into the one file of --html, with all that they need.",
        keyword="self_contained",
        panel=PAGE,
    )
    sheet: str = setting(
        "",
        "Write a contact sheet to this PNG.",
        keyword="sheet",
        panel=PAGE,
        metavar="FILE",
        path=True,
    )
    pairs: int = setting(
        0,
        "How many pairs page or sheet show, the findings taking turns.",
        keyword="pairs",
        panel=PAGE,
        metavar="N",
        least=1,
        spoken_default="all; 10 with --self-contained, 24 on a sheet",
    )
    rejected: int = setting(
        0,
        "How many pairs that were not written they show rendered once more, with the rule drawn.",
        keyword="rejected",
        panel=PAGE,
        metavar="N",
        least=0,
    )
    pictures: str = setting(
        "auto",
        "How one pair's pictures are printed: as the terminal can, or as said, into a pipe too.",
        keyword="pictures",
        panel="One pair",
        metavar="HOW",
        choices=PICTURE_WAYS,
    )
