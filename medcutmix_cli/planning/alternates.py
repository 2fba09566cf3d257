"""Other pairs for the recipients of a plan, held in reserve for those that rendering will reject."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping

from medcutmix_cli.pairing.cohort import Cohort
from medcutmix_cli.pairing.packing import PackedPair
from medcutmix_cli.planning.proposals import USED_UP, Chooser, Trial


def find_alternates(
    chooser: Chooser, cohort: Cohort, pairs: Mapping[str, PackedPair], held: Iterable[PackedPair] = ()
) -> list[Trial]:
    """Return trials that became pairs, so many as the settings ask for: the first to be taken first.

    Each recipient has one alternate for each of its pairs before any has two; the order of ids decides, neither that
    of studies nor the number of workers does.

    Args:
        chooser: Who tries proposals.
        cohort: Who may give.
        pairs: Planned, by id; those without a finding are never rejected.
        held: In reserve already.
    """
    share = max(0.0, chooser.settings.reserve)
    mixed = {pair_id: pair for pair_id, pair in sorted(pairs.items()) if pair.finding}
    search = _Search(chooser, cohort, {*pairs, *(pair.pair_id for pair in held)})
    found: list[Trial] = []
    wanted = math.ceil(share * len(mixed))
    for _ in range(math.ceil(share)):
        for pair in mixed.values():
            if len(found) < wanted:
                found += search.next_pair(pair.recipient_study)
    return found


class _Search:
    """The state of searching: who was asked and used how often for the reserve."""

    def __init__(self, chooser: Chooser, cohort: Cohort, known: set[str]) -> None:
        self.chooser = chooser
        self.cohort = cohort
        self.known = known
        self.studies = {study.study_id: study for study in cohort.studies}
        self.uses: Counter[str] = Counter()
        self.draws: Counter[str] = Counter()

    def next_pair(self, recipient: str) -> Iterator[Trial]:
        """Yield one more pair of a recipient, or nothing."""
        draw = self.chooser.settings.pairs_per_study + self.draws[recipient]
        self.draws[recipient] += 1
        study = self.studies[recipient]
        for trial in self.chooser.try_proposals(study, self.cohort, draw, self._rule_against):
            if trial.pair is not None:
                self.known.add(trial.pair_id)
                self.uses[trial.donor] += 1
                yield trial

    def _rule_against(self, donor: str, pair_id: str) -> str:
        if self.uses[donor] >= self.chooser.settings.max_uses_per_donor:
            return USED_UP
        return "pair-already-planned" if pair_id in self.known else ""
