from dataclasses import dataclass, replace

from medcutmix_cli.configuration.settings import PlanSettings
from medcutmix_cli.pairing.cohort import build_cohort, pack_study
from medcutmix_cli.pairing.normal_host import NormalHost
from medcutmix_cli.planning.matches import NOT_PROPOSED, Match, try_match
from medcutmix_cli.planning.plan import DEFAULT_READER
from medcutmix_cli.planning.proposals import Chooser
from medcutmix_cli.planning.reading import read_study
from tests.builders import make_report, make_study

REPORTS = (
    ("The lungs are clear.",),
    ("There is a small right pleural effusion.",),
    ("There is consolidation at the left base.", "Small left pleural effusion."),
)


@dataclass(frozen=True)
class Elsewhere(NormalHost):
    """Proposes nothing."""

    def proposals(self, recipient, cohort, rng):
        return iter(())


@dataclass(frozen=True)
class Otherwise(NormalHost):
    """Says of what comes that it is another finding."""

    def proposals(self, recipient, cohort, rng):
        for offer in super().proposals(recipient, cohort, rng):
            yield replace(offer, write=lambda donor, o=offer: replace(o.write(donor), finding="mass"))


def tried(donor, finding, strategy=None, host=0):
    strategy = strategy or NormalHost()
    studies = [make_study(n, make_report(*report)) for n, report in enumerate(REPORTS)]
    packed = [pack_study(read_study(s, s.images[0], DEFAULT_READER), strategy.findings) for s in studies]
    chooser = Chooser(PlanSettings(), strategy, DEFAULT_READER, None)
    return try_match(Match(host, donor, finding, cell=0, draw=0), chooser, build_cohort(packed).studies)


def test_this_donor_gives_this_finding_and_nothing_else():
    pair = tried(2, "consolidation").pair.open()
    assert (pair.finding, pair.donor.study_id) == ("consolidation", "s50000002")
    assert tried(2, "pleural_effusion").pair.open().finding == "pleural_effusion"


def test_what_stands_against_a_match_has_a_name():
    assert tried(1, "pleural_effusion", host=2).reason == "recipient-is-not-normal"
    assert tried(1, "consolidation").reason == "no-finding-to-give"


def test_a_strategy_that_proposes_nothing_or_another_finding_is_not_believed():
    assert tried(1, "pleural_effusion", Elsewhere()).reason == NOT_PROPOSED
    assert tried(1, "pleural_effusion", Otherwise()).pair is None
