"""All rules of the critic in one list, and what they find in one case."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from medcutmix_cli.records import Reading, Sentence
from medcutmix_cli.reports.critic import arrival, contradictions, departure, shapes, story
from medcutmix_cli.reports.critic.case import Case, FindingExchange, make_case
from medcutmix_cli.reports.reader import ReportReader

CriticRule = Callable[[Case], Iterable[Sentence]]
"""Yields the sentences of the mixed report, or of the recipient's, that break it."""

RULES: Mapping[str, CriticRule] = {
    **departure.RULES,
    **contradictions.RULES,
    **arrival.RULES,
    **shapes.RULES,
    **story.RULES,
}


OF_ONE_SENTENCE = frozenset((*arrival.RULES, *shapes.RULES))
"""The rules that hold even where only one section was edited, and the other still tells the old story."""


OF_WHAT_STAYS = ("departed-pointed-at", "departed-left-something-over", "departed-same-size")
"""The rules that look at nothing that came: what they find in a report that a finding has left, nothing mends."""


OF_MORE_THAN_LABELS = frozenset({"story-side-unsaid"})
"""The rules that ask for what a prompt made of labels cannot say."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One rule broken at one sentence.

    Attributes:
        rule: Name of the rule, a key of `RULES`.
        section: Where the sentence stands.
        start: Offset of the sentence into its report (likewise end): the mixed one, but the recipient's for what
            was lost.
    """

    rule: str
    section: str
    start: int
    end: int


def criticise(
    recipient_text: str, recipient: Reading, mixed_text: str, mixed: Reading, exchanged: FindingExchange
) -> tuple[Fault, ...]:
    """Return all faults of a mixed report, in the order of the rules; none where no finding came or left.

    Args:
        recipient_text: The recipient's report.
        recipient: What a reader makes of it.
        mixed_text: The mixed report.
        mixed: Likewise.
        exchanged: What left, what came, and where.
    """
    if not (exchanged.gone or exchanged.came):
        return ()
    case = make_case(recipient_text, recipient, mixed_text, mixed, exchanged)
    return tuple(
        Fault(name, s.section, s.start, s.end) for name, broken in RULES.items() for s in broken(case)
    )


def read_and_criticise(
    reader: ReportReader, recipient_text: str, mixed_text: str, exchanged: FindingExchange, study_id: str = ""
) -> tuple[Fault, ...]:
    """Return all faults of a mixed report that nobody has read yet."""
    recipient, mixed = (reader.read(text, study_id) for text in (recipient_text, mixed_text))
    return criticise(recipient_text, recipient, mixed_text, mixed, exchanged)


def first_broken_rule(case: Case, rules: Iterable[str] = RULES) -> str:
    """Return the name of the first of some rules that a mixed report breaks, "" where it keeps them all."""
    if not (case.exchanged.gone or case.exchanged.came):
        return ""
    return next((name for name in rules if any(True for _ in RULES[name](case))), "")
