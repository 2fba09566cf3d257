"""Pairs that share a parent stand together, so that a shard decodes few pictures twice."""

import random

from medcutmix_cli.pairing.packing import pack_pair
from medcutmix_cli.planning.arrangement import arrange_pairs
from tests.planning.test_plan import many, planned


def decodes(pairs, shard):
    """Return how many pictures are decoded in shards of `shard` pairs."""
    cuts = [pairs[start : start + shard] for start in range(0, len(pairs), shard)]
    return sum(len({p.image_id for pair in cut for p in (pair.recipient, pair.donor)}) for cut in cuts)


def test_pairs_that_share_a_parent_stand_together():
    pairs = planned(many(200)).pairs
    by_id = sorted(pairs, key=lambda pair: pair.pair_id)
    assert len(pairs) > 100
    assert decodes(pairs, 20) < 1.3 * len(pairs)
    assert decodes(pairs, 20) < 0.75 * decodes(by_id, 20)


def test_the_order_is_the_same_whatever_it_was_before_and_keeps_every_pair():
    packed = [pack_pair(pair) for pair in planned(many(60)).pairs]
    mixed = random.Random(3).sample(packed, len(packed))
    one, other = (arrange_pairs({pair.pair_id: pair for pair in pairs}) for pairs in (packed, mixed))
    assert [pair.pair_id for pair in one] == [pair.pair_id for pair in other]
    assert {pair.pair_id for pair in one} == {pair.pair_id for pair in packed}
