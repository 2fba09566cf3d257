"""What studies with a prompt report may do beside studies with a report of their own: give, receive, or both."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from medcutmix_cli.pairing.cohort import PackedStudy
from medcutmix_cli.records import Study

NOT_A_DONOR, NOT_A_RECIPIENT = "unpaired-not-a-donor", "unpaired-not-a-recipient"


def barred_as_donor(study: Study | PackedStudy, role: str) -> bool:
    """Say whether a study may not give; `role` is `PlanSettings.unpaired`."""
    return study.prompted and role == "recipient"


def barred_as_recipient(study: Study | PackedStudy, role: str) -> bool:
    """Say whether a study may not receive; `role` is `PlanSettings.unpaired`."""
    return study.prompted and role == "donor"


def with_roles(studies: Iterable[PackedStudy], role: str) -> list[PackedStudy]:
    """Mark the studies that may not give, so that no strategy is offered them."""
    return [replace(study, may_give=False) if barred_as_donor(study, role) else study for study in studies]
