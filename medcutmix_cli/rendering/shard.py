"""Render one shard of a plan: the unit that every engine calls. Knows no engine and no other shard.

Each unique picture is decoded and encoded once a shard, each unique sentence once; decoding, encoding, mixing
and compressing run in threads (all of them release the interpreter lock) while the main thread writes. Where a
device encodes, threads of their own wait for it: nobody does who could read the pictures of the next batch.
Rows come out in the order of the plan, whatever thread was first.
"""

from __future__ import annotations

import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import ParamSpec, TypeVar

from medcutmix_cli.encoders.base import Query, encode_sentences, in_groups
from medcutmix_cli.encoders.devices import describe
from medcutmix_cli.encoders.notes import notes
from medcutmix_cli.encoders.work_time import WorkTime, work_time, worked_so_far
from medcutmix_cli.images import single_threaded_opencv
from medcutmix_cli.pairing.traits import count_row
from medcutmix_cli.records import Pair, Parent
from medcutmix_cli.rendering.pair import (
    Group,
    Questions,
    RenderedPair,
    Renderer,
    asked_sentences,
    mix,
    prepare,
    questions_of,
    read_parent,
)
from medcutmix_cli.rendering.reading import files_to_stage
from medcutmix_cli.rendering.staging import Storage, stage_files
from medcutmix_cli.run.commit import SupersededShard, WrittenRows, claim, withdraw_state
from medcutmix_cli.run.failure_list import PairOutcome
from medcutmix_cli.run.plan_file import read_plan
from medcutmix_cli.run.row_counts import RowCounts
from medcutmix_cli.run.shard_state import ShardState, begin_attempt, read_complete
from medcutmix_cli.run.shards import Row, write_rows
from medcutmix_cli.system.atomic_files import publish
from medcutmix_cli.system.storage_errors import explain_storage_errors

_ENCODERS = 3
"""Groups of pictures that a device encodes or is given at once."""

_Given = ParamSpec("_Given")
_Result = TypeVar("_Result")
_Asked = tuple[Pair, "Future[Group]", "Future[Group]"]

PairDone = Callable[[int], None]
"""Called in the main thread with the number of pairs of the shard that have ended."""


def render_shard(renderer: Renderer, shard: int, done: PairDone | None = None) -> ShardState:
    """Render one shard: the rows, then the failure list, then the state file that says that it is complete.

    Interrupted anywhere, it leaves nothing half-written and can be called again. Other tasks may render the same
    shard; see `run.commit`.

    Raises:
        RunError: The plan or the folder cannot be read or written (a full disk, for example).
        DatasetError: The data set has gone, or its storage fails; the shard stays incomplete.
    """
    with single_threaded_opencv(), explain_storage_errors(renderer.folder.shard_file(shard)):
        found = read_complete(renderer.folder, shard)
        if found is not None and not (found.failed and renderer.retry_failed):
            return found  # another task was here since the work was listed
        try:
            return _render(renderer, shard, done)
        except SupersededShard as aside:
            return aside.state


def _render(renderer: Renderer, shard: int, done: PairDone | None) -> ShardState:
    started, noted, worked = time.monotonic(), notes(), work_time()
    folder, pairs = renderer.folder, read_plan(renderer.folder.plan_file, shard)
    outcomes: list[PairOutcome] = []
    counts = RowCounts()
    attempts = begin_attempt(folder, shard)
    with publish(
        folder.shard_file(shard), lambda: withdraw_state(folder, shard, _failed(outcomes))
    ) as temporary:
        with stage_files(renderer.stage_dir, _sources(renderer, pairs)) as storage:
            mixer = _Mixer(renderer, storage, pairs, outcomes, done)
            with closing(mixer.rows()) as rows:
                count = write_rows(temporary, _counting(rows, counts), renderer.origin)
        written = WrittenRows.of(temporary)
    seconds = time.monotonic() - started
    encoding, working = _busy(work_time().since(worked), mixer.worked, renderer.workers)
    state = ShardState(
        shard=shard,
        planned=len(pairs),
        written=count.rows,
        unmixed=count.unmixed,
        rejected=_count(outcomes, "rejected"),
        failed=_count(outcomes, "failed"),
        sha256=written.sha256,
        bytes=written.bytes,
        seconds=round(seconds, 3),
        encoder_seconds=round(min(encoding, seconds), 3),
        worker_seconds=round(min(working, seconds), 3),
        device=describe(renderer.encoder.device),
        attempts=attempts,
        notes=dict(sorted((notes() - noted + mixer.noted + storage.noted).items())),
        calibration=renderer.rules.calibration.sha256,
        counts=counts.plain(),
    )
    claim(folder, state, written, outcomes)
    return state


def remake_rows(renderer: Renderer, shard: int, outcomes: list[PairOutcome]) -> Generator[Row, None, None]:
    """Yield the rows of a shard as rendering it now would write them; nothing is written.

    Args:
        renderer: What the shard needs beside its pairs.
        shard: Its number.
        outcomes: Takes what is not written.

    Raises:
        RunError: The plan cannot be read.
        DatasetError: The data set has gone, or its storage fails.
    """
    pairs = read_plan(renderer.folder.plan_file, shard)
    with stage_files(renderer.stage_dir, _sources(renderer, pairs)) as storage:
        yield from _Mixer(renderer, storage, pairs, outcomes, None).rows()


def _counting(rows: Iterable[Row], counts: RowCounts) -> Iterator[Row]:
    for row in rows:
        count_row(counts, row)
        yield row


def _failed(outcomes: list[PairOutcome]) -> int:
    return sum(outcome.outcome == "failed" for outcome in outcomes)


def _count(outcomes: list[PairOutcome], outcome: str) -> dict[str, int]:
    chosen = (o for o in outcomes if o.outcome == outcome)
    names = Counter(o.reason if outcome == "rejected" else f"{o.stage}:{o.reason}" for o in chosen)
    return dict(sorted(names.items()))


def _uncounted(work: Callable[_Given, _Result], *given: _Given.args, **named: _Given.kwargs) -> _Result:
    """Work in a thread that is none of the workers."""
    return work(*given, **named)


def _busy(encoder: WorkTime, workers: float, threads: int) -> tuple[float, float]:
    """Return for how many seconds the encoder was busy, and the workers, on average over those there are."""
    return encoder.device or encoder.asked / threads, workers / threads


class _Mixer:
    """Mix the pairs of one shard in threads, hand the rows out in order, keep only what is still needed."""

    def __init__(
        self,
        renderer: Renderer,
        storage: Storage,
        pairs: list[Pair],
        outcomes: list[PairOutcome],
        done: PairDone | None,
    ) -> None:
        self.renderer = renderer
        self.storage = storage
        self.pairs = pairs
        self.outcomes = outcomes
        self.done = done or (lambda _count: None)
        self.uses = Counter(p.image_path for pair in pairs for p in (pair.recipient, pair.donor))
        self.pictures: dict[str, Future[Group]] = {}
        self.size, self.in_groups = renderer.encoder.batch, in_groups(renderer.encoder)
        self.groups = _groups(pairs, self.size)
        self.questions: Questions = {}
        self.noted: Counter[str] = Counter()
        self.ended = 0
        self.worked = 0.0
        self._counting = threading.Lock()

    def rows(self) -> Generator[Row, None, None]:
        """Yield the rows of the shard in the order of the plan; what is not written goes to `outcomes`."""
        sentences = self._encode_sentences()
        self.questions = questions_of(self.renderer, self.pairs, sentences)
        pool = ThreadPoolExecutor(self.renderer.workers, thread_name_prefix="mix")
        encoding = ThreadPoolExecutor(_ENCODERS, thread_name_prefix="encode") if self.in_groups else pool
        try:
            yield from self._in_order(pool, encoding, sentences)
            if self.renderer.presence:
                self.renderer.presence.confirm_missing()
        finally:
            # Also on an interruption: what has not started never starts, what runs is short.
            encoding.shutdown(wait=False, cancel_futures=True)
            pool.shutdown(wait=True, cancel_futures=True)
            encoding.shutdown(wait=True)

    def _encode_sentences(self) -> dict[str, Query]:
        unique = sorted(
            {
                words
                for pair in self.pairs
                for p in (pair.recipient, pair.donor)
                for words in asked_sentences(p)
            }
        )
        queries = self._counted(encode_sentences, self.renderer.encoder, unique)
        self.noted["sentence-truncated"] += sum(query.cut_tokens > 0 for query in queries.values())
        return queries

    def _in_order(
        self, pool: ThreadPoolExecutor, encoding: ThreadPoolExecutor, sentences: dict[str, Query]
    ) -> Iterator[Row]:
        """Ask for pictures well before the mix that needs them: a thread that waits for a picture decodes none.

        That is at least a group before: the next one is read while the one before is encoded and mixed.
        """
        ahead, window = max(2 * self.renderer.workers, self.size), 8 * self.renderer.workers
        asked: deque[_Asked] = deque()
        pending: deque[tuple[Pair, Future[RenderedPair | PairOutcome]]] = deque()
        for pair in self.pairs:
            recipient, donor = (self._picture(pool, encoding, p) for p in (pair.recipient, pair.donor))
            asked.append((pair, recipient, donor))
            if len(asked) > ahead:
                pending.append(self._mixed(pool, asked.popleft(), sentences))
            if len(pending) > window:
                yield from self._finish(*pending.popleft())
        pending.extend(self._mixed(pool, last, sentences) for last in asked)
        while pending:
            yield from self._finish(*pending.popleft())

    def _mixed(
        self, pool: ThreadPoolExecutor, asked: _Asked, sentences: dict[str, Query]
    ) -> tuple[Pair, Future[RenderedPair | PairOutcome]]:
        """Queue a mix behind its pictures: the queue is first in, first out, so that none waits for ever."""
        pair, recipient, donor = asked
        return pair, pool.submit(self._counted, mix, self.renderer, pair, recipient, donor, sentences)

    def _counted(
        self, work: Callable[_Given, _Result], *given: _Given.args, **named: _Given.kwargs
    ) -> _Result:
        """Work, and count the time that it took in this thread."""
        began = worked_so_far()
        try:
            return work(*given, **named)
        finally:
            with self._counting:
                self.worked += worked_so_far() - began

    def _picture(
        self, pool: ThreadPoolExecutor, encoding: ThreadPoolExecutor, parent: Parent
    ) -> Future[Group]:
        """Ask for a picture and those that are encoded with it; decoding is queued before what waits for it."""
        if parent.image_path not in self.pictures:
            group = self.groups[parent.image_path]
            read = (
                [
                    pool.submit(self._counted, read_parent, self.renderer, self.storage, member)
                    for member in group
                ]
                if len(group) > 1 or self.in_groups
                else None
            )
            work = self._counted if encoding is pool else _uncounted
            encoded = encoding.submit(work, prepare, self.renderer, self.storage, group, read, self.questions)
            self.pictures.update({member.image_path: encoded for member in group})
        return self.pictures[parent.image_path]

    def _finish(self, pair: Pair, future: Future[RenderedPair | PairOutcome]) -> Iterator[Row]:
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
            self.noted.update(result.notes)
            yield result.row


def _unique(pairs: list[Pair]) -> dict[str, Parent]:
    """Return a parent for each picture, by its path, in the order of their first use."""
    return {p.image_path: p for pair in pairs for p in (pair.recipient, pair.donor)}


def _sources(renderer: Renderer, pairs: list[Pair]) -> Iterator[Path]:
    return files_to_stage((renderer.request(path) for path in _unique(pairs)), renderer.cache)


def _groups(pairs: list[Pair], size: int) -> dict[str, list[Parent]]:
    """Cut the unique pictures into groups that are encoded at once."""
    unique = list(_unique(pairs).values())
    groups = (unique[start : start + size] for start in range(0, len(unique), size))
    return {member.image_path: group for group in groups for member in group}
