from collections import Counter

import pytest

from medcutmix_cli.configuration.settings import PlanSettings
from medcutmix_cli.pairing import SameFinding
from medcutmix_cli.planning.plan import make_plan
from tests.builders import make_report, make_study


def effusions(count):
    size = ("small", "large", "moderate")
    return [
        make_study(n, make_report(f"There is a {size[n % 3]} right pleural effusion.")) for n in range(count)
    ]


def planned(studies, **changes):
    return make_plan(studies, PlanSettings(**{"unmixed": "drop", **changes}), SameFinding())


def parents(pairs):
    return [(pair.recipient.study_id, pair.donor.study_id) for pair in pairs]


@pytest.mark.parametrize(("share", "pairs"), [(-1, 0), (0, 0), (0.5, 5), (1, 10), (2, 20)])
def test_without_targets_a_reserve_is_held_where_it_is_asked_for(share, pairs):
    result = planned(effusions(10), reserve=share)
    assert (len(result.pairs), len(result.reserved)) == (10, pairs)
    assert result.reserve.get("for-rejected", 0) == pairs
    assert result.goals() == {}  # as many of each finding as were planned


def test_each_recipient_has_another_donor_before_any_has_two():
    result = planned(effusions(10), reserve=2)
    first = Counter(recipient for recipient, _ in parents(result.reserved)[:10])
    assert set(first.values()) == {1}
    both = parents(result.pairs) + parents(result.reserved)
    assert len(set(both)) == len(both) == 30


def test_nobody_gives_more_often_in_reserve_than_is_allowed_at_all():
    result = planned(effusions(10), reserve=9, max_uses_per_donor=2)
    assert max(Counter(donor for _, donor in parents(result.reserved)).values()) <= 2


def test_what_a_donor_gives_beyond_its_share_comes_first():
    result = planned(effusions(12), reserve=1, max_donor_share=0, pairs_per_study=3)
    held = result.reserve["donor-share-reached"]
    assert held
    assert result.reserve["for-rejected"] == len(result.reserved) - held
    ids = {pair.pair_id for pair in result.pairs}
    assert ids.isdisjoint(pair.pair_id for pair in result.reserved)
    assert len({pair.pair_id for pair in result.reserved}) == len(result.reserved)


def test_neither_the_order_of_studies_nor_the_plan_depends_on_the_reserve():
    forth, back = planned(effusions(10), reserve=2), planned(effusions(10)[::-1], reserve=2)
    assert parents(forth.reserved) == parents(back.reserved)
    assert parents(forth.pairs) == parents(planned(effusions(10)).pairs)
