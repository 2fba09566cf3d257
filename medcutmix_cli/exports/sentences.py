"""The sentences of a report that name a finding, each with what it says by itself. Knows no picture."""

from __future__ import annotations

from dataclasses import dataclass

from medcutmix_cli.exports.row import LabelledSentence, readable
from medcutmix_cli.records import Reading
from medcutmix_cli.reports.labels import chexpert_labels, counted_sentences
from medcutmix_cli.reports.reader import ReportReader


@dataclass(frozen=True, slots=True)
class SentenceReader:
    """Reads reports once more: shards hold no sentences."""

    reports: ReportReader

    def read(self, report: str, study_id: str) -> tuple[LabelledSentence, ...]:
        """Return the sentences of the counting sections that name a finding, in order."""
        return label_sentences(self.reports.read(report, study_id))


def label_sentences(reading: Reading) -> tuple[LabelledSentence, ...]:
    """Return the sentences of a reading that name a finding, with the labels of each alone."""
    named = [sentence for sentence in counted_sentences(reading) if sentence.mentions]
    return tuple(
        LabelledSentence(text, chexpert_labels(Reading(reading.sections, (sentence,))))
        for sentence in named
        if (text := readable(sentence.text))
    )
