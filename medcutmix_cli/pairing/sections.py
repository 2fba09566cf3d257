"""Which sections of a report are edited: findings and impression together, or only one of them, which is then flagged.

"impression" is the section of that name; everything else that counts (findings, last paragraph, addenda) goes with
the findings.
"""

from __future__ import annotations

from dataclasses import replace

from medcutmix_cli.pairing.proposal import Proposal
from medcutmix_cli.pairing.statements import Refusal
from medcutmix_cli.records import Sentence


def limit_to_section(proposal: Proposal, sections: str) -> Proposal | Refusal:
    """Leave out the edits of the other section; its sentences stay as the recipient's report has them.

    Args:
        proposal: As the strategy made it, all sections edited.
        sections: One of `settings.SECTION_CHOICES`.
    """
    if sections == "mirror" or not proposal.edits:
        return proposal
    edits = tuple(edit for edit in proposal.edits if _edited(edit.section, sections))
    if not edits:
        return Refusal(f"nothing-to-edit-in-{sections}")
    original = proposal.recipient.reading.sentences
    untouched = tuple(sentence for sentence in original if not _edited(sentence.section, sections))
    return replace(
        proposal,
        edits=edits,
        kept=tuple(sorted((*_of(proposal.kept, sections), *untouched), key=lambda s: s.start)),
        inserted=_of(proposal.inserted, sections),
    )


def _of(sentences: tuple[Sentence, ...], sections: str) -> tuple[Sentence, ...]:
    return tuple(sentence for sentence in sentences if _edited(sentence.section, sections))


def _edited(section: str, sections: str) -> bool:
    return (section == "impression") == (sections == "impression")


def out_of_step(proposal: Proposal, sections: str) -> bool:
    """Say whether the section that was left as it is still speaks of what left, or of what came."""
    exchanged = {proposal.finding, proposal.finding_a} - {"", None}
    return sections != "mirror" and any(
        mention.finding in exchanged
        for sentence in proposal.kept
        if not _edited(sentence.section, sections)
        for mention in sentence.mentions
    )
