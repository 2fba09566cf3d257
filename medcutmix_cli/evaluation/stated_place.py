"""Where the sentence that came in says its finding is: side, and thirds of the lung. Knows no picture."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from medcutmix_cli.records import Assertion, Side
from medcutmix_cli.reports.reader import ReportReader
from medcutmix_cli.run.shards import Row

_THIRDS: Mapping[str, frozenset[str]] = {
    "apex": frozenset({"upper"}),
    "upper": frozenset({"upper"}),
    # A middle lobe and a lingula reach down to the diaphragm, a middle zone does not; the reader has one word for them.
    "middle": frozenset({"middle", "lower"}),
    "lingula": frozenset({"middle", "lower"}),
    "perihilar": frozenset({"middle"}),
    "lower": frozenset({"lower"}),
    "base": frozenset({"lower"}),
    "costophrenic": frozenset({"lower"}),
    "retrocardiac": frozenset({"lower"}),
}
"""Location as the reader normalises it -> thirds of the lung's height that agree with it."""


@dataclass(frozen=True, slots=True)
class StatedPlace:
    """What is said of where a finding is.

    Attributes:
        side: The patient's; NONE where none is said.
        zones: Thirds of the lung that agree with what is said; empty where nothing is.
    """

    side: Side
    zones: frozenset[str]


def stated_place(row: Row, reader: ReportReader) -> StatedPlace:
    """Read where the donor's sentence puts the finding that came in."""
    reading = reader.read(f"FINDINGS: {row['sentence_b']}")
    places = {
        mention.location
        for sentence in reading.sentences
        for mention in sentence.mentions
        if mention.finding == row["finding"] and mention.assertion is not Assertion.ABSENT
    }
    # Several places in one sentence: the region can be in one of them only, so that nothing can be held against it.
    zones = _THIRDS.get(places.pop(), frozenset()) if len(places) == 1 else frozenset()
    return StatedPlace(Side(row["side_b"]), zones)
