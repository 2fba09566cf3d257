import random
from collections import Counter
from dataclasses import asdict, replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from medcutmix_cli.attention import NullMax
from medcutmix_cli.configuration.settings import PlanSettings
from medcutmix_cli.datasets.attribute_table import AttributeTable
from medcutmix_cli.errors import UsageError
from medcutmix_cli.pairing import SameFinding
from medcutmix_cli.pairing.attributes import attributes_of
from medcutmix_cli.pairing.baselines import MixGen
from medcutmix_cli.pairing.cross_finding import CrossFinding
from medcutmix_cli.pairing.normal_host import NormalHost
from medcutmix_cli.planning import plan as planning
from medcutmix_cli.planning import target_choice
from medcutmix_cli.planning.originals import KEPT
from medcutmix_cli.planning.plan import make_plan
from medcutmix_cli.planning.reading import read_study
from medcutmix_cli.reports.reader import ReportReader
from tests.builders import make_report, make_study

PHRASES = {
    "consolidation": "There is consolidation at the {side} base.",
    "pleural_effusion": "There is a small {side} pleural effusion.",
    "pneumothorax": "There is a small {side} pneumothorax.",
}
DEVICE = "A pacemaker is in place."
CLEAR = "The lungs are clear."
READER = ReportReader()


def study(number, finding="", *, device=False, view="PA", side="right", **more):
    sentences = [PHRASES[finding].format(side=side) if finding else CLEAR, *([DEVICE] if device else [])]
    impression = (
        (PHRASES[finding].format(side=side).replace("There is a s", "S"),) if finding else ("Normal chest.",)
    )
    return make_study(number, make_report(*sentences, impression=impression), view=view, **more)


def confounded(a=12, b=2, c=2, d=14, finding="consolidation", start=0):
    """Return studies: with finding and device, finding alone, device alone, neither."""
    kinds = [(finding, True)] * a + [(finding, False)] * b + [("", True)] * c + [("", False)] * d
    return [study(start + n, found, device=device) for n, (found, device) in enumerate(kinds)]


def planned(studies, *targets, strategy=None, gate=planning.UNGATED, **changes):
    more = {name: changes.pop(name) for name in ("attributes", "workers") if name in changes}
    how = PlanSettings(target=targets, **changes)
    return make_plan(studies, how, strategy or NormalHost(), gate=gate, **more)


def content(result):
    return [repr(asdict(pair)) for pair in result.pairs], result.targets, sorted(map(repr, result.dropped))


def known(pair_or_study, studies):
    by_id = {each.study_id: each for each in studies}
    one = by_id[pair_or_study]
    return attributes_of(read_study(one, one.images[0], READER))


def test_a_cell_is_filled_until_there_are_as_many_as_with_a_device():
    studies = confounded()
    result = planned(studies, "consolidation@device=no")
    [outcome] = result.targets
    assert (outcome.have, outcome.wanted, outcome.planned, outcome.short) == (2, 12, 10, "")
    assert len(result.pairs) == 10
    for pair in result.pairs:
        assert pair.finding == "consolidation"
        assert known(pair.recipient.study_id, studies).value("device") == "no"


def test_even_asks_for_what_makes_a_finding_as_frequent_as_elsewhere():
    [outcome] = planned(confounded(4, 1, 2, 5), "consolidation@device=no:even").targets
    assert outcome.wanted == 10  # 4 of 6 with a device, so 10 of 15 without


@pytest.mark.parametrize(
    ("target", "wanted"), [("consolidation@device=no:5", 5), ("consolidation@device=no:+5", 7)]
)
def test_a_number_counts_originals_and_mixes_or_mixes_alone(target, wanted):
    [outcome] = planned(confounded(), target).targets
    assert (outcome.wanted, outcome.planned) == (wanted, wanted - 2)


@pytest.mark.parametrize(("spare", "pairs"), [(0.5, 6), (0.1, 5), (9.0, 14)])
def test_spare_pairs_are_planned_for_those_that_rendering_rejects(spare, pairs):
    result = planned(confounded(), "consolidation@device=no:+4", target_spare=spare)
    assert (result.targets[0].planned, len(result.pairs)) == (pairs, pairs)  # fourteen could receive
    assert (result.targets[0].short, result.pairs_missing) == ("", 0)


def reserved(result):
    return [(pair.recipient.study_id, pair.donor.study_id) for pair in result.reserved]


@pytest.mark.parametrize(("share", "pairs"), [(0, 0), (0.5, 2), (1, 4), (3, 12), (-1, 12)])
def test_a_reserve_holds_so_many_pairs_for_each_that_a_cell_lacks(share, pairs):
    result = planned(confounded(), "consolidation@device=no:+4", reserve=share)
    assert (len(result.pairs), len(result.reserved)) == (4, pairs)
    assert result.reserve == ({"for-rejected": pairs} if pairs else {})
    assert {pair.cells for pair in result.reserved} <= {("train/consolidation@device=no:+4",)}
    assert result.goals() == {"train/consolidation@device=no:+4": 4}


def test_the_reserve_takes_other_hosts_first_then_the_same_with_other_donors():
    result = planned(confounded(), "consolidation@device=no:+4", reserve=6)
    planned_hosts = {pair.recipient.study_id for pair in result.pairs}
    hosts = [host for host, _donor in reserved(result)]
    assert planned_hosts.isdisjoint(hosts[:10])
    assert len(set(hosts[:10])) == 10  # fourteen could receive
    both = [(p.recipient.study_id, p.donor.study_id) for p in result.pairs] + reserved(result)
    assert len(set(both)) == len(both) == 28
    assert not [drop for drop in result.dropped if drop.reason == "target-cell-full"]
    assert sum(drop.reason == "in-reserve" for drop in result.dropped) == 10


def test_the_reserve_changes_nothing_of_what_is_planned():
    with_it, without = (
        planned(confounded(), "consolidation@device=no:+4", "consolidation:15", reserve=share)
        for share in (3, 0)
    )
    assert [repr(pair) for pair in with_it.pairs] == [repr(pair) for pair in without.pairs]
    assert (with_it.targets, with_it.refused) == (without.targets, without.refused)


def test_where_nobody_says_how_large_it_is_the_reserve_stays_small_beside_the_set(monkeypatch):
    monkeypatch.setattr(target_choice, "_RESERVE_ALWAYS", 5)
    result = planned(confounded(), "consolidation@device=no:+4", "consolidation@device=yes:+4")
    assert len(result.reserved) <= 5
    assert len(planned(confounded(), "consolidation@device=no:+4", reserve=3).reserved) == 12


def test_a_number_that_is_there_already_plans_nothing():
    result = planned(confounded(), "consolidation@device=yes:5", "consolidation:+3")
    assert [outcome.planned for outcome in result.targets][1] == 3
    assert result.targets[0].wanted == result.targets[0].have == 12


def test_a_balance_fills_every_value():
    studies = confounded() + [study(100 + n, "consolidation", view="AP", device=True) for n in range(3)]
    result = planned(studies, "balance:consolidation/device")
    assert {o.target: o.have + o.planned for o in result.targets} == {
        "consolidation@device=yes": 15,
        "consolidation@device=no": 15,
    }


def test_a_pair_counts_in_every_cell_that_it_lies_in():
    studies = confounded(6, 0, 2, 14)
    result = planned(studies, "consolidation@device=no:+6", "consolidation@view=PA:+6")
    assert [outcome.planned for outcome in result.targets] == [6, 6]
    assert len(result.pairs) == 6


def test_side_and_severity_are_those_of_what_is_given():
    left = [study(100 + n, "pleural_effusion", side="left") for n in range(3)]
    right = [study(200 + n, "pleural_effusion") for n in range(6)]
    studies = [*left, *right, *confounded(0, 0, 4, 14)]
    result = planned(studies, "effusion.left.small:+5")
    assert result.targets[0].planned == 5
    assert {pair.donor.side.value for pair in result.pairs} == {"left"}


def test_an_attribute_of_a_table_is_a_place_as_well():
    studies = confounded()
    rows = {s.study_id.removeprefix("s"): (("sex", "f" if n % 2 else "m"),) for n, s in enumerate(studies)}
    table = AttributeTable("study", rows, {"sex": ("f", "m")})
    result = planned(studies, "consolidation@sex=f,device=no:+3", attributes=table)
    chosen = {pair.recipient.study_id.removeprefix("s") for pair in result.pairs}
    assert len(chosen) == 3
    assert all(rows[study_id] == (("sex", "f"),) for study_id in chosen)


def test_columns_that_are_left_out_are_told_by_the_plan():
    table = AttributeTable(left_out={"pneumonia": "names-a-finding", "note": "too-many-values"})
    told = planned(confounded(), "consolidation@device=no:+3", attributes=table).warnings
    assert [line.partition(" of ")[0] for line in told] == ["the column 'pneumonia'", "the column 'note'"]


def test_a_finding_is_an_attribute_as_well():
    studies = [study(n, "pleural_effusion") for n in range(6)]
    studies += confounded(4, 0, 0, 0, start=50)
    result = planned(studies, "consolidation@pleural_effusion=present:+2", strategy=CrossFinding())
    assert result.targets[0].hosts == 6


def test_cross_finding_takes_out_what_is_there():
    studies = [study(n, "pleural_effusion") for n in range(8)] + confounded(6, 0, 0, 0, start=50)
    result = planned(studies, "consolidation@device=no:+4", strategy=CrossFinding())
    assert result.targets[0].planned == 4
    assert {(pair.finding_a, pair.finding) for pair in result.pairs} == {
        ("pleural_effusion", "consolidation")
    }


def test_same_finding_makes_more_of_what_is_there():
    studies = confounded(8, 4, 2, 2)
    result = planned(studies, "consolidation@device=no:+4", strategy=SameFinding())
    assert result.targets[0].planned == 4
    assert {known(p.recipient.study_id, studies).state("consolidation") for p in result.pairs} == {"present"}


def test_studies_and_pairs_add_up_and_what_is_left_out_has_a_name():
    result = planned(confounded(), "consolidation@device=no:+3")
    recipients = {pair.recipient.study_id for pair in result.pairs}
    assert result.inputs == len(recipients) + len(result.dropped)
    assert len({drop.identifier for drop in result.dropped}) == len(result.dropped)
    reasons = Counter(drop.reason for drop in result.dropped)
    assert reasons["in-no-target-cell"] >= 14  # those with the finding, or with a device
    assert reasons["target-cell-full"] > 0


@pytest.mark.parametrize("most", [1, 2])
def test_nobody_gives_or_receives_more_often_than_allowed(most):
    result = planned(confounded(3, 0, 0, 20), "consolidation@device=no:+18", max_uses_per_donor=most)
    donors = Counter(pair.donor.study_id for pair in result.pairs)
    recipients = Counter(pair.recipient.study_id for pair in result.pairs)
    assert max(donors.values()) <= most
    assert max(recipients.values()) == 1
    assert result.targets[0].planned == 3 * most
    assert result.targets[0].short == "donors-used-up"


def test_donors_take_turns():
    result = planned(confounded(5, 0, 0, 20), "consolidation@device=no:+10")
    assert set(Counter(pair.donor.study_id for pair in result.pairs).values()) == {2}


@pytest.mark.parametrize(
    ("studies", "short"),
    [
        pytest.param(confounded(6, 0, 4, 0), "no-host", id="nobody-to-receive"),
        pytest.param(confounded(0, 0, 2, 9), "no-donor", id="nobody-to-give"),
        pytest.param(confounded(9, 0, 2, 3), "hosts-used-up", id="too-few-to-receive"),
    ],
)
def test_why_a_cell_is_short_has_a_name(studies, short):
    result = planned(studies, "consolidation@device=no:+9")
    assert result.targets[0].short == short
    assert result.pairs_missing == 9 - len(result.pairs)


def test_what_the_gate_cannot_judge_is_refused_by_name():
    result = planned(confounded(6, 0, 0, 8), "consolidation@device=no:+4", gate=NullMax())
    assert len(result.pairs) == 0
    assert result.targets[0].short == "nearly-all-refused"
    assert set(result.targets[0].refused) == {"too-few-null-pictures"}


def test_nobody_is_given_the_own_finding_and_splits_never_mix():
    studies = [replace(s, subject_id=f"p{n % 5}") for n, s in enumerate(confounded())]
    split = {f"p{n}": "train" if n < 3 else "validate" for n in range(5)}
    studies = [replace(s, split=split[s.subject_id]) for s in studies]
    result = planned(studies, "consolidation@device=no", splits=("train", "validate"))
    assert {outcome.split for outcome in result.targets} == {"train", "validate"}
    assert len(result.pairs) > 0
    for pair in result.pairs:
        assert pair.recipient.subject_id != pair.donor.subject_id
        assert split[pair.donor.subject_id] == split[pair.recipient.subject_id] == pair.split


def test_the_order_of_studies_decides_nothing():
    studies = confounded()
    mixed = random.Random(3).sample(studies, len(studies))
    targets = ("balance:consolidation", "consolidation@device=no:+7")
    assert content(planned(studies, *targets)) == content(planned(mixed, *targets))


def test_another_seed_gives_other_pairs():
    one, other = (content(planned(confounded(), "consolidation@device=no", seed=seed))[0] for seed in (1, 2))
    assert one != other


def test_the_number_of_processes_decides_nothing(monkeypatch):
    monkeypatch.setattr(planning, "_TOGETHER_FROM", 10)
    monkeypatch.setattr(target_choice, "_TOGETHER_FROM", 5)
    targets = ("consolidation@device=no", "consolidation@view=PA:+12")
    alone, together = (planned(confounded(), *targets, workers=workers) for workers in (1, 2))
    assert content(alone) == content(together)


@pytest.mark.parametrize(
    ("target", "strategy", "what", "hint"),
    [
        pytest.param(
            "cardiomegaly:+3", NormalHost(), "does not give 'cardiomegaly'", "consolidation", id="size"
        ),
        pytest.param("mass:+3", MixGen(), "mixgen does not give", "--pairing normal-host", id="no-findings"),
        pytest.param("mass@vew=AP", NormalHost(), "'vew'", "did you mean 'view'", id="attribute"),
        pytest.param(
            "mass@view=PA", NormalHost(), "differs in view", "mass@view=PA:200", id="nothing-to-compare"
        ),
    ],
)
def test_what_cannot_be_done_is_refused_with_what_to_try(target, strategy, what, hint):
    with pytest.raises(UsageError) as caught:
        planned(confounded(), target, strategy=strategy)
    assert what in caught.value.what
    assert hint in caught.value.hint


@settings(max_examples=15, deadline=None)
@given(
    st.tuples(*[st.integers(0, 6)] * 4),
    st.sampled_from([NormalHost(), CrossFinding(), SameFinding()]),
    st.data(),
)
def test_whatever_the_cells_nothing_is_lost_and_no_cell_is_more_than_full(counts, strategy, data):
    studies = confounded(*counts) + confounded(*counts[::-1], finding="pleural_effusion", start=100)
    target = data.draw(
        st.sampled_from(["consolidation@device=no:+5", "effusion@device=yes:4", "consolidation:9"])
    )
    result = planned(studies, target, strategy=strategy)
    [outcome] = result.targets
    assert outcome.planned == len(result.pairs) <= outcome.wanted - outcome.have
    assert bool(outcome.missing) == bool(outcome.short)
    assert (
        result.inputs
        == len(studies)
        == len(result.dropped) + len({p.recipient.study_id for p in result.pairs})
    )


WITHOUT = "no-consolidation@device=yes"


def test_a_cell_without_the_finding_is_filled_with_its_own_studies_as_they_are():
    studies = confounded(a=12, b=2, c=2, d=14)
    result = planned(studies, "consolidation@device=no", f"{WITHOUT}:+5")
    rows = [pair for pair in result.pairs if pair.strategy == KEPT]
    counts = Counter(pair.recipient.study_id for pair in rows)
    assert set(counts) == {studies[14].study_id, studies[15].study_id}
    assert sorted(counts.values()) == [2, 3]
    assert all(pair.report == pair.recipient.report and not pair.edits for pair in rows)
    assert all(pair.recipient.subject_id != pair.donor.subject_id for pair in rows)
    assert result.targets[-1].planned == 5
    assert result.pairs_by_finding == {"consolidation": len(result.pairs) - 5}
    assert not {drop.identifier for drop in result.dropped} & {studies[n].study_id for n in (14, 15)}


def test_both_rare_cells_as_many_break_the_shortcut():
    studies = confounded(a=12, b=4, c=4, d=14)
    result = planned(studies, "consolidation@device=no", WITHOUT, pairs_per_study=3)
    mixed, kept = result.targets
    odds = (12 * 14) / ((mixed.have + mixed.planned) * (kept.have + kept.planned))
    assert odds == pytest.approx(1)


def test_a_cell_without_the_finding_that_cannot_be_filled_says_why():
    few = planned(confounded(c=2), "consolidation@device=no", f"{WITHOUT}:+50", max_uses_per_donor=3)
    assert (few.targets[-1].planned, few.targets[-1].short) == (6, "donors-used-up")
    none = planned(confounded(c=0), "consolidation@device=no", f"{WITHOUT}:+5")
    assert (none.targets[-1].planned, none.targets[-1].short) == (0, "no-host")


def test_a_plan_that_mixes_nothing_is_refused():
    with pytest.raises(UsageError, match="nothing is mixed"):
        planned(confounded(), WITHOUT)


def test_the_order_of_the_studies_decides_nothing_of_a_cell_without_the_finding():
    studies = confounded(c=7)
    one, other = (planned(s, "consolidation@device=no", f"{WITHOUT}:+9") for s in (studies, studies[::-1]))
    assert content(one) == content(other)


def rows_by_cell(result):
    return Counter(cell for pair in result.pairs for cell in pair.cells)


def test_a_row_as_it_is_counts_in_every_cell_without_a_finding_that_it_lies_in():
    targets = ("consolidation@device=no:+3", f"{WITHOUT}:+5", "no-pneumothorax@device=yes:+5")
    result = planned(confounded(c=6), *targets)
    assert [outcome.planned for outcome in result.targets] == [3, 5, 5]
    rows = [pair for pair in result.pairs if pair.strategy == KEPT]
    assert 5 <= len(rows) < 10
    assert {outcome.cell: outcome.planned for outcome in result.targets} == dict(rows_by_cell(result))


SEVERAL = [
    *("consolidation@device=no:+4", "consolidation@device=no", "consolidation:20", "effusion@device=yes:+3"),
    *("no-consolidation@device=yes:+4", "no-consolidation@view=PA:+9", "no-pneumothorax@device=yes:+7"),
    *("no-pleural_effusion@device=no:+30", "no-pleural_effusion@device=yes"),
]


@settings(max_examples=15, deadline=None)
@given(
    st.tuples(*[st.integers(1, 5)] * 4),
    st.lists(st.sampled_from(SEVERAL[4:]), max_size=4, unique=True),
    st.lists(st.sampled_from(SEVERAL[:4]), min_size=1, max_size=3, unique=True),
    st.integers(1, 4),
)
def test_of_several_targets_the_cells_counted_from_the_rows_are_what_the_plan_says(
    counts, without, mixed, most
):
    studies = confounded(*counts) + confounded(*counts[::-1], finding="pleural_effusion", start=100)
    result = planned(studies, *mixed, *without, max_uses_per_donor=most)
    counted = rows_by_cell(result)
    assert {outcome.cell: outcome.planned for outcome in result.targets if outcome.planned} == counted
    assert all(bool(outcome.missing) == bool(outcome.short) for outcome in result.targets)
    repeats = [pair for pair in result.pairs if pair.strategy == KEPT]
    assert all(n <= most for n in Counter(pair.recipient.study_id for pair in repeats).values())
    assert sum(result.pairs_by_finding.values()) == len(result.pairs) - len(repeats)
    recipients = {pair.recipient.study_id for pair in result.pairs}
    assert result.inputs == len(recipients) + len(result.dropped)


@pytest.mark.parametrize("times", [1, 2])
def test_studies_that_no_target_asks_for_are_kept_where_that_is_asked_for_by_name(times):
    studies = confounded()
    targets = ("consolidation@device=no:+4", f"{WITHOUT}:+3")
    result = planned(studies, *targets, unmixed="keep", pairs_per_study=times)
    repeats = [pair for pair in result.pairs if pair.strategy == KEPT and pair.cells]
    own = [pair for pair in result.pairs if not (pair.strategy == KEPT and pair.cells)]
    assert Counter(pair.recipient.study_id for pair in own) == {s.study_id: times for s in studies}
    assert (len(repeats), result.dropped, result.pairs_missing) == (3, (), 0)
    assert rows_by_cell(result) == {f"train/{target}": n for target, n in zip(targets, (4, 3), strict=True)}
    assert result.shape.kept == len(result.pairs) - 4


def test_a_kept_study_holds_a_row_in_reserve_for_each_pair_that_may_be_rejected():
    result = planned(confounded(), "consolidation@device=no:+4", f"{WITHOUT}:+3", unmixed="keep", reserve=1)
    spare = [pair for pair in result.reserved if pair.strategy == KEPT]
    mixed = {pair.recipient.study_id for pair in result.pairs if pair.finding}
    assert [pair.strategy == KEPT for pair in result.reserved] == [False] * 4 + [True] * 4
    assert {pair.recipient.study_id for pair in spare} == mixed
    ids = [pair.pair_id for pair in [*result.pairs, *result.reserved]]
    assert len(set(ids)) == len(ids)


@pytest.mark.parametrize("unmixed", ["auto", "drop"])
def test_with_targets_no_study_is_kept_unless_asked_for(unmixed):
    result = planned(confounded(), "consolidation@device=no:+4", strategy=SameFinding(), unmixed=unmixed)
    assert result.shape.kept == 0
    assert all(pair.finding for pair in [*result.pairs, *result.reserved])
