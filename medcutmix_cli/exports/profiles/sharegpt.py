"""LLaMA-Factory's ShareGPT form: conversations with their pictures, and the entry that makes them known."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from medcutmix_cli.exports.files import PartFiles
from medcutmix_cli.exports.profile import EntrySource, PictureTable, place_picture
from medcutmix_cli.exports.profiles.llava import QUESTION, Turn, ask
from medcutmix_cli.exports.row import ExportRow, RowFacts, row_facts
from medcutmix_cli.exports.tables import write_list

_COLUMNS = {"messages": "conversations", "images": "images"}


class ShareGptRecord(RowFacts):
    """One conversation: as many pictures as the question says `<image>`."""

    conversations: list[Turn]
    images: list[str]


@dataclass(frozen=True)
class ShareGpt(PictureTable):
    """A JSON list a split of conversations, and `dataset_info.json`, which names them `medcutmix_train` and so on.

    Attributes:
        question: What the picture is asked.
        root: Folder that paths begin with; by default they are absolute.
    """

    question: str = QUESTION
    root: str = ""

    reader: ClassVar[str] = "LLaMA-Factory (`dataset_dir: OUT`, `dataset: medcutmix_SPLIT`)"

    def record(self, row: ExportRow, path: str, folder: Path) -> ShareGptRecord:
        """Return one conversation."""
        return ShareGptRecord(
            conversations=ask(self.question, row.caption),
            images=[place_picture(path, folder, self.root)],
            **row_facts(row),
        )

    def finish(self, entries: EntrySource, files: PartFiles) -> None:
        """Write a list a split, and the entry of each."""
        for split in entries.splits:
            write_list(files, f"{split}.json", entries.of(split))
        known = {
            f"medcutmix_{split}": {
                "file_name": f"{split}.json",
                "formatting": "sharegpt",
                "columns": _COLUMNS,
            }
            for split in entries.splits
        }
        with files.open_file("dataset_info.json") as opened:
            opened.path.write_text(json.dumps(known, indent=1) + "\n", encoding="utf-8")
