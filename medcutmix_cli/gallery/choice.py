"""Which pairs a page shows. Draws nothing at random: the same shards give the same page."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain, zip_longest

from medcutmix_cli.gallery.catalogue import CataloguePair
from medcutmix_cli.run.contents import Contents, read_columns


def spread_over_findings(contents: Contents, count: int) -> list[int]:
    """Choose up to `count` rows, the findings taking turns; return positions among all rows, ascending.

    Rows into which no finding comes are shown where there is room left: most of them are originals as they are.
    Within a finding the order is that of the pair ids, which are hashes: neighbours on disk share a parent, and
    would look alike.
    """
    rows = read_columns(contents, ("pair_id", "finding"))
    queues: dict[str, list[tuple[str, int]]] = {}
    for index, row in enumerate(rows):
        queues.setdefault(row["finding"], []).append((row["pair_id"], index))
    plain = sorted(queues.pop("", []))
    turns = zip_longest(*(sorted(queues[finding]) for finding in sorted(queues)))
    in_turn = [entry[1] for entry in chain(chain.from_iterable(turns), plain) if entry]
    return sorted(in_turn[:count])


def spread_over_rules(pairs: Sequence[CataloguePair], count: int) -> set[str]:
    """Choose up to `count` pairs that were not written, the rules taking turns; return their ids."""
    queues: dict[str, list[str]] = {}
    for pair in pairs:
        queues.setdefault(pair.rule, []).append(pair.id)
    turns = zip_longest(*(sorted(queues[rule]) for rule in sorted(queues)))
    return set([pair for pair in chain.from_iterable(turns) if pair][:count])
