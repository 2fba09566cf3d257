"""A fault that a recipient has with every donor: named before one is opened, and never of a pair that could be made."""

import random

import pytest

from medcutmix_cli.configuration.settings import SECTION_CHOICES, PlanSettings
from medcutmix_cli.pairing import SameFinding
from medcutmix_cli.pairing.cohort import build_cohort, pack_study
from medcutmix_cli.pairing.cross_finding import CrossFinding
from medcutmix_cli.pairing.proposal import Offer
from medcutmix_cli.planning import proposals
from medcutmix_cli.planning.plan import DEFAULT_READER
from medcutmix_cli.planning.proposals import Chooser, no_usage_rule
from medcutmix_cli.planning.reading import read_study
from medcutmix_cli.planning.recipient_faults import recipient_fault
from medcutmix_cli.reports.critic import OF_WHAT_STAYS, departure
from medcutmix_cli.seeds import stable_generator
from tests.builders import make_report, make_study

STATED = (
    "There is a small right pleural effusion.",
    "There is a moderate left pneumothorax.",
    "Right upper lobe consolidation is present, measuring 4.2 x 1.9 cm.",
    "There is atelectasis in the right upper lobe.",
    "Right mid lung mass measuring 4.9 cm.",
)
BESIDE = (
    "Extensive left mid lung zone consolidation.",
    "A nodule in the right mid lung zone measuring 15 mm cannot be excluded.",
    "Endotracheal tube tip 5.5 cm above the carina.",
    "Normal heart size.",
    "No pneumothorax.",
    "Findings were discussed with Dr. ___ by telephone at ___.",
)
FAULTS = {
    "departed-left-something-over": ("pneumothorax", (STATED[1], BESIDE[0], BESIDE[5])),
    "departed-same-size": ("consolidation", (STATED[2], BESIDE[1])),
    "departed-pointed-at": (
        "atelectasis",
        (
            "Complete atelectasis of the right upper lobe.",
            BESIDE[2],
            "These findings were communicated to ___.",
        ),
    ),
}
"""What leaves, and what the report says, by the rule that is then broken."""

STRATEGIES = {"same-finding": SameFinding(attempts=99), "cross-finding": CrossFinding(attempts=99)}


def packed(reports, findings):
    studies = [make_study(number, report) for number, report in enumerate(reports)]
    return [pack_study(read_study(study, study.images[0], DEFAULT_READER), findings) for study in studies]


def cohort_of(seed, count=16):
    rng = random.Random(seed)
    reports = [make_report(rng.choice(STATED), *rng.sample(BESIDE, 3)) for _ in range(count)]
    return build_cohort(packed(reports, SameFinding().findings))


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("name", sorted(STRATEGIES))
def test_no_donor_makes_a_pair_of_what_is_refused_for_all(name, seed):
    chooser, cohort = Chooser(PlanSettings(), STRATEGIES[name], DEFAULT_READER, None), cohort_of(seed)
    met = 0
    for recipient in cohort.studies:
        opened = recipient.open()
        for offer in chooser.strategy.proposals(opened, cohort, stable_generator("any", seed)):
            if isinstance(offer, Offer) and recipient_fault(opened, offer.leaving):
                met += 1
                assert chooser._judge(offer.write(offer.donor.open()), no_usage_rule).pair is None
    assert met


def outcomes(chooser, cohort):
    """Return the pair that each recipient comes to, None where it comes to none."""
    tried = [list(chooser.try_proposals(study, cohort, 0)) for study in cohort.studies]
    return [trials[-1].pair if trials else None for trials in tried]


@pytest.mark.parametrize("name", sorted(STRATEGIES))
def test_the_pairs_are_those_that_trying_every_donor_finds(name, monkeypatch):
    chooser, cohort = Chooser(PlanSettings(), STRATEGIES[name], DEFAULT_READER, None), cohort_of(0, 24)
    quick = outcomes(chooser, cohort)
    monkeypatch.setattr(proposals, "recipient_fault", lambda _recipient, _leaving: "")
    assert quick == outcomes(chooser, cohort)
    assert any(quick)


@pytest.mark.parametrize("fault", OF_WHAT_STAYS)
def test_a_refusal_for_all_donors_opens_none_of_them(fault, monkeypatch):
    finding, said = FAULTS[fault]
    given = next(sentence for sentence in STATED if finding in sentence.lower())
    reports = [make_report(*said), *[make_report(given)] * 5]
    strategy = SameFinding(findings=(finding,))
    studies = packed(reports, strategy.findings)
    chooser = Chooser(PlanSettings(), strategy, DEFAULT_READER, None)
    monkeypatch.setattr(SameFinding, "_propose", lambda *_: pytest.fail("a donor was opened"))
    trials = list(chooser.try_proposals(studies[0], build_cohort(studies), 0))
    assert {(trial.reason, trial.donor) for trial in trials} == {(f"critic-{fault}", "")}


@pytest.mark.parametrize("sections", sorted(set(SECTION_CHOICES) - {"mirror"}))
def test_where_one_section_is_edited_the_other_may_tell_the_old_story(sections):
    study = make_study(0, make_report(*FAULTS["departed-same-size"][1]))
    read = read_study(study, study.images[0], DEFAULT_READER)
    assert recipient_fault(read, "consolidation")
    chooser = Chooser(PlanSettings(sections=sections), SameFinding(), DEFAULT_READER, None)
    assert chooser._fault_for_all(read, "consolidation") == ""


def test_the_rules_are_rules_of_the_critic_about_what_left():
    assert set(OF_WHAT_STAYS) <= set(departure.RULES)
