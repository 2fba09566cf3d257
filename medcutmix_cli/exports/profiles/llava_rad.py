"""LLaVA-Rad's conversations: a frontal picture, the reason for the study, and the findings section."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from medcutmix_cli.exports.files import PartFiles
from medcutmix_cli.exports.profile import EntrySource, PictureTable
from medcutmix_cli.exports.profiles.llava import Turn, ask
from medcutmix_cli.exports.row import ExportRow, RowFacts, row_facts
from medcutmix_cli.exports.tables import write_list
from medcutmix_cli.records import FRONTAL_VIEWS

ASKED = "Describe the findings of the chest x-ray."
ASKED_WITH_REASON = (
    "Given the {view} X-ray image, the reason for the study is: {reason} Describe the findings."
)


class LlavaRadRecord(RowFacts):
    """One conversation.

    Attributes:
        reason: The indication, None where there is none.
        generate_method: Which findings its reader takes: those cut out by rules.
    """

    image: str
    view: str
    reason: str | None
    generate_method: str
    conversations: list[Turn]


@dataclass(frozen=True)
class LlavaRad(PictureTable):
    """A JSON list a split of conversations whose answer is the findings section.

    Its reader passes over views other than AP and PA, and answers that are no text.
    """

    reader: ClassVar[str] = "LLaVA-Rad (`--data_path OUT/SPLIT.json --image_folder OUT`)"

    def refuse(self, row: ExportRow) -> str:
        """Refuse what has no findings section, or is no frontal view."""
        if row.view not in FRONTAL_VIEWS:
            return "view-not-frontal"
        return "" if row.texts.caption("findings") else "findings-empty"

    def record(self, row: ExportRow, path: str, folder: Path) -> LlavaRadRecord:
        """Return one conversation; the path is relative to the folder."""
        reason = row.texts.indication or None
        question = ASKED_WITH_REASON.format(view=row.view, reason=reason) if reason else ASKED
        return LlavaRadRecord(
            image=path,
            view=row.view,
            reason=reason,
            generate_method="rule-based",
            conversations=ask(question, row.texts.caption("findings")),
            **row_facts(row),
        )

    def finish(self, entries: EntrySource, files: PartFiles) -> None:
        """Write a list a split."""
        for split in entries.splits:
            write_list(files, f"{split}.json", entries.of(split))
