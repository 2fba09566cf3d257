"""What every pairing strategy keeps: its plans are true, whatever the order of the studies."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict

from medcutmix_cli.configuration.settings import PlanSettings
from medcutmix_cli.pairing.consistency import inconsistency
from medcutmix_cli.pairing.editing import splice
from medcutmix_cli.pairing.proposal import PairingStrategy
from medcutmix_cli.planning.plan import make_plan
from medcutmix_cli.planning.plan_result import PlanResult
from medcutmix_cli.records import IMAGE_MODES
from medcutmix_cli.reports.labels import chexpert_labels
from medcutmix_cli.reports.lexicon import finding_ids
from medcutmix_cli.reports.reader import ReportReader
from medcutmix_cli.testing.contract import Check
from medcutmix_cli.testing.expectation import expect, expect_name
from medcutmix_cli.testing.inputs import made_studies

_HOW = PlanSettings(splits=("train", "validate"), pairs_per_study=2, max_uses_per_donor=2, unmixed="drop")


def _planned(strategy: PairingStrategy, *, backwards: bool = False) -> PlanResult:
    studies = made_studies()
    return make_plan(studies[::-1] if backwards else studies, _HOW, strategy)


def names_itself_and_its_findings(strategy: PairingStrategy) -> None:
    """Its name is written with every sample; what it exchanges is in the lexicon."""
    expect_name(strategy.name)
    unknown = set(strategy.findings) - set(finding_ids())
    expect(not unknown, f"findings that the lexicon does not have: {', '.join(sorted(unknown))}")
    expect(strategy.unmixed in ("keep", "drop"), "unmixed must be 'keep' or 'drop'")


def pairs_two_patients_of_one_split(strategy: PairingStrategy) -> None:
    """It finds pairs among ordinary studies; patients and splits never mix, no donor gives too often."""
    result = _planned(strategy)
    split_of = {study.study_id: study.split for study in made_studies()}
    expect(len(result.pairs) > 0, "no pair among 36 ordinary studies")
    for pair in result.pairs:
        expect(pair.recipient.subject_id != pair.donor.subject_id, "a patient was given its own finding")
        splits = {pair.split, split_of[pair.recipient.study_id], split_of[pair.donor.study_id]}
        expect(len(splits) == 1, "a pair of two splits")
    uses = Counter(pair.donor.study_id for pair in result.pairs)
    expect(max(uses.values()) <= _HOW.max_uses_per_donor, "a donor gave more often than it may")


def writes_reports_that_are_what_they_say(strategy: PairingStrategy) -> None:
    """The mixed report is the recipient's with its edits, and reads as the labels say."""
    reader = ReportReader()
    for pair in _planned(strategy).pairs:
        expect(splice(pair.recipient.report, pair.edits) == pair.report, "the report is not its edits")
        reading = reader.read(pair.report)
        reason = inconsistency(reading, pair.labels, chexpert_labels(reading))
        expect(not reason, f"a mixed report breaks a rule: {reason}")


def says_what_leaves_and_what_comes(strategy: PairingStrategy) -> None:
    """A finding that comes or leaves has its sentence, one that does not has none; modes are known."""
    for pair in _planned(strategy).pairs:
        expect(pair.image_mode in IMAGE_MODES, f"there is no image mode {pair.image_mode!r}")
        expect(bool(pair.donor.sentence) == bool(pair.finding), "what comes, and its sentence")
        expect(bool(pair.recipient.sentence) == bool(pair.finding_a), "what leaves, and its sentence")
        exchanged = {pair.finding, pair.finding_a} - {""}
        expect(exchanged <= set(strategy.findings), "a finding was exchanged that the strategy does not name")


def gives_the_same_plan_whatever_the_order(strategy: PairingStrategy) -> None:
    """Another order of the studies gives the same pairs and refusals; every study is accounted for."""
    one, other = _planned(strategy), _planned(strategy, backwards=True)
    same = [repr(asdict(p)) for p in one.pairs] == [repr(asdict(p)) for p in other.pairs]
    expect(same and one.refused == other.refused, "the order of the studies decided something")
    for reason in one.refused:
        expect_name(reason)
    paired = {pair.recipient.study_id for pair in one.pairs}
    dropped = {drop.identifier for drop in one.dropped}
    everybody = {study.study_id for study in made_studies()}
    expect(paired | dropped == everybody and not paired & dropped, "a study is neither planned nor dropped")


CHECKS: tuple[Check, ...] = (
    names_itself_and_its_findings,
    pairs_two_patients_of_one_split,
    writes_reports_that_are_what_they_say,
    says_what_leaves_and_what_comes,
    gives_the_same_plan_whatever_the_order,
)
