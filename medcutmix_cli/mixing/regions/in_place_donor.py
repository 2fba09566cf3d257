"""The region `in-place-donor`."""

from __future__ import annotations

from dataclasses import dataclass

from medcutmix_cli.mixing.region_rule import JoinedRegion, ParentEvidence


@dataclass(frozen=True, slots=True)
class InPlaceDonor:
    """M = M_B: only the donor's evidence comes; the recipient's stays where the masks do not meet."""

    def join(self, recipient: ParentEvidence, donor: ParentEvidence) -> JoinedRegion:
        """Return the donor's."""
        return JoinedRegion(donor.strength.copy())
