"""An independent critic of mixed reports: reads both reports and what was exchanged, never the code that edited."""

from medcutmix_cli.reports.critic.case import Case, FindingExchange, make_case
from medcutmix_cli.reports.critic.verdict import (
    OF_MORE_THAN_LABELS,
    OF_ONE_SENTENCE,
    OF_WHAT_STAYS,
    RULES,
    Fault,
    criticise,
    first_broken_rule,
    read_and_criticise,
)

__all__ = [
    "OF_MORE_THAN_LABELS",
    "OF_ONE_SENTENCE",
    "OF_WHAT_STAYS",
    "RULES",
    "Case",
    "Fault",
    "FindingExchange",
    "criticise",
    "first_broken_rule",
    "make_case",
    "read_and_criticise",
]
