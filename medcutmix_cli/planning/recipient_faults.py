"""What stands against a recipient's exchange whoever gives: asked once, and not of each donor's mixed report."""

from __future__ import annotations

from dataclasses import replace

from medcutmix_cli.pairing.connectives import loosen_ties
from medcutmix_cli.pairing.drafting import Draft
from medcutmix_cli.pairing.removals import departure
from medcutmix_cli.pairing.statements import Refusal
from medcutmix_cli.records import ReadStudy
from medcutmix_cli.reports.critic import OF_WHAT_STAYS, FindingExchange, first_broken_rule, make_case


def recipient_fault(recipient: ReadStudy, leaving: str) -> str:
    """Name the rule of the critic that a report breaks as soon as a finding has left it, "" where it breaks none.

    Args:
        recipient: Whose report it is.
        leaving: Lexicon id of the finding.

    What speaks of the departed finding and stays would stay with every donor.
    """
    gone = departure(recipient.reading, leaving)
    if isinstance(gone, Refusal):
        return ""  # the strategy says so itself
    before, report = recipient.reading, recipient.study.report
    changes = tuple(loosen_ties(before.sentences, gone.changes))
    after = replace(before, sentences=Draft(changes).kept_sentences(before))
    # The text of what is left is not made: these rules look at sentences only.
    case = make_case(report, before, report, after, FindingExchange(leaving, "", gone.side))
    return first_broken_rule(case, OF_WHAT_STAYS)
