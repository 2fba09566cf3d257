"""An independent critic of mixed reports: reads both reports and what was exchanged, never the code that edited."""

from medcutmix_cli.reports.critic.case import Case, Exchanged
from medcutmix_cli.reports.critic.verdict import RULES, Fault, criticise, first_broken_rule

__all__ = ["RULES", "Case", "Exchanged", "Fault", "criticise", "first_broken_rule"]
