"""The order of a plan's pairs: which stand beside each other in a shard. Knows pictures by name only."""

from __future__ import annotations

from collections import defaultdict

from medcutmix_cli.pairing.packing import PackedPair, PackedPairs


def arrange_pairs(pairs: dict[str, PackedPair]) -> PackedPairs:
    """Order pairs as a walk from picture to picture, so that shared parents meet: each is decoded once a shard.

    Pictures are nodes and pairs edges; all edges of a picture stand together, then those of the picture last met.
    With one pair a study this brings the pictures a shard must decode from almost two a pair to little over one.
    """
    edges: dict[str, list[PackedPair]] = defaultdict(list)
    for pair in sorted(pairs.values(), key=lambda pair: pair.pair_id):
        edges[pair.recipient_image].append(pair)
        edges[pair.donor_image].append(pair)
    walked: dict[str, PackedPair] = {}
    for start in sorted(edges):
        _walk(start, edges, walked)
    return PackedPairs(walked.values())


def _walk(start: str, edges: dict[str, list[PackedPair]], walked: dict[str, PackedPair]) -> None:
    """Walk all that can be reached from one picture; pairs are noted in the order in which they are met."""
    stack = [start]
    while stack:
        image = stack.pop()
        for pair in edges[image]:
            if pair.pair_id not in walked:
                walked[pair.pair_id] = pair
                other = pair.donor_image if pair.recipient_image == image else pair.recipient_image
                stack.append(other)
