"""Render one shard of a plan: the unit that every engine calls. Knows no engine and no other shard.

Each unique picture is decoded and encoded once a shard, each unique sentence once; decoding, encoding, mixing
and compressing run in threads (all of them release the interpreter lock) while the main thread writes. Rows
come out in the order of the plan, whatever thread was first.
"""

from __future__ import annotations

import time
from collections import Counter, deque
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

from medcutmix_cli.encoders.base import Query
from medcutmix_cli.encoders.notes import notes
from medcutmix_cli.images import single_threaded_opencv
from medcutmix_cli.records import Pair, Parent
from medcutmix_cli.rendering.pair import (
    Group,
    RenderedPair,
    Renderer,
    asked_sentences,
    mix,
    prepare,
    read_parent,
)
from medcutmix_cli.rendering.reading import files_to_stage
from medcutmix_cli.rendering.staging import Storage, stage_files
from medcutmix_cli.run.commit import SupersededShard, WrittenRows, claim, withdraw_state
from medcutmix_cli.run.folder import PairOutcome, ShardState, begin_attempt, read_complete
from medcutmix_cli.run.plan_file import read_plan
from medcutmix_cli.run.shards import Row, write_rows
from medcutmix_cli.system.atomic_files import publish
from medcutmix_cli.system.storage_errors import explain_storage_errors

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
    started, noted = time.monotonic(), notes()
    folder, pairs = renderer.folder, read_plan(renderer.folder.plan_file, shard)
    outcomes: list[PairOutcome] = []
    attempts = begin_attempt(folder, shard)
    with publish(
        folder.shard_file(shard), lambda: withdraw_state(folder, shard, _failed(outcomes))
    ) as temporary:
        with stage_files(renderer.stage_dir, _sources(renderer, pairs)) as storage:
            mixer = _Mixer(renderer, storage, pairs, outcomes, done)
            with closing(mixer.rows()) as rows:
                count = write_rows(temporary, rows, renderer.origin)
        written = WrittenRows.of(temporary)
    state = ShardState(
        shard=shard,
        planned=len(pairs),
        written=count.rows,
        unmixed=count.unmixed,
        rejected=_count(outcomes, "rejected"),
        failed=_count(outcomes, "failed"),
        sha256=written.sha256,
        bytes=written.bytes,
        seconds=round(time.monotonic() - started, 3),
        device=_described(renderer.encoder.device),
        attempts=attempts,
        notes=dict(sorted((notes() - noted + mixer.noted + storage.noted).items())),
        calibration=renderer.rules.calibration.sha256,
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


def _failed(outcomes: list[PairOutcome]) -> int:
    return sum(outcome.outcome == "failed" for outcome in outcomes)


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
        self.groups = _groups(pairs, renderer.encoder.batch)
        self.noted: Counter[str] = Counter()
        self.ended = 0

    def rows(self) -> Generator[Row, None, None]:
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
            {
                words
                for pair in self.pairs
                for p in (pair.recipient, pair.donor)
                for words in asked_sentences(p)
            }
        )
        queries = self.renderer.encoder.encode_sentences(unique)
        self.noted["sentence-truncated"] += sum(query.cut_tokens > 0 for query in queries)
        return dict(zip(unique, queries, strict=True))

    def _in_order(self, pool: ThreadPoolExecutor, sentences: dict[str, Query]) -> Iterator[Row]:
        """Ask for pictures well before the mix that needs them: a thread that waits for a picture decodes none."""
        ahead, window = 2 * self.renderer.workers, 8 * self.renderer.workers
        asked: deque[_Asked] = deque()
        pending: deque[tuple[Pair, Future[RenderedPair | PairOutcome]]] = deque()
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
    ) -> tuple[Pair, Future[RenderedPair | PairOutcome]]:
        """Queue a mix behind its pictures: the queue is first in, first out, so that none waits for ever."""
        pair, recipient, donor = asked
        return pair, pool.submit(mix, self.renderer, pair, recipient, donor, sentences)

    def _picture(self, pool: ThreadPoolExecutor, parent: Parent) -> Future[Group]:
        """Ask for a picture and those that are encoded with it; decoding is queued before what waits for it."""
        if parent.image_path not in self.pictures:
            group = self.groups[parent.image_path]
            read = (
                [pool.submit(read_parent, self.renderer, self.storage, member) for member in group]
                if len(group) > 1
                else None
            )
            encoded = pool.submit(prepare, self.renderer, self.storage, group, read)
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
