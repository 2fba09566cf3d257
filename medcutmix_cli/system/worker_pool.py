"""Work shared by processes, results in order: for what holds the interpreter lock. Knows no report and no pair.

Workers are started fresh, since forking after torch has threads hangs. They are deaf to the signals that are for their
parent, and end with it, however it ends.
"""

from __future__ import annotations

import gc
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from functools import partial
from itertools import islice
from multiprocessing import get_context
from typing import TYPE_CHECKING, Any, TypeVar

from medcutmix_cli.errors import MedcutmixError
from medcutmix_cli.system.cpus import usable_cpus
from medcutmix_cli.system.memory_limits import count_memory_kills
from medcutmix_cli.system.signals import end_children, follow_parent, shield_children
from medcutmix_cli.system.unexpected_errors import as_known_error

if TYPE_CHECKING:
    from concurrent.futures import Future, ProcessPoolExecutor

_Part = TypeVar("_Part")
_Result = TypeVar("_Result")

_WINDOW = 4
"""Parts under way for each worker: the next one is there when one is done, and few results wait."""

MOST = 16
"""Processes at once, however many CPUs there are: each holds up to 0.9 GB, and their parent takes all results."""


def map_in_processes(
    work: Callable[[_Part], _Result],
    parts: Iterable[_Part],
    workers: int,
    *,
    doing: str,
    prepare: Callable[..., None] | None = None,
    given: tuple[Any, ...] = (),
) -> Generator[_Result, None, None]:
    """Yield what `work` makes of each part, in the order of the parts.

    Args:
        work: A function that a fresh process can import.
        parts: Taken as they are needed.
        workers: Processes, `MOST` at most; with 1 or fewer all is done in this one.
        doing: What is being done, for the error: "read reports".
        prepare: Called once in each process before its first part, with `given`.
        given: Small, or handles to what is large.

    To be closed (`contextlib.closing`) by who may not take all of it: workers wait for nobody else.

    Raises:
        MedcutmixError: A process was killed, or could not be prepared.
    """
    if workers <= 1:
        if prepare is not None:
            prepare(*given)
        yield from map(work, parts)
        return
    from concurrent.futures import ProcessPoolExecutor
    from concurrent.futures.process import BrokenProcessPool

    processes = min(workers, usable_cpus(), MOST)
    ready = (prepare, given, doing)
    kills = count_memory_kills()
    with ProcessPoolExecutor(processes, get_context("spawn"), initializer=_begin, initargs=ready) as pool:
        try:
            yield from _bounded(pool, partial(_done, work), iter(parts), _WINDOW * processes)
        except BrokenProcessPool as error:
            end_children()  # they are deaf to TERM, and may wait for a lock that the dead one holds
            raise _killed(doing, for_memory=count_memory_kills() > kills) from error
        except BaseException:
            end_children()  # on the way out nobody waits for what is under way
            raise


def _killed(doing: str, *, for_memory: bool) -> MedcutmixError:
    """Say that a worker was killed; by whom, where the kernel counted one that it ended for memory meanwhile."""
    if for_memory:
        what = f"a process that {doing} was killed by the system, which had no memory left (out-of-memory killer)"
        return MedcutmixError(what, hint="fewer --workers, or more memory (sbatch --mem)")
    return MedcutmixError(
        f"a process that {doing} was killed", hint="is there enough memory? try fewer --workers"
    )


_COLLECT_FROM = 50_000
"""New objects between two looks for dead cycles: 700, as Python has it, cost 5 % of a plan that makes hardly any."""


class _Worker:
    """What a worker process remembers: why it could not be prepared."""

    refusal: MedcutmixError | None = None


def _begin(prepare: Callable[..., None] | None, given: tuple[Any, ...], doing: str) -> None:
    follow_parent()
    gc.set_threshold(_COLLECT_FROM, 20, 20)
    try:
        if prepare is not None:
            prepare(*given)
    except Exception as error:  # noqa: BLE001 - the pool would print it, and its message may quote a report
        said = as_known_error(error, memory="fewer --workers", unexpected="please report this line")
        what = f"a process that {doing} could not be made ready: {said.what}"
        _Worker.refusal = MedcutmixError(what, where=said.where, hint=said.hint)


def _done(work: Callable[[_Part], _Result], part: _Part) -> _Result:
    if _Worker.refusal is not None:
        raise _Worker.refusal
    return work(part)


def _bounded(
    pool: ProcessPoolExecutor, work: Callable[[_Part], _Result], queue: Iterator[_Part], window: int
) -> Iterator[_Result]:
    """Keep at most `window` parts under way, results in order."""
    pending = deque(_submitted(pool, work, part) for part in islice(queue, window))
    while pending:
        yield pending.popleft().result()
        pending.extend(_submitted(pool, work, part) for part in islice(queue, 1))


def _submitted(pool: ProcessPoolExecutor, work: Callable[[_Part], _Result], part: _Part) -> Future[_Result]:
    with shield_children():  # handing a part over may start a worker
        return pool.submit(work, part)
