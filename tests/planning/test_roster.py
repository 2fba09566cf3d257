from collections import Counter

from medcutmix_cli.configuration.settings import PlanSettings
from medcutmix_cli.pairing.attributes import StatedFinding, StudyAttributes
from medcutmix_cli.pairing.cohort import PackedStudy, build_cohort
from medcutmix_cli.pairing.normal_host import NormalHost
from medcutmix_cli.planning.plan import DEFAULT_READER
from medcutmix_cli.planning.proposals import Chooser
from medcutmix_cli.planning.roster import TRIES, Roster
from medcutmix_cli.planning.target_cells import TargetCell
from medcutmix_cli.planning.targets import PlanTarget
from medcutmix_cli.records import Side


def study(number, *findings, side=Side.RIGHT, subject="", view="PA", **changes):
    stated = tuple(StatedFinding(finding, "present", side) for finding in findings)
    return PackedStudy(
        study_id=f"s{number:03}",
        subject_id=subject or f"p{number:03}",
        split="train",
        image_id=f"i{number}",
        gives=tuple((finding, side) for finding in findings),
        lacks=(),
        packed=b"",
        findings=len(findings),
        clear=not findings,
        attributes=StudyAttributes(stated, (("view", view),)),
        **changes,
    )


def cell(finding="mass", wanted=9, split="train", **target):
    return TargetCell(PlanTarget(finding, finding, **target), split, 0, wanted)


def roster(studies, *cells, strategy=None, **changes):
    chooser = Chooser(PlanSettings(**changes), strategy or NormalHost(), DEFAULT_READER, None)
    return Roster.of(chooser, build_cohort(studies), cells)


def met(matches, one):
    return [(one.studies[m.host].study_id, one.studies[m.donor].study_id) for m in matches]


def test_hosts_are_those_that_the_strategy_takes_and_donors_those_that_can_give():
    one = roster([study(0, "mass"), study(1), study(2, "opacity"), study(3)], cell())
    matches = one.next_matches([5])
    assert {host for host, _ in met(matches, one)} == {"s001", "s003"}
    assert {donor for _, donor in met(matches, one)} == {"s000"}


def test_a_study_of_another_split_serves_no_cell():
    one = roster([study(0, "mass"), study(1)], cell(split="validate"))
    assert one.next_matches([5]) == []
    assert (one.hosts_left(0), one.donors_left(0)) == (0, 0)


def test_who_may_not_give_or_is_on_the_other_side_does_not():
    donors = [study(0, "mass", may_give=False), study(1, "mass", side=Side.LEFT), study(2, "mass")]
    one = roster([*donors, study(3), study(4)], cell(side="right"))
    assert {donor for _, donor in met(one.next_matches([5]), one)} == {"s002"}


def test_a_patient_is_never_given_its_own_finding():
    studies = [study(0, "mass", subject="p"), study(1, subject="p"), study(2, "mass", "opacity", subject="q")]
    one = roster(studies, cell())
    assert met(one.next_matches([5]), one) == [("s001", "s002")]


def test_a_host_for_whom_no_donor_fits_is_left_out_and_the_next_one_is_asked():
    studies = [study(0, "mass", subject="p"), study(1, subject="p"), study(2, subject="q")]
    one = roster(studies, cell())
    matches = one.next_matches([1])
    assert met(matches, one) == [("s002", "s000")]
    for match in matches:
        one.accept(match)
    assert one.next_matches([1]) == []
    assert {one.studies[host].study_id for host, _ in one.unmatched} == {"s001"}


def test_a_finding_whose_size_the_view_decides_comes_from_the_same_view():
    studies = [study(0, "edema", view="AP"), study(1, "edema", view="PA"), study(2, view="PA")]
    policy = {"edema": {"same_view": True}}
    one = roster(studies, cell("edema"), strategy=NormalHost(findings=("edema",), policy=policy))
    assert met(one.next_matches([3]), one) == [("s002", "s001")]


def test_donors_with_the_fewest_other_findings_come_first_and_all_take_turns():
    studies = [study(0, "mass", "opacity", "edema"), study(1, "mass"), *(study(n) for n in range(2, 8))]
    one = roster(studies, cell())
    assert [donor for _, donor in met(one.next_matches([1]), one)] == ["s001"]
    again = roster(studies, cell())
    assert Counter(donor for _, donor in met(again.next_matches([6]), again)) == {"s000": 3, "s001": 3}


def test_no_match_is_tried_twice_and_a_host_that_is_refused_often_is_left_out():
    studies = [*(study(n, "mass") for n in range(TRIES + 3)), study(90)]
    one = roster(studies, cell())
    tried = []
    while matches := one.next_matches([1]):
        tried += met(matches, one)
        for match in matches:
            one.refuse(match)
    assert len(tried) == len(set(tried)) == TRIES
    assert one.hosts_left(0) == 0


def test_a_host_receives_as_often_as_it_may_in_turn():
    one = roster([study(0, "mass"), study(1, "mass"), study(2)], cell(), pairs_per_study=2)
    draws = []
    while matches := one.next_matches([5]):
        draws += [match.draw for match in matches]
        for match in matches:
            one.accept(match)
    assert draws == [0, 1]
