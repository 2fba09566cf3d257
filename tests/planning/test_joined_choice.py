"""A plan of several pairings has the pairs of their plans; the shape of the set is that of all rows together."""

from collections import Counter
from functools import cache
from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from medcutmix_cli.configuration.registry import load, names
from medcutmix_cli.configuration.settings import PlanSettings
from medcutmix_cli.errors import UsageError
from medcutmix_cli.planning import plan as planning
from medcutmix_cli.planning.plan import make_plan
from tests.builders import make_report, make_study
from tests.planning.test_plan import SENTENCES, cohorts, content

PAIRINGS = tuple(name for name in names("pairing") if name != "nearest")  # which needs a file of embeddings
MIXING = ("same-finding", "cross-finding", "normal-host")
NORMAL = ("The lungs are clear.", "Heart size is normal.", "No pleural effusion.", "No pneumothorax.")


def planned(studies, pairings, **changes):
    how = PlanSettings(**{"unmixed": "drop", "pairing": tuple(pairings), **changes})
    return make_plan(studies, how, *(load("pairing", name)() for name in pairings))


def varied(count=24):
    """Return studies of which two in three have findings, a third of those two."""
    told = [NORMAL if n % 3 == 0 else (SENTENCES[n % 4],) for n in range(count)]
    told = [(*said, SENTENCES[(n + 1) % 4]) if n % 9 == 1 else said for n, said in enumerate(told)]
    return [make_study(n, make_report(*said)) for n, said in enumerate(told)]


def ids(result):
    return [pair.pair_id for pair in result.pairs]


@cache
def alone_pairs(name):
    return planned(varied(), [name], pairs_per_study=2)


@pytest.mark.parametrize("pairings", [*combinations(PAIRINGS, 2)], ids="+".join)
def test_two_plan_what_each_plans_alone(pairings):
    both = planned(varied(), pairings, pairs_per_study=2)
    alone = [alone_pairs(name) for name in pairings]
    assert all(len(result.pairs) for result in alone)
    assert sorted(content(both)) == sorted(line for result in alone for line in content(result))
    assert both.refused == Counter(alone[0].refused) + Counter(alone[1].refused)
    assert both.pairs_missing == sum(result.pairs_missing for result in alone)
    assert both.pairs_by_pairing == {
        name: len(result.pairs) for name, result in zip(pairings, alone, strict=True)
    }


@given(cohorts(), st.integers(0, 3), st.permutations(MIXING), st.sampled_from([0.0, 1.0]))
@settings(max_examples=40)
def test_whatever_the_studies(studies, seed, pairings, reserve):
    """Which pairings there are decides about pairs and reserve, and not their order; each study is accounted for."""
    how = {"splits": ("train", "validate"), "pairs_per_study": 2, "seed": seed, "reserve": reserve}
    together = planned(studies, pairings, **how)
    alone = [planned(studies, [name], **how) for name in pairings]
    assert sorted(ids(together)) == sorted(one for result in alone for one in ids(result))
    reserved = [pair.pair_id for result in alone for pair in result.reserved]
    assert sorted(pair.pair_id for pair in together.reserved) == sorted(reserved)
    recipients = {pair.recipient.study_id for pair in together.pairs}
    dropped = {drop.identifier for drop in together.dropped}
    assert recipients.isdisjoint(dropped)
    assert recipients | dropped == {study.study_id for study in studies}


def test_a_study_is_dropped_only_if_no_pairing_has_a_pair_of_it():
    result = planned(varied(), MIXING)
    alone = [planned(varied(), [name]) for name in MIXING]
    left_out = [{drop.identifier for drop in each.dropped} for each in alone]
    assert {drop.identifier for drop in result.dropped} == set.intersection(*left_out)
    assert len(result.dropped) < min(map(len, left_out))


@pytest.mark.parametrize("times", [1, 2])
def test_the_shape_kept_is_that_of_all_rows(times):
    """Each study has as many rows as all pairings together ask for, and what would shift them is in reserve."""
    studies = varied(90)
    free = planned(studies, MIXING, pairs_per_study=times)
    held = planned(studies, MIXING, pairs_per_study=times, unmixed="keep")
    rows = Counter(pair.recipient.study_id for pair in held.pairs)
    assert rows == {study.study_id: 3 * times for study in studies}
    assert (held.shape.shifts(), held.pairs_missing, held.dropped) == ({}, 0, ())
    assert free.shape.shifts()
    mixes = len(held.pairs) - held.shape.kept
    assert 0 < mixes == sum(held.pairs_by_pairing.values()) < len(free.pairs)
    assert held.reserve["shape-would-shift"] == len(free.pairs) - mixes


@pytest.mark.parametrize("pairings", [*combinations(MIXING, 2)], ids="+".join)
def test_unless_told_otherwise_the_shape_is_kept_where_every_pairing_keeps_it(pairings):
    keeping = {name for name in MIXING if load("pairing", name).unmixed == "keep"}
    auto = planned(varied(), pairings, unmixed="auto")
    assert bool(auto.shape.kept) == (set(pairings) <= keeping)
    told = "keep" if auto.shape.kept else "drop"
    assert content(auto) == content(planned(varied(), pairings, unmixed=told))


def test_two_that_keep_the_shape_keep_it_together():
    """`nearest` ranks by embeddings; this one stands in for it."""
    other = type("Other", (load("pairing", "same-finding"),), {"name": "other-finding"})
    how = PlanSettings(pairing=("same-finding", "other-finding"))
    result = make_plan(varied(), how, load("pairing", "same-finding")(), other())
    assert result.shape.kept
    assert set(Counter(p.recipient.study_id for p in result.pairs).values()) == {2}


@pytest.mark.parametrize("pairings", [MIXING], ids="+".join)
def test_several_processes_choose_the_same(pairings, monkeypatch):
    one = planned(varied(), pairings, pairs_per_study=2)
    monkeypatch.setattr(planning, "_TOGETHER_FROM", 12)
    how = PlanSettings(unmixed="drop", pairing=pairings, pairs_per_study=2)
    strategies = (load("pairing", name)() for name in pairings)
    assert content(make_plan(varied(), how, *strategies, workers=2)) == content(one)


def test_progress_goes_on_from_one_pairing_to_the_next():
    said = []
    how, strategies = PlanSettings(unmixed="drop"), [load("pairing", name)() for name in MIXING]
    make_plan(varied(), how, *strategies, progress=lambda *what: said.append(what))
    steps = [(done, total) for stage, done, total in said if stage == "pairing"]
    assert steps == [(done, 3 * 24) for done in range(1, 3 * 24 + 1)]


def test_a_target_takes_one_pairing():
    with pytest.raises(UsageError, match="takes one --pairing, not 3") as error:
        planned(varied(), MIXING, target=("pneumothorax@view=AP:+2",))
    assert "normal-host" in error.value.hint


def test_rows_of_the_same_studies_are_told_apart_by_who_paired_them():
    result = planned(varied(), ("same-finding", "sentence-only"))
    parents = Counter((pair.recipient.study_id, pair.donor.study_id, pair.finding) for pair in result.pairs)
    assert max(parents.values()) == 2
    assert len(ids(result)) == len(set(ids(result)))
    assert len(set(content(result))) == len(result.pairs)
