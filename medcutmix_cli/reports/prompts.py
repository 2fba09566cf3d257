"""Labels in, a short report out: for pictures that have findings by name and no report.

Says what the labels say and no more. Knows no data set and no file but `rules/prompts.toml`.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache

from medcutmix_cli.reports.tables import table
from medcutmix_cli.seeds import stable_hash

NO_FINDING = "No Finding"
"""The label of ChestX-ray14 for none of its fourteen findings."""


@cache
def prompt_labels() -> tuple[str, ...]:
    """Return the findings that there are sentences for, in the order in which a prompt names them."""
    return tuple(str(entry["nih"]) for entry in table("prompts")["finding"])


@cache
def phrasings(label: str) -> tuple[str, ...]:
    """Return every sentence that may stand for a label.

    Raises:
        KeyError: There are none for it.
    """
    rules = table("prompts")
    known: dict[str, list[str]] = {entry["nih"]: entry["phrases"] for entry in rules["finding"]}
    return tuple({**known, NO_FINDING: rules["normal"]["phrases"]}[label])


def prompt_report(study_id: str, labels: Iterable[str]) -> str:
    """Return a report that says `labels`, one sentence for each; the wording hangs on `study_id` alone.

    Args:
        study_id: Any id.
        labels: Findings of `prompt_labels`; none, or `NO_FINDING` alone, makes a normal report.

    Returns:
        One findings section, read back by `ReportReader` under either section rules as those findings, present,
        without a side.

    Raises:
        KeyError: A label is not known.
        ValueError: `NO_FINDING` stands beside a finding.
    """
    given = set(labels) or {NO_FINDING}
    order = (*prompt_labels(), NO_FINDING)
    if unknown := sorted(given - set(order)):
        raise KeyError(unknown[0])
    if NO_FINDING in given and len(given) > 1:
        raise ValueError(f"{NO_FINDING!r} stands beside a finding")
    said = [_phrase(study_id, label) for label in order if label in given]
    return f" {table('prompts')['frame']['header']}:  {' '.join(said)}\n"


def _phrase(study_id: str, label: str) -> str:
    known = phrasings(label)
    return known[int(stable_hash("prompt", study_id, label), 16) % len(known)]
