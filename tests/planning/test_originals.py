"""Studies that no pair is found for have rows of their own, with nothing mixed in them."""

from dataclasses import replace

import pytest

from medcutmix_cli.configuration.settings import PlanSettings
from medcutmix_cli.findings import CHEXPERT
from medcutmix_cli.pairing import SameFinding
from medcutmix_cli.pairing.cohort import pack_study
from medcutmix_cli.pairing.normal_host import NormalHost
from medcutmix_cli.pairing.packing import PackedPairs, pack_pair
from medcutmix_cli.planning.originals import KEPT, KeptRow, kept_row
from medcutmix_cli.planning.plan import DEFAULT_READER, make_plan
from medcutmix_cli.planning.reading import read_study
from tests.builders import make_report, make_study

FINDING = "There is a small right pleural effusion."
NORMAL = "Heart size is normal."


def mixed_set(count=40):
    """Return studies every fourth of which has a finding; two of each patient."""
    return [
        make_study(n, make_report(FINDING if n % 4 == 0 else NORMAL), subject=f"p{n // 2}")
        for n in range(count)
    ]


def read_one(number, text):
    study = make_study(number, make_report(text))
    return read_study(study, study.images[0], DEFAULT_READER)


def planned(studies, strategy=None, **changes):
    return make_plan(studies, PlanSettings(unmixed="keep", **changes), strategy or SameFinding())


def test_every_study_has_its_row_and_the_shape_holds():
    result = planned(mixed_set())
    kept = [pair for pair in result.pairs if pair.strategy == KEPT]
    assert (len(result.pairs), len(kept), result.shape.kept) == (40, 30, 30)
    assert {pair.recipient.study_id for pair in result.pairs} == {s.study_id for s in mixed_set()}
    assert result.shape.shifts() == {}
    assert (result.dropped, result.pairs_missing) == ((), 0)
    assert result.pairs_by_finding == {"pleural_effusion": 10}


def test_a_row_of_its_own_is_the_study_as_it_is():
    kept = [pair for pair in planned(mixed_set()).pairs if pair.strategy == KEPT]
    for pair in kept:
        assert pair.report == pair.recipient.report
        assert (pair.edits, pair.finding, pair.finding_a, pair.image_mode) == ((), "", "", "keep")
        assert pair.donor.subject_id != pair.recipient.subject_id
        assert repr(pair.labels) == repr(pair.recipient.labels)


def test_its_donor_is_of_the_same_split():
    studies = [
        make_study(n, make_report(FINDING if n % 4 == 0 else NORMAL), split=("train", "test")[n % 2])
        for n in range(24)
    ]
    result = planned(studies, splits=("train", "test"))
    assert len(result.pairs) == 24
    assert all(pair.split == ("train", "test")[int(pair.donor.study_id[1:]) % 2] for pair in result.pairs)


def test_where_nothing_is_mixed_nothing_is_kept():
    """A run of originals alone would look like one that worked."""
    studies = [make_study(n, make_report(NORMAL)) for n in range(6)]
    result = planned(studies)
    assert len(result.pairs) == 0
    assert {drop.reason for drop in result.dropped} == {"no-exchangeable-finding"}


def test_every_study_has_as_many_rows_as_are_asked_for():
    result = planned(mixed_set(), pairs_per_study=3)
    rows = [pair.recipient.study_id for pair in result.pairs]
    assert len(rows) == len({pair.pair_id for pair in result.pairs}) == 3 * 40
    assert {rows.count(study.study_id) for study in mixed_set()} == {3}
    assert result.shape.shifts() == {}


def test_what_would_shift_the_set_is_held_in_reserve():
    free = make_plan(mixed_set(80), PlanSettings(), NormalHost())
    held = planned(mixed_set(80), NormalHost())
    assert len(free.pairs) > 40
    assert free.shape.shifts()["label: No Finding"] == -1.0
    mixes = len(held.pairs) - held.shape.kept
    assert 0 < mixes <= 0.1 * 60
    assert held.reserve["shape-would-shift"] == len(free.pairs) - mixes
    assert held.shape.shifts() == {}


@pytest.mark.parametrize("unmixed", ["drop", "keep"])
def test_the_order_of_the_studies_decides_nothing(unmixed):
    one, other = (
        make_plan(studies, PlanSettings(unmixed=unmixed), SameFinding())
        for studies in (mixed_set(), mixed_set()[::-1])
    )
    assert [pair.pair_id for pair in one.pairs] == [pair.pair_id for pair in other.pairs]
    assert one.shape == other.shape


@pytest.mark.parametrize(("unmixed", "kept"), [("auto", True), ("keep", True), ("drop", False)])
def test_a_swap_keeps_the_shape_of_the_set_unless_told_otherwise(unmixed, kept):
    result = make_plan(mixed_set(), PlanSettings(unmixed=unmixed), SameFinding())
    assert bool(result.shape.kept) == kept


@pytest.mark.parametrize(("unmixed", "kept"), [("auto", False), ("keep", True), ("drop", False)])
def test_who_is_meant_to_shift_the_set_shifts_it_unless_told_otherwise(unmixed, kept):
    result = make_plan(mixed_set(), PlanSettings(unmixed=unmixed), NormalHost())
    assert bool(result.shape.kept) == kept


def test_a_donors_share_of_a_findings_rows_is_limited_by_name():
    """Two donors for ten recipients: each gives two."""
    studies = [make_study(n, make_report(FINDING), subject=f"p{n > 1}") for n in range(12)]
    result = make_plan(studies, PlanSettings(max_donor_share=0.01, unmixed="drop"), SameFinding())
    counts = result.shape.donors["pleural_effusion"]
    assert counts.most == 2
    dropped = [drop.reason for drop in result.dropped]
    assert result.reserve == {"donor-share-reached": dropped.count("donor-share-reached")}
    assert result.reserve["donor-share-reached"] > 0


def test_a_row_of_its_own_is_as_if_it_had_been_put_away_at_once():
    """It is made when it is written; what planning asks of it before is known by name."""
    study, donor = (pack_study(read_one(n, text), ()) for n, text in enumerate((FINDING, NORMAL)))
    row = kept_row(study, donor)
    once = pack_pair(row.open(), study.open().reading.sentences)
    for name in ("pair_id", "finding", "recipient_study", "recipient_image", "donor_image", "donor_study"):
        assert getattr(row, name) == getattr(once, name)
    assert (row.traits, row.sentences, row.is_mix) == (once.traits, once.sentences, False)


@pytest.mark.parametrize("label", [0.0, 1.0])
def test_a_row_of_its_own_counts_as_what_the_study_has_by_report_or_label_table(label):
    labels = tuple(0.0 if name == "No Finding" else label for name in CHEXPERT)
    study = pack_study(replace(read_one(0, FINDING), labels=labels), ())
    row = kept_row(study, study)
    assert ("label: Pleural Effusion" in row.traits) is (label == 1.0)
    assert ("label: Pleural Effusion" in study.traits) is (label == 1.0)
    assert row.open().labels == labels


def test_choosing_null_pictures_opens_no_row_that_asks_for_none(monkeypatch):
    study = pack_study(read_one(0, NORMAL), ())
    monkeypatch.setattr(KeptRow, "open", None)
    assert list(PackedPairs([kept_row(study, study)]).mixes()) == []
