"""LLaVA's conversations: one question with a picture, one answer."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, TypedDict

from medcutmix_cli.exports.files import PartFiles
from medcutmix_cli.exports.profile import EntrySource, PictureTable
from medcutmix_cli.exports.row import ExportRow, RowFacts, row_facts
from medcutmix_cli.exports.tables import write_list

QUESTION = "Describe the findings of this chest X-ray."

Turn = TypedDict("Turn", {"from": str, "value": str})
"""One turn: "human" asks, "gpt" answers."""


class LlavaRecord(RowFacts):
    """One conversation."""

    id: str
    image: str
    conversations: list[Turn]


def ask(question: str, answer: str) -> list[Turn]:
    """Return a question about the picture before it, and its answer."""
    return [Turn({"from": "human", "value": f"<image>\n{question}"}), Turn({"from": "gpt", "value": answer})]


@dataclass(frozen=True)
class Llava(PictureTable):
    """A JSON list a split, `train.json`, of conversations: the question with the picture, the caption as the answer.

    Attributes:
        question: What the picture is asked.
    """

    question: str = QUESTION

    reader: ClassVar[str] = "LLaVA, LLaVA-Med (`--data_path OUT/SPLIT.json --image_folder OUT`)"

    def record(self, row: ExportRow, path: str, folder: Path) -> LlavaRecord:
        """Return one conversation; the path is relative to the folder."""
        return LlavaRecord(
            id=row.key, image=path, conversations=ask(self.question, row.caption), **row_facts(row)
        )

    def finish(self, entries: EntrySource, files: PartFiles) -> None:
        """Write a list a split."""
        for split in entries.splits:
            write_list(files, f"{split}.json", entries.of(split))
