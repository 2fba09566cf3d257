from dataclasses import asdict

import pytest

from medcutmix_cli.configuration.settings import PlanSettings
from medcutmix_cli.pairing import SameFinding
from medcutmix_cli.pairing.packing import PackedPairs, open_record, pack_pair, pack_record
from medcutmix_cli.planning.plan import make_plan
from tests.builders import make_report, make_study

REPORT = make_report("There is a small right pleural effusion.", "Normal heart size.")


@pytest.fixture(scope="module")
def pairs():
    result = make_plan([make_study(n, REPORT) for n in range(6)], PlanSettings(), SameFinding())
    return list(result.pairs)


def test_a_record_comes_back_as_it_was_put_away(pairs):
    assert [repr(open_record(pack_record(pair))) for pair in pairs] == [repr(pair) for pair in pairs]


def test_filed_pairs_are_a_sequence_of_pairs(pairs):
    filed = PackedPairs(map(pack_pair, pairs))
    assert len(filed) == len(pairs) == 6
    assert [repr(asdict(pair)) for pair in filed] == [repr(asdict(pair)) for pair in pairs]
    assert [pair.pair_id for pair in filed[2:4]] == [pair.pair_id for pair in pairs[2:4]]
    assert filed[-1].report == pairs[-1].report


def test_what_planning_asks_of_a_filed_pair_is_what_the_pair_says(pairs):
    for pair in pairs:
        filed = pack_pair(pair)
        assert (filed.recipient_study, filed.finding) == (pair.recipient.study_id, pair.finding)
        assert (filed.recipient_image, filed.donor_image) == (pair.recipient.image_id, pair.donor.image_id)
