"""Who was tried and what stood against them is known to whoever is asked later."""

from collections import Counter

import pytest

from medcutmix_cli.configuration.settings import PlanSettings
from medcutmix_cli.pairing import SameFinding
from medcutmix_cli.pairing.cohort import build_cohort, pack_study
from medcutmix_cli.planning.choice import PairChoice
from medcutmix_cli.planning.plan import DEFAULT_READER
from medcutmix_cli.planning.proposals import Chooser, Trial
from medcutmix_cli.planning.reading import read_study
from tests.planning.test_plan import many


def test_what_was_refused_without_knowing_of_others_is_not_written_again(monkeypatch):
    """A pair whose donor others have used up meanwhile lets a recipient be tried again: from there on only."""
    written = []
    propose = SameFinding._propose

    def noted(strategy, recipient, finding, donor):
        written.append((finding, donor.study.study_id))
        return propose(strategy, recipient, finding, donor)

    monkeypatch.setattr(SameFinding, "_propose", noted)
    choice = PairChoice(Chooser(PlanSettings(), SameFinding(), DEFAULT_READER, None))
    filed = [read_study(study, study.images[0], DEFAULT_READER) for study in many(40)]
    cohort = build_cohort(pack_study(read, ("pleural_effusion", "pneumothorax")) for read in filed)
    refused_first = 0
    for recipient in cohort.studies:
        written.clear()
        blind = list(choice.chooser.try_proposals(recipient, cohort, 0))
        if blind[-1].pair is None:
            continue
        before, refused_first = set(written[:-1]), refused_first + len(written) - 1
        choice.uses[blind[-1].donor] = choice.limit
        written.clear()
        choice._settled(cohort, 0, recipient, blind)
        assert before.isdisjoint(written)
        choice.uses.clear()
    assert refused_first > 5


@pytest.mark.parametrize(
    ("reasons", "told"),
    [
        (["too-few-null-pictures", "donor-names-no-side"], "too-few-null-pictures"),
        (["donor-names-no-side", "too-few-null-pictures", "same-patient"], "too-few-null-pictures"),
        (["donor-names-no-side", "same-patient"], "same-patient"),
    ],
)
def test_a_recipient_without_a_pair_is_told_of_the_gate_if_that_alone_stood_against_any(reasons, told):
    choice = PairChoice(Chooser(PlanSettings(), SameFinding(), DEFAULT_READER, None))
    choice._settle("s1", (Trial(reason, "donor") for reason in reasons))
    assert choice.last_refusal == {"s1": told}
    assert choice.refused == Counter(reasons)
