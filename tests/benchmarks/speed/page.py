"""The page RESULTS.md: what a person wrote stays, a block between marks is replaced when it is measured again."""

from __future__ import annotations

import os
import platform
import re
import shlex
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from tests.benchmarks.speed.cpu import cores
from tests.benchmarks.speed.encoders import NAMES

if TYPE_CHECKING:
    from tests.benchmarks.speed.runs import Setup

PAGE = Path(__file__).resolve().parents[1] / "RESULTS.md"


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Lay rows out."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in lines)


def stamp(setup: Setup, part: str) -> str:
    """Say with which command a block was made, when, and on what machine."""
    some = "" if set(setup.names) == set(NAMES) else f" --encoders {' '.join(map(shlex.quote, setup.names))}"
    command = f"python -m tests.benchmarks.speed --only {part}{some} --rounds {setup.rounds}"
    return f"`{command}`, {surroundings(setup)}"


def surroundings(setup: Setup) -> str:
    """Say when something was measured, on what machine, and how busy that was."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    width = setup.pictures(".jpg").width
    machine = f"{cores()} CPUs,\n{memory:.0f} GiB, Python {platform.python_version()}"
    pictures = f"pictures of {width:,} x {setup.height:,}"
    return f"{time.strftime('%Y-%m-%d')}: {machine}, {pictures}. {load()}{_left_out(setup)}"


def _left_out(setup: Setup) -> str:
    missing = sorted(set(setup.names) - set(setup.encoders))
    why = "not measured: this CPU has no instructions for it, and takes seconds a picture."
    return f"\n{', '.join(missing)}: {why}" if missing else ""


def load() -> str:
    """Say how busy the machine is: figures of a machine that others use are worth less."""
    waiting = os.getloadavg()[1]
    shared = (
        " **Others used the machine: trust ratios, not milliseconds.**" if waiting > 1.5 * cores() else ""
    )
    return f"Load {waiting:.1f}.{shared}"


def write_blocks(page: Path, blocks: dict[str, str]) -> None:
    """Replace blocks of the page.

    Raises:
        ValueError: The page has no place for one of them.
    """
    text = page.read_text(encoding="utf-8")
    for name, block in blocks.items():
        marked = f"<!-- begin: {name} -->\n{block}\n<!-- end: {name} -->"
        pattern = f"<!-- begin: {name} -->.*?<!-- end: {name} -->"
        text, found = re.subn(pattern, lambda _match, marked=marked: marked, text, flags=re.DOTALL)
        if not found:
            raise ValueError(f"the page has no block {name!r}")
    page.write_text(text, encoding="utf-8")


def read_block(page: Path, name: str) -> str:
    """Return what stands in a block of the page."""
    begin, end = f"<!-- begin: {name} -->\n", f"\n<!-- end: {name} -->"
    return page.read_text(encoding="utf-8").partition(begin)[2].partition(end)[0]
