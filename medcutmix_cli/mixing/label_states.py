"""What a loss may take each observation of a mix for: said, doubted by who gave it, or not said, and why not.

Labels tell what a report says. Three things they cannot tell: that what came may be what its own report doubts, that
silence is all the data set ever says against a finding, and that a report is silent since the finding was taken out.
"""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from math import isnan
from typing import Literal

from medcutmix_cli.findings import CHEXPERT
from medcutmix_cli.records import Pair

LabelState = Literal["present", "absent", "uncertain", "removed", "not-said", "never-denied"]

_SAID: dict[float, LabelState] = {1.0: "present", 0.0: "absent", -1.0: "uncertain"}


def doubted_observations(pair: Pair) -> frozenset[str]:
    """Return observations that what came may be, by the doubts of the donor's own report.

    "Opacity in the left base." comes alone from "Opacity in the left base may represent consolidation.": the pixels
    came, the doubt did not. So the mix may show a consolidation, whatever its report says or denies. Nothing is
    doubted where no pixels came, nor what the mixed report asserts by name, nor what the donor's report doubts of
    another lesion: that lesion did not come.
    """
    if pair.image_mode == "keep":
        return frozenset()
    rows = zip(CHEXPERT, pair.donor.labels, pair.labels, strict=True)
    unsure = {name for name, given, mixed in rows if given == -1 and mixed != 1}
    return frozenset(unsure.intersection(pair.doubted))


def removed_observations(pair: Pair) -> frozenset[str]:
    """Return observations that the recipient's report asserts or doubts and the mixed report no longer speaks of.

    A paste takes out what a map points at. What it left may still be seen at its edge, and is not denied by a report
    that is silent. "No Finding" is none of them: it is no thing that a picture keeps.
    """
    rows = zip(CHEXPERT, pair.recipient.labels, pair.labels, strict=True)
    return frozenset(
        name for name, own, mixed in rows if own in (1, -1) and isnan(mixed) and name != "No Finding"
    )


def label_states(
    mixed: tuple[float, ...],
    doubted: AbstractSet[str],
    never_denied: AbstractSet[str],
    removed: AbstractSet[str],
) -> tuple[LabelState, ...]:
    """Return the state of each observation, in CheXpert order.

    Args:
        mixed: What the mixed report says, as `Pair.labels`.
        doubted: As `doubted_observations` has them: uncertain, whatever the report says.
        never_denied: Observations that the data set asserts and never denies: where a report does not speak of them,
            they are "never-denied", not "not-said".
        removed: As `removed_observations` has them: "removed", whatever the data set denies.
    """
    return tuple(
        "uncertain" if name in doubted else _SAID.get(value) or _silent(name, never_denied, removed)
        for name, value in zip(CHEXPERT, mixed, strict=True)
    )


def doubted_targets(targets: tuple[float, ...], doubted: AbstractSet[str]) -> tuple[float, ...]:
    """Return soft targets (see `weights.label_targets`) that are 0.5 wherever `doubted_observations` doubts."""
    return tuple(0.5 if name in doubted else target for name, target in zip(CHEXPERT, targets, strict=True))


def _silent(name: str, never_denied: AbstractSet[str], removed: AbstractSet[str]) -> LabelState:
    if name in removed:
        return "removed"
    return "never-denied" if name in never_denied else "not-said"
