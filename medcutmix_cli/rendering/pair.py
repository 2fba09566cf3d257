"""Render one pair: read and encode its pictures, ask for its maps, lay out the row. Knows no shard.

Maps are rounded to what is stored before anything is decided from them (`rendering.sample`): a row replays exactly.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from medcutmix_cli.attention import cells_with_score
from medcutmix_cli.datasets.presence import Presence, watch_presence
from medcutmix_cli.encoders.base import (
    EncodedPicture,
    Encoder,
    FeatureEncoder,
    Picture,
    Query,
    look,
    map_of,
    see_pictures,
    side_seen,
)
from medcutmix_cli.encoders.work_time import result_of
from medcutmix_cli.errors import ImageError
from medcutmix_cli.images import Canvas
from medcutmix_cli.images.picture_cache import PictureCache
from medcutmix_cli.images.picture_request import PictureRequest
from medcutmix_cli.mixing.cut import RefusedCut
from medcutmix_cli.mixing.movement import movement_of
from medcutmix_cli.mixing.picture_facts import PictureFacts, picture_facts
from medcutmix_cli.mixing.views import NeighbourView, View
from medcutmix_cli.records import Cut, Neighbour, Pair, Parent, PictureRules
from medcutmix_cli.rendering.reading import read_canvases
from medcutmix_cli.rendering.rows import to_row
from medcutmix_cli.rendering.sample import Features, MixRules
from medcutmix_cli.rendering.staging import Storage
from medcutmix_cli.run.failure_list import PairOutcome
from medcutmix_cli.run.folder import RunFolder
from medcutmix_cli.run.shard_state import CORRUPT_JPEG_KEPT, NEIGHBOUR_UNMAPPED
from medcutmix_cli.run.shards import Row, ShardOrigin, gives_nothing


@dataclass(frozen=True, slots=True)
class Renderer:
    """All that a shard needs beside its pairs.

    Attributes:
        resolve: Turns `Parent.image_path` into the file.
        rules: What decides a sample once its maps are there.
        canvas: Side of the canvas, pixels.
        reading: How files become grey.
        features: Whether mixed patch features are stored.
        workers: Threads.
        stage_dir: Folder into which pictures are copied ahead of their reading, "" for none.
        cache: Pictures that were prepared, None where there is no cache.
        presence: Asked whether the data set is still there when a picture is not.
        retry_failed: Whether complete shards are rendered again in which pairs failed.
    """

    folder: RunFolder
    origin: ShardOrigin
    resolve: Callable[[str], Path]
    encoder: Encoder
    rules: MixRules
    canvas: int
    reading: PictureRules
    features: bool
    workers: int
    stage_dir: str = ""
    cache: PictureCache | None = None
    presence: Presence | None = None
    retry_failed: bool = False

    def request(self, image_path: str) -> PictureRequest:
        """Return what is wanted of a picture: it as it is mixed and, where that is another, as the encoder sees it."""
        sides = dict.fromkeys((self.canvas, side_seen(self.encoder, self.canvas)))
        return PictureRequest(image_path, self.resolve(image_path), tuple(sides), self.reading)


@dataclass(frozen=True, slots=True)
class RenderedPair:
    """A pair that was mixed.

    Attributes:
        row: As it is written.
        notes: What a user should know of it, by name.
    """

    row: Row
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class EncodedParent:
    """One parent picture, decoded and encoded.

    Attributes:
        seen: What the encoder made of it.
        facts: What else is found out about it once, whatever it is mixed with.
    """

    canvas: Canvas
    seen: EncodedPicture
    facts: PictureFacts


Group = dict[str, EncodedParent | ImageError]
"""Pictures that were encoded together, by path."""


Questions = Mapping[str, Mapping[str, Query]]
"""By picture, the sentences that it will be asked, with their queries; it may know less than will be asked."""


def questions_of(renderer: Renderer, pairs: Iterable[Pair], sentences: Mapping[str, Query]) -> Questions:
    """Return what pairs will ask of each picture, refused sentences left out."""
    asked: dict[str, dict[str, Query]] = defaultdict(dict)
    for parent in (parent for pair in pairs for parent in (pair.recipient, pair.donor)):
        own = [parent.sentence] if parent.sentence else []
        words = [*own, *(neighbour.sentence for neighbour in _watched(renderer, parent))]
        asked[parent.image_path].update((w, sentences[w]) for w in words if not sentences[w].refused)
    return asked


def read_parent(renderer: Renderer, storage: Storage, parent: Parent) -> tuple[Canvas, Any] | ImageError:
    """Read a picture as it is mixed, and as the encoder looks at it.

    Raises:
        DatasetError: None can be read: the data set has gone.
    """
    request = renderer.request(parent.image_path)
    try:
        with watch_presence(renderer.presence, parent.image_path, request.file):
            canvases = read_canvases(request, storage, renderer.cache)
    except ImageError as error:
        return error
    canvas, seen = canvases[0], canvases[-1]
    return canvas, look(renderer.encoder, Picture(parent.image_id, seen.pixels, seen.placement))


def prepare(
    renderer: Renderer,
    storage: Storage,
    group: list[Parent],
    read: list[Future[tuple[Canvas, Any] | ImageError]] | None,
    questions: Questions,
) -> Group:
    """Encode a group of pictures; one that cannot be read does not stop the others."""
    results = (
        [result_of(future) for future in read] if read else [read_parent(renderer, storage, p) for p in group]
    )
    read_well = [(p, own) for p, own in zip(group, results, strict=True) if not isinstance(own, ImageError)]
    looks = [look for _, (_, look) in read_well]
    asked = [questions.get(parent.image_path, {}) for parent, _ in read_well]
    seen = iter(see_pictures(renderer.encoder, looks, asked, keep=renderer.features))
    return {
        parent.image_path: result if isinstance(result, ImageError) else _encoded(result[0], next(seen))
        for parent, result in zip(group, results, strict=True)
    }


def _encoded(canvas: Canvas, seen: EncodedPicture) -> EncodedParent:
    return EncodedParent(canvas, seen, picture_facts(canvas.pixels, canvas.placement))


def mix(
    renderer: Renderer,
    pair: Pair,
    recipient: Future[Group],
    donor: Future[Group],
    sentences: dict[str, Query],
) -> RenderedPair | PairOutcome:
    """Mix one pair, or say what became of it.

    Args:
        renderer: What the shard needs beside its pairs.
        pair: As planned.
        recipient: The group its recipient's picture is encoded with (likewise donor).
        donor: Ended or under way.
        sentences: Every sentence of the shard, encoded.
    """
    seen = see_pair(renderer, pair, recipient, donor, sentences)
    if isinstance(seen, PairOutcome):
        return seen
    row = _mixed_row(renderer, pair, seen)
    if isinstance(row, PairOutcome):
        return row
    return RenderedPair(row, seen.notes)


@dataclass(frozen=True, slots=True)
class PairSight:
    """A pair whose pictures and maps are there.

    Attributes:
        views: Of recipient and donor.
        features: The encoder's own, of both.
        notes: What a user should know of it, by name.
    """

    views: tuple[View, View]
    features: tuple[Any, Any]
    notes: tuple[str, ...] = ()


def see_pair(
    renderer: Renderer,
    pair: Pair,
    recipient: Future[Group],
    donor: Future[Group],
    sentences: dict[str, Query],
) -> PairSight | PairOutcome:
    """Look at both parents of a pair as the mix does; arguments as of `mix`."""
    views: list[View] = []
    features: list[Any] = []
    notes: list[str] = []
    for who, parent, group in (("recipient", pair.recipient, recipient), ("donor", pair.donor, donor)):
        prepared, query = result_of(group)[parent.image_path], sentences.get(parent.sentence)
        if isinstance(prepared, ImageError) and parent is pair.donor and gives_nothing(pair):
            prepared = result_of(recipient)[pair.recipient.image_path]  # the row is the recipient's alone
        if isinstance(prepared, ImageError):
            return _outcome(pair, "failed", "image", prepared.reason, type(prepared).__name__)
        if query is not None and query.refused:
            return _outcome(pair, "rejected", "encode", f"{who}-{query.refused}")
        attention = map_of(renderer.encoder, prepared.seen, parent.sentence, query) if query else None
        if attention is not None and attention.missing:
            return _outcome(pair, "failed", "encode", f"{who}-{attention.missing}")
        neighbours = _neighbours(renderer, prepared, parent, sentences)
        if None in neighbours and renderer.rules.strategies.guards.unmapped == "refuse":
            return _outcome(pair, "rejected", "encode", f"{who}-{NEIGHBOUR_UNMAPPED}")
        notes += [NEIGHBOUR_UNMAPPED] if None in neighbours and NEIGHBOUR_UNMAPPED not in notes else []
        notes += [CORRUPT_JPEG_KEPT] if prepared.canvas.corrupt else []
        mapped = tuple(neighbour for neighbour in neighbours if neighbour is not None)
        picture = prepared.canvas, prepared.facts
        scores = None if attention is None else attention.scores
        views.append(renderer.rules.view(pair, parent, picture, scores, mapped))
        features.append(prepared.seen.image)
    return PairSight((views[0], views[1]), (features[0], features[1]), tuple(notes))


def _mixed_row(renderer: Renderer, pair: Pair, seen: PairSight) -> Row | PairOutcome:
    def features(cut: Cut) -> Features | None:
        return (
            _mixed_features(renderer.encoder, cut, seen.features, renderer.canvas)
            if renderer.features
            else None
        )

    sample = renderer.rules.mix(pair, *seen.views, features)
    if isinstance(sample, RefusedCut):
        return _outcome(pair, "rejected", "mask", sample.reason)
    return to_row(sample)


def _mixed_features(encoder: Encoder, cut: Cut, seen: tuple[Any, Any], canvas: int) -> Features | None:
    """Mix the parents' patch features by the weights of the cut: manifold mix at the frozen encoder's output.

    Returns:
        (grid_h, grid_w, d) float16; None where the encoder keeps none.
    """
    if not isinstance(encoder, FeatureEncoder):
        return None
    own, given = (encoder.patch_features(features) for features in seen)
    given = movement_of(cut, canvas).move_values(given)
    weights = cut.weights.astype(np.float32)[..., None]
    return np.asarray((1 - weights) * own + weights * given, dtype=np.float16)


def asked_sentences(parent: Parent) -> list[str]:
    """Return the sentences whose maps a pair needs of one parent."""
    own = [parent.sentence] if parent.sentence else []
    return [*own, *(neighbour.sentence for neighbour in parent.neighbours)]


def _neighbours(
    renderer: Renderer, prepared: EncodedParent, parent: Parent, sentences: dict[str, Query]
) -> list[NeighbourView | None]:
    """Map each neighbour that a guard asks for; None where the encoder cannot say anything of it."""
    return [_neighbour(renderer, prepared, n, sentences[n.sentence]) for n in _watched(renderer, parent)]


def _watched(renderer: Renderer, parent: Parent) -> list[Neighbour]:
    return [n for n in parent.neighbours if renderer.rules.strategies.guards.need_map(n.finding)]


def _neighbour(
    renderer: Renderer, prepared: EncodedParent, neighbour: Neighbour, query: Query
) -> NeighbourView | None:
    if query.refused:
        return None
    attention = map_of(renderer.encoder, prepared.seen, neighbour.sentence, query)
    scores = attention.scores.astype(np.float32)
    if attention.missing or not cells_with_score(scores, prepared.canvas.placement).any():
        return None
    return NeighbourView(neighbour.finding, scores, neighbour.side)


def _outcome(pair: Pair, outcome: str, stage: str, reason: str, error: str = "") -> PairOutcome:
    return PairOutcome(
        pair.pair_id, pair.recipient.study_id, pair.donor.study_id, outcome, stage, reason, error
    )
