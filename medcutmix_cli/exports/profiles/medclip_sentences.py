"""MedCLIP's table of sentences with labels: what its pictures are matched with across patients."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import ClassVar, TypedDict

from medcutmix_cli.exports.files import PartFiles
from medcutmix_cli.exports.profile import EntrySource
from medcutmix_cli.exports.profiles.medclip import LABELS, ordered_labels
from medcutmix_cli.exports.row import ExportRow
from medcutmix_cli.exports.tables import Entry, write_table


class SentenceRecord(TypedDict):
    """The sentences of one row that name a finding, each with its labels in MedCLIP's order."""

    sentences: list[tuple[str, list[float]]]


@dataclass(frozen=True)
class MedClipSentences:
    """`local_data/sentence-label.csv`: the different sentences of train that name a finding, with 14 labels.

    It has no further column, since MedCLIP takes all of them for labels; and no picture, so that none can be flipped.
    """

    reader: ClassVar[str] = "MedCLIP, beside the table of `medclip`"
    needs_sentences: ClassVar[bool] = True

    def refuse(self, row: ExportRow) -> str:
        """Refuse a report none of whose sentences names a finding, and what is not to be trained on."""
        if row.split != "train":
            return "not-for-training"
        return "" if row.sentences else "no-sentence"

    def store(self, rows: Iterable[ExportRow], files: PartFiles) -> Iterator[Entry]:
        """Yield the sentences of each row; nothing is written yet."""
        for row in rows:
            said = [(one.text, list(ordered_labels(one.labels).values())) for one in row.sentences]
            yield SentenceRecord(sentences=said)

    def finish(self, entries: EntrySource, files: PartFiles) -> None:
        """Write each sentence once, where it comes first."""
        columns = ("index", "Reports", *LABELS)
        write_table(files, "local_data/sentence-label.csv", _numbered(entries), columns)


def _numbered(entries: EntrySource) -> Iterator[Entry]:
    seen: set[str] = set()
    for entry in (entry for split in entries.splits for entry in entries.of(split)):
        for text, labels in entry["sentences"]:
            if text not in seen:
                yield {"index": len(seen), "Reports": text, **dict(zip(LABELS, labels, strict=True))}
                seen.add(text)
