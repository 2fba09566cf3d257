"""Which columns of a user's table are no attributes, and how that is told."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from medcutmix_cli.reports.lexicon import finding_ids

NAMES_A_FINDING = "names-a-finding"
"""A column that is called as a finding: in a target nobody could tell which of them is meant."""

_WHAT_TO_DO = {
    NAMES_A_FINDING: " (targets mean the finding by it; give the column another name, or its labels with --labels csv "
    "--label-table)",
}


def named_like_findings(names: Iterable[str]) -> set[str]:
    """Return the names of attributes that a finding of the lexicon in use has, however its words are divided."""
    findings = {finding.replace("_", "-") for finding in finding_ids()}
    return {name for name in names if name.replace("_", "-") in findings}


def tell_left_out(columns: Mapping[str, str]) -> Iterator[str]:
    """Yield a line for each reason why columns are left out.

    Args:
        columns: Column -> reason, as `AttributeTable.left_out` has them.
    """
    for reason in sorted(set(columns.values())):
        names = [repr(column) for column, why in columns.items() if why == reason]
        verb = "columns {} of --attributes are" if len(names) > 1 else "column {} of --attributes is"
        yield f"the {verb.format(', '.join(names))} left out: {reason}{_WHAT_TO_DO.get(reason, '')}"
