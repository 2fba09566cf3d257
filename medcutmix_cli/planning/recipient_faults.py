"""What stands against a recipient's exchange whoever gives: asked once, and not of each donor's mixed report."""

from __future__ import annotations

from dataclasses import replace

from medcutmix_cli.pairing.connectives import loosen_ties
from medcutmix_cli.pairing.drafting import Draft
from medcutmix_cli.pairing.removals import departure
from medcutmix_cli.pairing.statements import Refusal
from medcutmix_cli.records import Reading, ReadStudy
from medcutmix_cli.reports.critic import OF_WHAT_STAYS, FindingExchange, first_broken_rule, make_case
from medcutmix_cli.reports.tables import remember


def recipient_fault(recipient: ReadStudy, leaving: str) -> str:
    """Name the rule of the critic that a report breaks as soon as a finding has left it, "" where it breaks none.

    Args:
        recipient: Whose report it is.
        leaving: Lexicon id of the finding.

    What speaks of the departed finding and stays would stay with every donor: in a report that many donors are tried
    for, that is asked of one. Kept, as those donors are tried one after the other.
    """
    return _fault(recipient.study.report, recipient.reading, leaving)


@remember(8)
def _fault(report: str, before: Reading, leaving: str) -> str:
    gone = departure(before, leaving)
    if isinstance(gone, Refusal):
        return ""  # the strategy says so itself
    changes = tuple(loosen_ties(before.sentences, gone.changes))
    after = replace(before, sentences=Draft(changes).kept_sentences(before))
    # The text of what is left is not made: these rules look at sentences only.
    case = make_case(report, before, report, after, FindingExchange(leaving, "", gone.side))
    return first_broken_rule(case, OF_WHAT_STAYS)
