"""What a report may give another of one finding, without taking anything else along, and the name of a refusal."""

from __future__ import annotations

from dataclasses import dataclass

from medcutmix_cli.pairing.agreement import disagreement
from medcutmix_cli.pairing.clauses import is_plural, rereader
from medcutmix_cli.pairing.giving import as_headline, giveable
from medcutmix_cli.pairing.shadow_names import misnamed_shadow
from medcutmix_cli.records import Assertion, Mention, Reading, ReadStudy, Sentence, Side
from medcutmix_cli.reports.labels import counted_sentences
from medcutmix_cli.reports.reader import ReportReader
from medcutmix_cli.reports.tables import remember
from medcutmix_cli.sides import common_side, joint_side

STATED = frozenset({Assertion.PRESENT, Assertion.UNCERTAIN, Assertion.RESOLVED})


@dataclass(frozen=True, slots=True)
class Statement:
    """A report's statement of one finding.

    Attributes:
        main: The sentence the map is asked for: the first that asserts the finding on the statement's side, findings
            section first.
        sentences: All sentences of the statement, in the order of the report.
        side: The one side they give; NONE where they give none.
    """

    finding: str
    main: Sentence
    sentences: tuple[Sentence, ...]
    side: Side

    def in_section(self, section: str) -> Sentence:
        """Return the statement as that section words it, the main sentence where it says another thing there.

        A section that gives another side or degree, or several where there is one, would tell another story than the
        rest of the report.
        """
        told = _told(self.main, self.finding)
        same = (s for s in self.sentences if s.section == section and _told(s, self.finding) == told)
        return next(same, self.main)

    def in_style(self, section: str, *, telegraphic: bool) -> Sentence:
        """Return the statement as that section words it, without "There is a" where the section does without."""
        sentence = self.in_section(section)
        return as_headline(sentence) if telegraphic else sentence


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why something cannot be done; `reason` is counted."""

    reason: str


@dataclass(frozen=True, slots=True)
class FiledStudy(ReadStudy):
    """A read study with what it may give, found once when it was put away, not for each recipient it is tried with.

    Attributes:
        statements: Of the findings that may be exchanged, where they can be given.
    """

    statements: tuple[Statement, ...] = ()


def statement_of(donor: ReadStudy, finding: str) -> Statement | Refusal:
    """Return what a study may give of a finding: as it was filed, else by its report (`donor_statement`)."""
    filed = donor.statements if isinstance(donor, FiledStudy) else ()
    known = next((statement for statement in filed if statement.finding == finding), None)
    return known or donor_statement(donor.reading, finding)


def donor_statement(reading: Reading, finding: str) -> Statement | Refusal:
    """Collect the sentences, or parts of them, that may be given: they assert the finding and nothing else.

    A report that doubts, denies or calls normal elsewhere what they say gives none. Kept for the recipients that are
    tried one after the other.
    """
    return _donor_statement(reading, finding, rereader())


@remember(1 << 10)
def _donor_statement(reading: Reading, finding: str, _reader: ReportReader) -> Statement | Refusal:
    about = [s for s in counted_sentences(reading) if any(m.assertion in STATED for m in _of(s, finding))]
    given = [part for part in (giveable(s, finding) for s in about) if part is not None]
    if not given:
        return Refusal("donor-has-no-sentence-to-give")
    present = [m for s in given for m in _of(s, finding) if m.assertion is Assertion.PRESENT]
    side = common_side(m.side for m in present)
    if side is None:  # sides.py, clause 1
        return Refusal("donor-names-several-sides")
    against = disagreement(reading, finding) or misnamed_shadow(counted_sentences(reading), finding, present)
    if against:
        return Refusal(against)
    main = min(given, key=lambda s: (_side_in(s, finding) is not side, s.section != "findings", s.start))
    return Statement(finding, main, tuple(given), side)


def _told(sentence: Sentence, finding: str) -> set[tuple[object, ...]]:
    """Return side and degree of what a sentence says of a finding, and whether it tells of several."""
    start = sentence.start
    return {
        (m.side, m.severity, is_plural(sentence.text[m.start - start : m.end - start]))
        for m in _of(sentence, finding)
    }


def _side_in(sentence: Sentence, finding: str) -> Side:
    return joint_side(m.side for m in _of(sentence, finding))


def _of(sentence: Sentence, finding: str) -> list[Mention]:
    return [m for m in sentence.mentions if m.finding == finding]
