"""ms-swift's JSON Lines: messages with roles, and the pictures they speak of."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, TypedDict

from medcutmix_cli.exports.files import PartFiles
from medcutmix_cli.exports.profile import EntrySource, PictureTable, place_picture
from medcutmix_cli.exports.profiles.llava import QUESTION
from medcutmix_cli.exports.row import ExportRow, RowFacts, row_facts
from medcutmix_cli.exports.tables import write_lines


class Message(TypedDict):
    """What "user" or "assistant" says."""

    role: str
    content: str


class SwiftRecord(RowFacts):
    """One conversation."""

    messages: list[Message]
    images: list[str]


@dataclass(frozen=True)
class Swift(PictureTable):
    """A file a split, `train.jsonl`, with `messages` and `images` on each line.

    Attributes:
        question: What the picture is asked.
        root: Folder that paths begin with; by default they are absolute.
    """

    question: str = QUESTION
    root: str = ""

    reader: ClassVar[str] = "ms-swift (`swift sft --dataset OUT/SPLIT.jsonl`)"

    def record(self, row: ExportRow, path: str, folder: Path) -> SwiftRecord:
        """Return one conversation."""
        asked = Message(role="user", content=f"<image>{self.question}")
        return SwiftRecord(
            messages=[asked, Message(role="assistant", content=row.caption)],
            images=[place_picture(path, folder, self.root)],
            **row_facts(row),
        )

    def finish(self, entries: EntrySource, files: PartFiles) -> None:
        """Write a file a split."""
        for split in entries.splits:
            write_lines(files, f"{split}.jsonl", entries.of(split))
