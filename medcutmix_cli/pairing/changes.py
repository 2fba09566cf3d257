"""One report's text changed by another's: who leaves, who comes, and the edits that make it so. Knows no pixel.

Every change is a list of edits on exact spans of the recipient's original report: `splice(report, edits)` is the
mixed report. Text that enters is the donor's; what is neither (source -1) is only numbers of a list, punctuation,
blanks, a capital letter, or the recipient's own conjunction in another place.
"""

from __future__ import annotations

from dataclasses import dataclass

from medcutmix_cli.pairing.editing import inserted_sentences, swap_edits
from medcutmix_cli.pairing.statements import Refusal, Statement, donor_statement, recipient_statement
from medcutmix_cli.records import Edit, ReadStudy, Sentence, Side


@dataclass(frozen=True, slots=True)
class TextChange:
    """How a recipient's report changes.

    Attributes:
        edits: Sorted by start, without overlap; offsets into the recipient's original report.
        kept: The recipient's sentences as they stay: one that was cut down has its remaining mentions.
        inserted: The donor's sentences as they enter, with the recipient's section.
        leaving: The sentence whose evidence leaves, None where nothing does: a map's query.
        coming: The donor's sentence whose evidence comes, None where nothing does: a map's query.
    """

    edits: tuple[Edit, ...]
    kept: tuple[Sentence, ...]
    inserted: tuple[Sentence, ...]
    leaving: Sentence | None = None
    coming: Sentence | None = None
    recipient_side: Side = Side.NONE
    donor_side: Side = Side.NONE


def swap(recipient: ReadStudy, donor: ReadStudy, finding: str) -> TextChange | Refusal:
    """Exchange the recipient's statement of a finding for the donor's of the same finding."""
    return cross(recipient, donor, finding, finding)


def cross(recipient: ReadStudy, donor: ReadStudy, leaving: str, coming: str) -> TextChange | Refusal:
    """Exchange the recipient's statement of `leaving` for the donor's of `coming`."""
    gone = recipient_statement(recipient.reading, leaving)
    if isinstance(gone, Refusal):
        return gone
    given = donor_statement(donor.reading, coming)
    if isinstance(given, Refusal):
        return given
    edits = swap_edits(recipient.study.report, gone, given)
    if isinstance(edits, Refusal):
        return edits
    kept = tuple(s for s in recipient.reading.sentences if s not in set(gone.sentences))
    return _change(edits, kept, inserted_sentences(gone, given), gone, given)


def host(recipient: ReadStudy, donor: ReadStudy, coming: str) -> TextChange | Refusal:
    """Insert the donor's statement of `coming` into a report without findings."""
    given = donor_statement(donor.reading, coming)
    return given if isinstance(given, Refusal) else Refusal("host-has-no-place-for-the-sentence")


def concatenation(recipient: ReadStudy, donor: ReadStudy) -> TextChange:
    """Append the donor's findings and impression to the recipient's (MixGen, arXiv 2206.08358)."""
    return TextChange((), recipient.reading.sentences, ())


def _change(
    edits: tuple[Edit, ...],
    kept: tuple[Sentence, ...],
    inserted: tuple[Sentence, ...],
    gone: Statement | None,
    given: Statement,
) -> TextChange:
    return TextChange(
        edits,
        kept,
        inserted,
        leaving=gone.main if gone else None,
        coming=given.main,
        recipient_side=gone.side if gone else Side.NONE,
        donor_side=given.side,
    )
