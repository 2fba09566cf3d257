"""Render one shard of a plan: the unit that every engine calls. Knows no engine and no other shard.

Each unique picture is decoded and encoded once a shard, each unique sentence once; decoding, encoding, mixing
and compressing run in threads (all of them release the interpreter lock) while the main thread writes. Rows
come out in the order of the plan, whatever thread was first.
"""

from __future__ import annotations

import time
from collections import Counter, deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from medcutmix_cli.attention import Gate
from medcutmix_cli.calibration import Calibration
from medcutmix_cli.encoders.base import Attention, Encoder, Picture, Query, encode_pictures
from medcutmix_cli.encoders.notes import notes
from medcutmix_cli.errors import ImageError
from medcutmix_cli.images import Canvas, encode_picture, read_canvas
from medcutmix_cli.mixing.cut import Refused, Strategies, draw_cut, paste, weigh
from medcutmix_cli.mixing.ranks import composed_rank
from medcutmix_cli.mixing.views import NeighbourView, View
from medcutmix_cli.plan_file import read_plan
from medcutmix_cli.records import Pair, Parent
from medcutmix_cli.run_folder import (
    PairOutcome,
    RunFolder,
    ShardState,
    begin_attempt,
    complete,
    explained,
    write_outcomes,
)
from medcutmix_cli.samples import MixedSample, WeightChoice, to_row
from medcutmix_cli.seeds import stable_generator
from medcutmix_cli.shards import Row, ShardOrigin, sha256, write_shard

_Asked = tuple[Pair, "Future[_Group]", "Future[_Group]"]

PairDone = Callable[[int], None]
"""Called in the main thread with the number of pairs of the shard that have ended."""


@dataclass(frozen=True, slots=True)
class Renderer:
    """All that a shard needs beside its pairs.

    Attributes:
        resolve: Turns `Parent.image_path` into the file.
        calibration: What the gate compares with; empty without a gate.
        canvas: Side of the canvas, pixels.
        dicom_mode: How DICOM becomes grey.
        image_format: How mixed pictures are stored.
        seed: The run's.
        workers: Threads.
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
    seed: int
    workers: int


@dataclass(frozen=True, slots=True)
class _Prepared:
    """One parent picture, decoded and encoded; `features` is the encoder's own."""

    canvas: Canvas
    features: Any


_Group = dict[str, _Prepared | ImageError]


def render_shard(renderer: Renderer, shard: int, done: PairDone | None = None) -> ShardState:
    """Render one shard: the rows, then the failure list, then the state file that says that it is complete.

    Interrupted anywhere, it leaves nothing half-written and can be called again.

    Raises:
        RunError: The plan or the folder cannot be read or written (a full disk, for example).
    """
    started, noted = time.monotonic(), notes()
    pairs = read_plan(renderer.folder.plan_file, shard)
    outcomes: list[PairOutcome] = []
    target = renderer.folder.shard_file(shard)
    with explained(target):
        attempts = begin_attempt(renderer.folder, shard)
        mixer = _Mixer(renderer, pairs, outcomes, done)
        written = write_shard(target, mixer.rows(), renderer.origin)
        write_outcomes(renderer.folder.failures_file(shard), outcomes)
        state = ShardState(
            shard=shard,
            planned=len(pairs),
            written=written,
            rejected=_count(outcomes, "rejected"),
            failed=_count(outcomes, "failed"),
            sha256=sha256(target),
            bytes=target.stat().st_size,
            seconds=round(time.monotonic() - started, 3),
            device=_described(renderer.encoder.device),
            attempts=attempts,
            notes=dict(sorted((notes() - noted + mixer.noted).items())),
            calibration=renderer.calibration.sha256,
        )
        complete(renderer.folder, state)
    return state


def _count(outcomes: list[PairOutcome], outcome: str) -> dict[str, int]:
    chosen = (o for o in outcomes if o.outcome == outcome)
    names = Counter(o.reason if outcome == "rejected" else f"{o.stage}:{o.reason}" for o in chosen)
    return dict(sorted(names.items()))


def _described(device: str) -> str:
    if device == "cpu":
        return device
    from medcutmix_cli.encoders.runtime import describe

    return describe(device)


class _Mixer:
    """Mix the pairs of one shard in threads, hand the rows out in order, keep only what is still needed."""

    def __init__(
        self, renderer: Renderer, pairs: list[Pair], outcomes: list[PairOutcome], done: PairDone | None
    ) -> None:
        self.renderer = renderer
        self.pairs = pairs
        self.outcomes = outcomes
        self.done = done or (lambda _count: None)
        self.uses = Counter(p.image_path for pair in pairs for p in (pair.recipient, pair.donor))
        self.pictures: dict[str, Future[_Group]] = {}
        self.groups = _groups(pairs, renderer.encoder.batch)
        self.noted: Counter[str] = Counter()
        self.ended = 0

    def rows(self) -> Iterator[Row]:
        """Yield the rows of the shard in the order of the plan; what is not written goes to `outcomes`."""
        sentences = self._encode_sentences()
        pool = ThreadPoolExecutor(self.renderer.workers, thread_name_prefix="mix")
        try:
            yield from self._in_order(pool, sentences)
        finally:
            # Also on an interruption: what has not started never starts, what runs is short.
            pool.shutdown(wait=True, cancel_futures=True)

    def _encode_sentences(self) -> dict[str, Query]:
        unique = sorted(
            {words for pair in self.pairs for p in (pair.recipient, pair.donor) for words in _asked(p)}
        )
        queries = self.renderer.encoder.encode_sentences(unique)
        self.noted["sentence-truncated"] += sum(query.cut_tokens > 0 for query in queries)
        return dict(zip(unique, queries, strict=True))

    def _in_order(self, pool: ThreadPoolExecutor, sentences: dict[str, Query]) -> Iterator[Row]:
        """Ask for pictures well before the mix that needs them: a thread that waits for a picture decodes none."""
        ahead, window = 2 * self.renderer.workers, 8 * self.renderer.workers
        asked: deque[_Asked] = deque()
        pending: deque[tuple[Pair, Future[Row | PairOutcome]]] = deque()
        for pair in self.pairs:
            asked.append((pair, self._picture(pool, pair.recipient), self._picture(pool, pair.donor)))
            if len(asked) > ahead:
                pending.append(self._mixed(pool, asked.popleft(), sentences))
            if len(pending) > window:
                yield from self._finish(*pending.popleft())
        pending.extend(self._mixed(pool, last, sentences) for last in asked)
        while pending:
            yield from self._finish(*pending.popleft())

    def _mixed(
        self, pool: ThreadPoolExecutor, asked: _Asked, sentences: dict[str, Query]
    ) -> tuple[Pair, Future[Row | PairOutcome]]:
        """Queue a mix behind its pictures: the queue is first in, first out, so that none waits for ever."""
        pair, recipient, donor = asked
        return pair, pool.submit(_mix, self.renderer, pair, recipient, donor, sentences)

    def _picture(self, pool: ThreadPoolExecutor, parent: Parent) -> Future[_Group]:
        """Ask for a picture and those that are encoded with it; decoding is queued before what waits for it."""
        if parent.image_path not in self.pictures:
            group = self.groups[parent.image_path]
            read = [pool.submit(_read, self.renderer, member) for member in group] if len(group) > 1 else None
            encoded = pool.submit(_prepare, self.renderer, group, read)
            self.pictures.update({member.image_path: encoded for member in group})
        return self.pictures[parent.image_path]

    def _finish(self, pair: Pair, future: Future[Row | PairOutcome]) -> Iterator[Row]:
        result = future.result()
        self.ended += 1
        self.done(self.ended)
        for parent in (pair.recipient, pair.donor):
            self.uses[parent.image_path] -= 1
            if not self.uses[parent.image_path]:
                del self.pictures[parent.image_path]
        if isinstance(result, PairOutcome):
            self.outcomes.append(result)
        else:
            yield result


def _groups(pairs: list[Pair], size: int) -> dict[str, list[Parent]]:
    """Cut the unique pictures, in the order of their first use, into groups that are encoded at once."""
    unique = list({p.image_path: p for pair in pairs for p in (pair.recipient, pair.donor)}.values())
    groups = (unique[start : start + size] for start in range(0, len(unique), size))
    return {member.image_path: group for group in groups for member in group}


def _read(renderer: Renderer, parent: Parent) -> tuple[Canvas, Picture] | ImageError:
    """Read a picture as it is mixed, and as the encoder wants to see it."""
    path = renderer.resolve(parent.image_path)
    try:
        canvas = read_canvas(path, renderer.canvas, renderer.dicom_mode)
        side = renderer.encoder.card.reads or renderer.canvas
        seen = canvas if side == renderer.canvas else read_canvas(path, side, renderer.dicom_mode)
    except ImageError as error:
        return error
    return canvas, Picture(parent.image_id, seen.pixels, seen.placement)


def _prepare(
    renderer: Renderer,
    group: list[Parent],
    read: list[Future[tuple[Canvas, Picture] | ImageError]] | None,
) -> _Group:
    """Encode a group of pictures; one that cannot be read does not stop the others."""
    results = [future.result() for future in read] if read else [_read(renderer, p) for p in group]
    good = [result for result in results if not isinstance(result, ImageError)]
    features = iter(encode_pictures(renderer.encoder, [picture for _, picture in good]))
    return {
        parent.image_path: result if isinstance(result, ImageError) else _Prepared(result[0], next(features))
        for parent, result in zip(group, results, strict=True)
    }


def _mix(
    renderer: Renderer,
    pair: Pair,
    recipient: Future[_Group],
    donor: Future[_Group],
    sentences: dict[str, Query],
) -> Row | PairOutcome:
    views: list[View] = []
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
        views.append(_view(renderer, pair, prepared, parent, attention, neighbours))
    return _mixed_row(renderer, pair, *views)


def _mixed_row(renderer: Renderer, pair: Pair, view_a: View, view_b: View) -> Row | PairOutcome:
    rng = stable_generator(renderer.seed, "cut", pair.pair_id)
    cut = draw_cut(view_a, view_b, renderer.strategies, pair.image_mode, rng)
    if isinstance(cut, Refused):
        return _outcome(pair, "rejected", "mask", cut.reason)
    weights = weigh(cut, view_a, view_b, renderer.strategies.energy)
    pixels = paste(cut, view_a, view_b)
    sample = MixedSample(
        pair=pair,
        pixels=pixels,
        cut=cut,
        map_a=view_a.scores.astype(np.float16),
        map_b=view_b.scores.astype(np.float16),
        placement_a=view_a.placement,
        placement_b=view_b.placement,
        weights=weights,
        lam=renderer.lam(weights),
        rank=composed_rank(cut, view_a, view_b, renderer.strategies.energy),
        picture=encode_picture(pixels, renderer.image_format),
        ground_p_a=None if np.isnan(view_a.ground_p) else view_a.ground_p,
        ground_p_b=None if np.isnan(view_b.ground_p) else view_b.ground_p,
    )
    return to_row(sample)


def _asked(parent: Parent) -> list[str]:
    """Return the sentences whose maps a pair needs of one parent."""
    own = [parent.sentence] if parent.sentence else []
    return [*own, *(neighbour.sentence for neighbour in parent.neighbours)]


def _neighbours(
    renderer: Renderer, prepared: _Prepared, parent: Parent, sentences: dict[str, Query]
) -> tuple[NeighbourView, ...]:
    """Map what must stay; what the encoder cannot say anything of guards nothing."""
    views = []
    for neighbour in parent.neighbours:
        query = sentences[neighbour.sentence]
        attention = None if query.refused else renderer.encoder.attend(prepared.features, query.features)
        if attention is not None and not attention.missing:
            scores = attention.scores.astype(np.float32)
            views.append(NeighbourView(neighbour.finding, scores, neighbour.side))
    return tuple(views)


def _view(
    renderer: Renderer,
    pair: Pair,
    prepared: _Prepared,
    parent: Parent,
    attention: Attention | None,
    neighbours: tuple[NeighbourView, ...],
) -> View:
    canvas, gate = prepared.canvas, renderer.gate
    if attention is None:
        empty = np.full(renderer.encoder.card.grid, np.nan, np.float32)
        return View(canvas.pixels, canvas.placement, empty, parent.side, asked=False, neighbours=neighbours)
    # Maps are rounded to what is stored before anything is decided from them: a row replays exactly.
    scores = attention.scores.astype(np.float16).astype(np.float32)
    nulls = renderer.calibration.of(pair.split, pair.finding)
    peak = gate.statistic(scores, canvas.placement)
    ground_p, grounded = gate.p_value(peak, nulls), gate.keeps(peak, nulls)
    return View(
        canvas.pixels, canvas.placement, scores, parent.side, ground_p, grounded, neighbours=neighbours
    )


def _outcome(pair: Pair, outcome: str, stage: str, reason: str, error: str = "") -> PairOutcome:
    return PairOutcome(
        pair.pair_id, pair.recipient.study_id, pair.donor.study_id, outcome, stage, reason, error
    )
