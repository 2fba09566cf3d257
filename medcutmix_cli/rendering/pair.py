"""Render one pair: read and encode its pictures, draw the cut, paste, weigh, lay out the row. Knows no shard.

Maps are rounded to what is stored before anything is decided from them: a row replays exactly.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from medcutmix_cli.attention import Gate, Mask, cells_with_score
from medcutmix_cli.datasets.presence import Presence, watch_presence
from medcutmix_cli.encoders.base import (
    Attention,
    Encoder,
    FeatureEncoder,
    Picture,
    Query,
    encode_pictures,
    side_seen,
)
from medcutmix_cli.errors import ImageError
from medcutmix_cli.images import Canvas, encode_picture
from medcutmix_cli.images.picture_cache import PictureCache, PictureRequest
from medcutmix_cli.mixing.cut import RefusedCut, Strategies, draw_cut, paste, pixel_weights, weigh
from medcutmix_cli.mixing.label_states import doubted_observations, doubted_targets, label_states
from medcutmix_cli.mixing.movement import movement_of
from medcutmix_cli.mixing.picture_facts import PictureFacts, picture_facts
from medcutmix_cli.mixing.ranks import composed_rank
from medcutmix_cli.mixing.views import NeighbourView, View
from medcutmix_cli.mixing.weights import label_targets
from medcutmix_cli.records import Cut, MixedParent, MixedSample, Neighbour, Pair, Parent
from medcutmix_cli.rendering.calibration import Calibration
from medcutmix_cli.rendering.reading import read_canvases
from medcutmix_cli.rendering.rows import WeightChoice, to_row
from medcutmix_cli.rendering.staging import Storage
from medcutmix_cli.run.folder import NEIGHBOUR_UNMAPPED, PairOutcome, RunFolder
from medcutmix_cli.run.shards import Row, ShardOrigin
from medcutmix_cli.seeds import stable_generator


@dataclass(frozen=True, slots=True)
class Renderer:
    """All that a shard needs beside its pairs.

    Attributes:
        resolve: Turns `Parent.image_path` into the file.
        calibration: What the gate compares with; empty without a gate.
        canvas: Side of the canvas, pixels.
        dicom_mode: How DICOM becomes grey.
        image_format: How mixed pictures are stored.
        features: Whether mixed patch features are stored.
        seed: The run's.
        workers: Threads.
        stage_dir: Folder into which pictures are copied ahead of their reading, "" for none.
        cache: Pictures that were prepared, None where there is no cache.
        presence: Asked whether the data set is still there when a picture is not.
        retry_failed: Whether complete shards are rendered again in which pairs failed.
        never_denied: Observations that the data set asserts and never denies.
    """

    folder: RunFolder
    origin: ShardOrigin
    resolve: Callable[[str], Path]
    encoder: Encoder
    strategies: Strategies
    gate: Gate
    calibration: Calibration
    lam: WeightChoice
    canvas: int
    dicom_mode: str
    image_format: str
    features: bool
    seed: int
    workers: int
    stage_dir: str = ""
    cache: PictureCache | None = None
    presence: Presence | None = None
    retry_failed: bool = False
    never_denied: frozenset[str] = frozenset()

    def request(self, image_path: str) -> PictureRequest:
        """Return what is wanted of a picture: it as it is mixed and, where that is another, as the encoder sees it."""
        sides = dict.fromkeys((self.canvas, side_seen(self.encoder, self.canvas)))
        return PictureRequest(image_path, self.resolve(image_path), tuple(sides), self.dicom_mode)


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
        features: The encoder's own.
        facts: What else is found out about it once, whatever it is mixed with.
    """

    canvas: Canvas
    features: Any
    facts: PictureFacts


Group = dict[str, EncodedParent | ImageError]
"""Pictures that were encoded together, by path."""


def read_parent(renderer: Renderer, storage: Storage, parent: Parent) -> tuple[Canvas, Picture] | ImageError:
    """Read a picture as it is mixed, and as the encoder wants to see it.

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
    return canvas, Picture(parent.image_id, seen.pixels, seen.placement)


def prepare(
    renderer: Renderer,
    storage: Storage,
    group: list[Parent],
    read: list[Future[tuple[Canvas, Picture] | ImageError]] | None,
) -> Group:
    """Encode a group of pictures; one that cannot be read does not stop the others."""
    results = (
        [future.result() for future in read] if read else [read_parent(renderer, storage, p) for p in group]
    )
    good = [result for result in results if not isinstance(result, ImageError)]
    features = iter(encode_pictures(renderer.encoder, [picture for _, picture in good]))
    return {
        parent.image_path: result if isinstance(result, ImageError) else _encoded(result[0], next(features))
        for parent, result in zip(group, results, strict=True)
    }


def _encoded(canvas: Canvas, features: Any) -> EncodedParent:
    return EncodedParent(canvas, features, picture_facts(canvas.pixels, canvas.placement))


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
    views: list[View] = []
    seen: list[Any] = []
    unmapped = False
    for who, parent, group in (("recipient", pair.recipient, recipient), ("donor", pair.donor, donor)):
        prepared, query = group.result()[parent.image_path], sentences.get(parent.sentence)
        if isinstance(prepared, ImageError):
            return _outcome(pair, "failed", "image", prepared.reason, type(prepared).__name__)
        if query is not None and query.refused:
            return _outcome(pair, "rejected", "encode", f"{who}-{query.refused}")
        attention = renderer.encoder.attend(prepared.features, query.features) if query else None
        if attention is not None and attention.missing:
            return _outcome(pair, "failed", "encode", f"{who}-{attention.missing}")
        neighbours = _neighbours(renderer, prepared, parent, sentences)
        if None in neighbours and renderer.strategies.guards.unmapped == "refuse":
            return _outcome(pair, "rejected", "encode", f"{who}-{NEIGHBOUR_UNMAPPED}")
        unmapped = unmapped or None in neighbours
        mapped = tuple(neighbour for neighbour in neighbours if neighbour is not None)
        view = _view(renderer, pair, prepared, parent, attention, mapped)
        views.append(replace(view, facts=prepared.facts))
        seen.append(prepared.features)
    row = _mixed_row(renderer, pair, views, seen)
    if isinstance(row, PairOutcome):
        return row
    return RenderedPair(row, (NEIGHBOUR_UNMAPPED,) if unmapped else ())


def _mixed_row(renderer: Renderer, pair: Pair, views: list[View], seen: list[Any]) -> Row | PairOutcome:
    view_a, view_b = views
    rng = stable_generator(renderer.seed, "cut", pair.pair_id)
    cut = draw_cut(view_a, view_b, renderer.strategies, pair.image_mode, rng)
    if isinstance(cut, RefusedCut):
        return _outcome(pair, "rejected", "mask", cut.reason)
    shares = pixel_weights(cut, view_a.placement, view_b.placement)
    weights = weigh(cut, view_a, view_b, renderer.strategies.energy, shares)
    lam, doubted = renderer.lam(weights), doubted_observations(pair)
    sample = MixedSample(
        pair=pair,
        cut=cut,
        recipient=_mixed_parent(pair.recipient, view_a, cut.mask_a),
        donor=_mixed_parent(pair.donor, view_b, cut.mask_b),
        weights=weights,
        lam=lam,
        targets=doubted_targets(label_targets(pair.recipient.labels, pair.given, pair.labels, lam), doubted),
        label_states=label_states(pair.labels, doubted, renderer.never_denied),
        rank=composed_rank(cut, view_a, view_b, renderer.strategies.energy),
        picture=encode_picture(paste(cut, view_a, view_b, shares), renderer.image_format),
        features=(
            _mixed_features(renderer.encoder, cut, seen, renderer.canvas) if renderer.features else None
        ),
    )
    return to_row(sample)


def _mixed_parent(parent: Parent, view: View, mask: Mask) -> MixedParent:
    ground_p = None if np.isnan(view.ground_p) else view.ground_p
    scores = view.scores.astype(np.float16)
    return MixedParent(parent, scores, mask, view.placement, ground_p, view.guarantee)


def _mixed_features(
    encoder: Encoder, cut: Cut, seen: list[Any], canvas: int
) -> npt.NDArray[np.float16] | None:
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
    watched = (n for n in parent.neighbours if renderer.strategies.guards.need_map(n.finding))
    return [_neighbour(renderer, prepared, n, sentences[n.sentence]) for n in watched]


def _neighbour(
    renderer: Renderer, prepared: EncodedParent, neighbour: Neighbour, query: Query
) -> NeighbourView | None:
    if query.refused:
        return None
    attention = renderer.encoder.attend(prepared.features, query.features)
    scores = attention.scores.astype(np.float32)
    if attention.missing or not cells_with_score(scores, prepared.canvas.placement).any():
        return None
    return NeighbourView(neighbour.finding, scores, neighbour.side)


def _view(
    renderer: Renderer,
    pair: Pair,
    prepared: EncodedParent,
    parent: Parent,
    attention: Attention | None,
    neighbours: tuple[NeighbourView, ...],
) -> View:
    canvas, gate = prepared.canvas, renderer.gate
    finding = pair.finding if parent is pair.donor else pair.finding_a
    target = parent.target(finding)
    if attention is None:
        empty = np.full(renderer.encoder.card.grid, np.nan, np.float32)
        return View(canvas.pixels, canvas.placement, empty, target, asked=False, neighbours=neighbours)
    scores = attention.scores.astype(np.float16).astype(np.float32)
    nulls = renderer.calibration.of(pair.split, finding)
    peak = gate.statistic(scores, canvas.placement)
    ground_p, grounded = gate.p_value(peak, nulls), gate.keeps(peak, nulls)
    return View(
        canvas.pixels,
        canvas.placement,
        scores,
        target,
        ground_p,
        grounded,
        neighbours=neighbours,
        guarantee=gate.guarantee(nulls.size),
    )


def _outcome(pair: Pair, outcome: str, stage: str, reason: str, error: str = "") -> PairOutcome:
    return PairOutcome(
        pair.pair_id, pair.recipient.study_id, pair.donor.study_id, outcome, stage, reason, error
    )
