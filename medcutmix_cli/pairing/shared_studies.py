"""Filed studies in memory that processes share: each sees all of them, and they are there once.

The memory is a file without a name (`memfd_create`, Linux): nothing of a report reaches a disk, and the system frees it
with the last process, however that ends.
"""

from __future__ import annotations

import mmap
import os
import pickle
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from medcutmix_cli.pairing.cohort import PackedStudy

CAN_SHARE = hasattr(os, "memfd_create") and Path("/proc/self/fd").is_dir()
"""Whether this platform has such memory, and lets children of one user open it."""


@dataclass(frozen=True, slots=True)
class SharedStudies:
    """Where the studies lie.

    Attributes:
        place: Opened by every process of this user while the one that filled it lives.
        packed_bytes: Of the studies themselves; what follows is their index.
    """

    place: str
    packed_bytes: int

    def studies(self) -> list[PackedStudy]:
        """Return the studies, in the order in which they were put there; their contents stay where they are."""
        with Path(self.place).open("rb") as file:
            whole = memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))
        entries: list[tuple[PackedStudy, int, int]] = pickle.loads(whole[self.packed_bytes :])  # noqa: S301 - our own
        return [replace(study, packed=whole[start:end]) for study, start, end in entries]


@contextmanager
def share_studies(studies: Iterable[PackedStudy]) -> Iterator[SharedStudies]:
    """Put studies where other processes see them, while the block runs."""
    handle = os.memfd_create("studies")
    with os.fdopen(handle, "wb") as file:
        entries: list[tuple[PackedStudy, int, int]] = []
        study = None
        for study in studies:
            start = file.tell()
            file.write(study.packed)
            entries.append((replace(study, packed=b""), start, file.tell()))
        packed_bytes = file.tell()
        pickle.dump(entries, file, pickle.HIGHEST_PROTOCOL)
        file.flush()
        del entries, study  # a hundred MB at the size of MIMIC-CXR, while the block runs
        yield SharedStudies(f"/proc/{os.getpid()}/fd/{handle}", packed_bytes)
