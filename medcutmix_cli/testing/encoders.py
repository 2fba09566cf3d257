"""What every encoder keeps: a map depends on one picture and one sentence, and on nothing beside them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np

from medcutmix_cli.attention import cells_inside
from medcutmix_cli.configuration.settings import PRECISIONS
from medcutmix_cli.encoders.base import (
    MAP_KINDS,
    Attention,
    Encoder,
    FeatureEncoder,
    Picture,
    encode_pictures,
    in_groups,
    look,
    see_pictures,
    side_seen,
)
from medcutmix_cli.testing.contract import Check
from medcutmix_cli.testing.expectation import expect, expect_name, expect_unchanged
from medcutmix_cli.testing.inputs import CANVAS, SENTENCES, made_pictures


def _pictures(encoder: Encoder) -> tuple[Picture, ...]:
    return made_pictures(side_seen(encoder, CANVAS))


def _queries(encoder: Encoder) -> list[Any]:
    queries = encoder.encode_sentences(SENTENCES)
    expect(len(queries) == len(SENTENCES), "one query for each sentence, in order")
    return [query.features for query in queries if not query.refused]


def _maps(encoder: Encoder, most: int | None = None) -> Iterator[tuple[Picture, Attention]]:
    """Yield pictures with the map of every sentence over them, each picture encoded by itself."""
    queries = _queries(encoder)
    for picture in _pictures(encoder)[:most]:
        encoded = encode_pictures(encoder, [picture])[0]
        for query in queries:
            yield picture, encoder.attend(encoded, query)


def says_who_it_is(encoder: Encoder) -> None:
    """The card can be written to every shard: names, hash, grid, licence."""
    card = encoder.card
    expect_name(card.name)
    expect(re.fullmatch(r"[0-9a-f]{64}", card.weights_sha256), "weights_sha256: 64 hex digits")
    expect(min(card.grid) > 0 and len(card.grid) == 2, "grid: (grid_h, grid_w), both above 0")
    expect(card.map_kind in MAP_KINDS, f"map_kind: one of {', '.join(MAP_KINDS)}")
    expect(card.precision in PRECISIONS, f"precision: one of {', '.join(PRECISIONS)}")
    expect(card.reads % 112 == 0 and card.reads >= 0, "reads: a multiple of 112, or 0")
    expect(card.licence and card.text_limit >= 0, "licence: named; text_limit: at least 0")
    expect(encoder.batch >= 1 and isinstance(encoder.device, str), "batch: at least 1; device: a text")


def maps_on_the_grid_of_its_card(encoder: Encoder) -> None:
    """A map is float16 on the whole canvas, NaN on the bars; one that is missing says why."""
    found = 0
    for picture, attention in _maps(encoder):
        if attention.missing:
            expect_name(attention.missing)
            continue
        found += 1
        expect(attention.scores.shape == encoder.card.grid, "a map has the shape of the card's grid")
        expect(attention.scores.dtype == np.float16, "a map is float16: what is stored is what decides")
        outside = ~cells_inside(picture.placement, encoder.card.grid)
        expect(np.isnan(attention.scores[outside]).all(), "cells without picture must be NaN")
        expect(np.isfinite(attention.scores).any(), "a map without a finite cell must be missing by name")
    expect(found, "no map of any picture and sentence")


def does_not_see_what_is_encoded_beside(encoder: Encoder) -> None:
    """Pictures and sentences encoded together give the maps that they give alone, in any order."""
    alone = [attention for _, attention in _maps(encoder)]
    together = encode_pictures(encoder, _pictures(encoder)[::-1])[::-1]
    queries = [
        query.features for s in SENTENCES for query in encoder.encode_sentences([s]) if not query.refused
    ]
    beside = [encoder.attend(encoded, query) for encoded in together for query in queries]
    expect(len(alone) == len(beside), "another number of maps")
    same = all(map(_same, alone, beside))
    expect(same, "a map depends on what is encoded with it: another shard size would give other samples")


def gives_the_same_map_to_several_threads(encoder: Encoder) -> None:
    """All methods may be called from several threads at once."""
    with ThreadPoolExecutor(3) as pool:
        runs = list(pool.map(lambda _: [attention for _, attention in _maps(encoder, most=1)], range(3)))
    expect(all(all(map(_same, runs[0], run)) for run in runs), "threads were given different maps")


def leaves_pictures_as_they_are(encoder: Encoder) -> None:
    """Pixels are shared by all who read the picture."""
    picture = _pictures(encoder)[0]
    before = picture.pixels.copy()
    encode_pictures(encoder, [picture])
    expect_unchanged(before, picture.pixels, "a picture")


def refuses_or_counts_what_is_too_long(encoder: Encoder) -> None:
    """A sentence beyond the text limit is cut and counted, or refused by name; never silently."""
    query = encoder.encode_sentences(["There is a small right pleural effusion. " * 200])[0]
    expect(query.cut_tokens >= 0, "cut_tokens: at least 0")
    if query.refused:
        expect_name(query.refused)
    limited = encoder.card.text_limit > 0
    expect(not limited or query.cut_tokens or query.refused, "tokens were cut off and not counted")


def keeps_patch_features_on_the_grid(encoder: Encoder) -> None:
    """Where it keeps patch features, they are float32 on the grid, 0 outside the picture."""
    if not isinstance(encoder, FeatureEncoder):
        return
    for picture in _pictures(encoder):
        features = encoder.patch_features(encode_pictures(encoder, [picture])[0])
        expect(features.shape[:2] == encoder.card.grid and features.ndim == 3, "(grid_h, grid_w, d)")
        expect(features.dtype == np.float32 and np.isfinite(features).all(), "float32, finite")
        outside = ~cells_inside(picture.placement, encoder.card.grid)
        expect(not features[outside].any(), "features of cells without picture must be 0")


def answers_a_group_as_it_answers_one(encoder: Encoder) -> None:
    """Where it answers for groups of pictures at once, it gives the maps of one by one, but for rounding."""
    grouped: bool = in_groups(encoder)
    if not grouped:
        return
    queries = {
        s: q for s, q in zip(SENTENCES, encoder.encode_sentences(SENTENCES), strict=True) if not q.refused
    }
    pictures = _pictures(encoder)
    seen = see_pictures(encoder, [look(encoder, p) for p in pictures], [queries] * len(pictures))
    together = [one.maps[sentence] for one in seen for sentence in queries]
    alone = [attention for _, attention in _maps(encoder)]
    expect(all(map(_alike, alone, together)), "a group is given other maps than its pictures one by one")


def _alike(one: Attention, other: Attention) -> bool:
    return one.missing == other.missing and np.allclose(
        one.scores, other.scores, atol=_ROUNDING, equal_nan=True
    )


_ROUNDING = 0.01
"""What maps may differ by where a device multiplies matrices of other shapes."""


def _same(one: Attention, other: Attention) -> bool:
    return one.missing == other.missing and np.array_equal(one.scores, other.scores, equal_nan=True)


CHECKS: tuple[Check, ...] = (
    says_who_it_is,
    maps_on_the_grid_of_its_card,
    does_not_see_what_is_encoded_beside,
    gives_the_same_map_to_several_threads,
    leaves_pictures_as_they_are,
    refuses_or_counts_what_is_too_long,
    keeps_patch_features_on_the_grid,
    answers_a_group_as_it_answers_one,
)
