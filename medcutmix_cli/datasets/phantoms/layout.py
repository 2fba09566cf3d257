"""Lays sections out as a report file: header lines, a space before each line, wrapped at 79, offsets kept."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass, field

WIDTH = 79  # MIMIC-CXR reports are wrapped there
TITLE = " " * 33 + "FINAL REPORT\n"


@dataclass(frozen=True, slots=True)
class SectionBlock:
    """One section. `paragraphs` hold sentences; `numbers` gives each sentence a line of its own with its number."""

    header: str
    paragraphs: tuple[tuple[str, ...], ...]
    numbers: bool = False
    inline: bool = False  # the text starts on the header's line


@dataclass(slots=True)
class Page:
    """A report being written; `spans` are the (start, end) of each sentence in `text`, in order of writing."""

    text: str = TITLE
    spans: list[tuple[int, int]] = field(default_factory=list)

    def line(self, content: str) -> None:
        """Write wrapped lines that hold no tracked sentence."""
        self.text += "\n".join(f" {row}" for row in _wrap(content)) + "\n"

    def blank(self) -> None:
        """Write the line of one space that stands between sections."""
        self.text += " \n"

    def block(self, block: SectionBlock) -> None:
        """Write one section."""
        prefix = f"{block.header}:  " if block.header and block.inline and not block.numbers else ""
        if block.header and not prefix:
            self.text += f" {block.header}: \n"
            self.blank()
        for number, paragraph in enumerate(block.paragraphs):
            if number:
                self.blank()
            self._paragraph(paragraph, prefix if number == 0 else "", block.numbers)
        self.blank()

    def _paragraph(self, sentences: Sequence[str], prefix: str, numbers: bool) -> None:
        if numbers:
            for number, sentence in enumerate(sentences, start=1):
                self._wrapped([sentence], f"{number}. ")
        else:
            self._wrapped(sentences, prefix)

    def _wrapped(self, sentences: Sequence[str], prefix: str) -> None:
        """Write sentences as one wrapped paragraph; only spaces become line breaks, so offsets shift by counting."""
        flat = prefix + " ".join(sentences)
        rows = _wrap(flat)
        breaks, position = [], 0
        for row in rows[:-1]:
            position += len(row)
            breaks.append(position)  # the space at this offset of `flat` became "\n "
            position += 1
        base, cursor = len(self.text) + 1, len(prefix)
        for sentence in sentences:
            end = cursor + len(sentence)
            start_shift = sum(offset < cursor for offset in breaks)
            end_shift = sum(offset < end for offset in breaks)
            self.spans.append((base + cursor + start_shift, base + end + end_shift))
            cursor = end + 1
        self.text += "\n".join(f" {row}" for row in rows) + "\n"


def _wrap(flat: str) -> list[str]:
    return textwrap.wrap(flat, WIDTH - 1, break_long_words=False, break_on_hyphens=False)
