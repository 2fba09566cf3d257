"""What one report says of one finding, as something that can be taken out of it or given to another.

Two views of the same sentences: `recipient_statement` is all that must leave when the finding's evidence
leaves; `donor_statement` is what may be given away without taking anything else along.
"""

from __future__ import annotations

from dataclasses import dataclass

from medcutmix_cli.pairing.consistency import contradiction
from medcutmix_cli.pairing.giving import SHADOWS, giveable
from medcutmix_cli.records import Assertion, Mention, Reading, Sentence, SentenceKind, Side
from medcutmix_cli.reports.labels import counting_sections

STATED = frozenset({Assertion.PRESENT, Assertion.UNCERTAIN, Assertion.RESOLVED})


@dataclass(frozen=True, slots=True)
class Statement:
    """A report's statement of one finding.

    Attributes:
        main: The sentence the map is asked for: the first that asserts the finding, findings section first.
        sentences: All sentences of the statement, in the order of the report.
        side: The one side they give; NONE where they give none.
    """

    finding: str
    main: Sentence
    sentences: tuple[Sentence, ...]
    side: Side

    def in_section(self, section: str) -> Sentence | None:
        """Return the statement's first sentence of that section."""
        return next((s for s in self.sentences if s.section == section), None)


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why something cannot be done; `reason` is counted."""

    reason: str


def recipient_statement(reading: Reading, finding: str) -> Statement | Refusal:
    """Collect every sentence that must leave when the finding is exchanged.

    Hedged, resolved and prior-referring sentences about the finding leave as well: they speak of evidence that
    will be gone. A sentence that asserts another finding too cannot leave without a lie about that one.
    """
    about = [s for s in _counted(reading) if any(m.assertion in STATED for m in _of(s, finding))]
    if any(_others_stated(sentence, finding) for sentence in about):
        return Refusal("recipient-sentence-has-other-findings")
    asserting = [s for s in about if _asserts(s, finding) and s.kind is SentenceKind.DIAGNOSTIC]
    if not asserting:
        return Refusal("recipient-has-no-diagnostic-sentence")
    staying = [m for s in _counted(reading) if s not in about for m in s.mentions]
    if contradiction([*staying, *(m for s in asserting for m in _of(s, finding))]):
        # No donor can mend that; without this the pair would be refused after the work of mixing.
        return Refusal("recipient-contradicts-itself")
    return _statement(finding, asserting, about, "recipient-names-several-sides")


def donor_statement(reading: Reading, finding: str) -> Statement | Refusal:
    """Collect the sentences, or parts of them, that may be given: they assert the finding and nothing else."""
    about = [s for s in _counted(reading) if any(m.assertion in STATED for m in _of(s, finding))]
    given = [part for part in (giveable(s, finding) for s in about) if part is not None]
    if not given:
        return Refusal("donor-has-no-sentence-to-give")
    return _statement(finding, given, given, "donor-names-several-sides")


def _statement(
    finding: str, asserting: list[Sentence], sentences: list[Sentence], refusal: str
) -> Statement | Refusal:
    present = [m for s in sentences for m in _of(s, finding) if m.assertion is Assertion.PRESENT]
    sides = {m.side for m in present} - {Side.NONE}
    if len(sides) > 1:
        return Refusal(refusal)
    main = min(asserting, key=lambda s: (s.section != "findings", s.start))
    return Statement(finding, main, tuple(sentences), sides.pop() if sides else Side.NONE)


def _counted(reading: Reading) -> list[Sentence]:
    counting = counting_sections(reading)
    return [s for s in reading.sentences if s.section in counting]


def _of(sentence: Sentence, finding: str) -> list[Mention]:
    return [m for m in sentence.mentions if m.finding == finding]


def _asserts(sentence: Sentence, finding: str) -> bool:
    return finding in sentence.findings(Assertion.PRESENT)


def _others_stated(sentence: Sentence, finding: str) -> bool:
    named = {m.finding for m in sentence.mentions if m.assertion in STATED}
    return bool(named - {finding} - SHADOWS)


def sides_compatible(recipient: Side, donor: Side) -> bool:
    """Say whether a donor's finding may stand for the recipient's: the same side, or one of them unsaid."""
    return recipient is donor or Side.NONE in (recipient, donor)
