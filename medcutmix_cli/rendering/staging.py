"""Copy pictures from slow storage to a fast local disk shortly before they are read, and remove them after.

Decides nothing and fails no pair: what has no copy, for whatever reason, is read where it lies. Knows no format.
"""

from __future__ import annotations

import errno
import os
import shutil
import threading
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import BinaryIO, Protocol, TypeVar

from medcutmix_cli.errors import MedcutmixError, UsageError
from medcutmix_cli.images.picture_parts import file_of, open_picture
from medcutmix_cli.system.regular_files import check_regular
from medcutmix_cli.system.storage_errors import explain_storage_errors
from medcutmix_cli.system.temporary_files import owner, remove_abandoned, under_way

AHEAD = 64
"""Copies that lie there at once. Enough for every stream to be eight files ahead; 64 DICOM files are under 2 GB."""

STREAMS = 8
"""Files copied at once. Storage that answers after 20 ms gives 8 x 50 files a second: more than one process mixes."""

_CHUNK = 1 << 20  # bytes; what NFS and Lustre read at once, and how often a copy looks whether it should stop
_FULL = (errno.ENOSPC, errno.EDQUOT)

_Read = TypeVar("_Read")


class Storage(Protocol):
    """Where the pictures of a shard are read.

    Attributes:
        noted: What a user should know, by name, counted.
    """

    noted: Counter[str]

    def read(self, source: Path, reader: Callable[[Path], _Read]) -> _Read:
        """Return what `reader` makes of the file, from wherever it is quickest; its errors are those of the source."""


class InPlace:
    """Read every file where it lies."""

    def __init__(self, noted: Counter[str] | None = None) -> None:
        self.noted: Counter[str] = noted or Counter()

    def read(self, source: Path, reader: Callable[[Path], _Read]) -> _Read:
        """Read the source."""
        return reader(source)


@contextmanager
def stage_files(stage_dir: str, sources: Iterable[Path]) -> Iterator[Storage]:
    """Copy files ahead of their readers while the block runs; afterwards no copy, folder or thread is left.

    Args:
        stage_dir: Folder on a fast local disk that `check_stage_dir` has found good; "" copies nothing.
        sources: In the order in which they are needed, as often as they are needed.
    """
    if not stage_dir:
        yield InPlace()
        return
    with private_folder(Path(stage_dir)) as folder:
        if folder is None:
            yield InPlace(Counter({"staging-fell-back": len(set(sources))}))
            return
        staging = Staging(folder, sources)
        try:
            staging.start()
            yield staging
        finally:
            staging.stop()


class Staging:
    """Copy files ahead of their readers, in order, a bounded number at a time; a reader never waits for its turn.

    Attributes:
        noted: "staging-overtaken": a reader came before the copy was begun and read the source;
            "staging-fell-back": a copy could not be made, or not be read.
    """

    def __init__(
        self, folder: Path, sources: Iterable[Path], *, ahead: int = AHEAD, streams: int = STREAMS
    ) -> None:
        self.noted: Counter[str] = Counter()
        self._folder = folder
        self._uses = Counter(sources)
        self._waiting = deque(self._uses)
        self._copies: dict[Path, _Copy | None] = {}
        self._room, self._lying = ahead, 0
        self._stopped = False
        self._changed = threading.Condition()
        names = (f"stage-{number}" for number in range(min(streams, len(self._uses))))
        self._threads = [threading.Thread(target=self._copy_all, name=name) for name in names]

    def start(self) -> None:
        """Begin to copy."""
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """End all copying; a copy under way ends after the part it is at. Readers that come now read the source."""
        with self._changed:
            self._stopped = True
            self._changed.notify_all()
        for thread in self._threads:
            if thread.ident is not None:  # an interruption may come before all have started
                thread.join()

    def read(self, source: Path, reader: Callable[[Path], _Read]) -> _Read:
        """Read the copy; where there is none, or it cannot be read, the source."""
        with self.local(source) as path:
            if path != source:
                with suppress(MedcutmixError):
                    return reader(path)
        found = reader(source)
        if path != source:
            self._note("staging-fell-back")
        return found

    @contextmanager
    def local(self, source: Path) -> Iterator[Path]:
        """Give the copy of a file, waiting for one that is under way, or the source; removed after its last use."""
        copy = self._claim(source)
        try:
            yield copy.place if copy is not None and copy.whole.result() else source
        finally:
            self._give_back(source, copy)

    def _claim(self, source: Path) -> _Copy | None:
        """Return the copy of a file, None where there is none: one that was not begun never will be."""
        with self._changed:
            if source not in self._copies:
                self.noted["staging-overtaken"] += not self._stopped
                self._copies[source] = None
            return self._copies[source]

    def _give_back(self, source: Path, copy: _Copy | None) -> None:
        with self._changed:
            self._uses[source] -= 1
            last = self._uses[source] == 0
        if last and copy is not None and copy.whole.result():
            self._remove(copy)

    def _copy_all(self) -> None:
        """Copy one file after the other, as long as there is room: the work of one stream."""
        while (copy := self._begun()) is not None:
            whole = False
            try:
                whole = self._copied(copy)
            finally:
                copy.whole.set_result(whole)

    def _begun(self) -> _Copy | None:
        """Begin the next copy that no reader has overtaken, when there is room for it; None when all is done."""
        with self._changed:
            self._changed.wait_for(lambda: self._stopped or not self._next() or self._lying < self._room)
            source = self._next()
            if self._stopped or source is None:
                return None
            self._lying += 1
            copy = self._copies[source] = _Copy(source, self._folder / str(len(self._copies)))
            return copy

    def _next(self) -> Path | None:
        while self._waiting and self._waiting[0] in self._copies:
            self._waiting.popleft()
        return self._waiting[0] if self._waiting else None

    def _copied(self, copy: _Copy) -> bool:
        """Copy one file whole, or not at all."""
        try:
            check_regular(file_of(copy.source))
            original = open_picture(copy.source)
        except OSError:  # who reads the source will say what is wrong with it
            self._remove(copy)
            return False
        with original:
            try:
                whole = self._written(original, copy.place)
            except OSError as error:
                self._fall_back(error)
                whole = False
        if not whole:
            self._remove(copy)
        return whole

    def _written(self, original: BinaryIO, place: Path) -> bool:
        """Copy part by part, readable by the owner only; False where it was stopped on the way."""
        handle = os.open(place, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "wb") as copy:
            while part := original.read(_CHUNK):
                if self._stopped:
                    return False
                copy.write(part)
        return True

    def _fall_back(self, error: OSError) -> None:
        self._note("staging-fell-back")
        if error.errno in _FULL:
            with self._changed:  # the disk holds fewer than hoped for: from now on only as many as fitted
                self._room = max(1, min(self._room, self._lying - 1))

    def _remove(self, copy: _Copy) -> None:
        with suppress(OSError):
            copy.place.unlink(missing_ok=True)
        with self._changed:
            self._lying -= 1
            self._changed.notify_all()

    def _note(self, name: str) -> None:
        with self._changed:
            self.noted[name] += 1


@dataclass(frozen=True, slots=True)
class _Copy:
    """A copy that was begun; `whole` says at its end whether it can be read.

    Only what is a copy can be removed: its place is never that of the original.
    """

    source: Path
    place: Path
    whole: Future[bool] = field(default_factory=Future)

    def __post_init__(self) -> None:
        """Refuse an original in the place of its copy."""
        if self.place == self.source:
            raise ValueError("a copy lies elsewhere than its original")


_NUMBERS = count()


@contextmanager
def private_folder(stage_dir: Path) -> Iterator[Path | None]:
    """Make a folder that only this user can read, and remove it at the end; None where the disk does not take it.

    What other processes left when they were killed is removed as well.
    """
    folder = stage_dir / f".medcutmix-{next(_NUMBERS)}.stage.{owner(os.getpid())}"
    with under_way(folder):
        try:
            yield folder if _made(folder) else None
        finally:
            shutil.rmtree(folder, ignore_errors=True)


def _made(folder: Path) -> bool:
    with suppress(OSError):
        remove_abandoned(folder.parent, ".medcutmix-*.stage.*.tmp")
        folder.mkdir(mode=0o700)
        return True
    return False


def check_stage_dir(stage_dir: str) -> None:
    """Refuse a staging folder that cannot serve, before any work is done.

    Raises:
        UsageError: There is no such folder.
        RunError: It cannot be written.
    """
    if not stage_dir:
        return
    if not Path(stage_dir).is_dir():
        raise UsageError(
            "the staging folder does not exist",
            where=stage_dir,
            hint="--stage-dir names a folder on a disk of this machine, such as $TMPDIR in a batch job",
        )
    with explain_storage_errors(Path(stage_dir)):
        if not os.access(stage_dir, os.W_OK | os.X_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
