"""The region `in-place-union`."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from medcutmix_cli.mixing.region_rule import JoinedRegion, ParentEvidence


@dataclass(frozen=True, slots=True)
class InPlaceUnion:
    """M = M_A or M_B: the recipient's own sentence leaves, so its evidence must leave as well."""

    def join(self, recipient: ParentEvidence, donor: ParentEvidence) -> JoinedRegion:
        """Return the union: the stronger of the two."""
        return JoinedRegion(np.maximum(recipient.strength, donor.strength))
