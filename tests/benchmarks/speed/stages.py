"""CPU seconds by stage: functions of the package are wrapped, and each counts what its thread computed in it.

Exclusive: what a stage calls that is a stage itself counts there only. Torch runs on one thread a worker on a CPU, so
that its work is in it.
"""

from __future__ import annotations

import threading
import time
from collections import defaultdict
from collections.abc import Callable
from functools import wraps
from typing import Any

from medcutmix_cli.mixing import drawing, picture_facts
from medcutmix_cli.rendering import pair, sample, shard

DECODE, READ = "decode (processes of their own)", "read files; plain DICOM: decode"
ENCODE, SENTENCES, MAPS = "encoder: pictures", "encoder: sentences", "encoder: maps"
STAGES: tuple[tuple[str, Any, tuple[str, ...]], ...] = (
    (READ, pair, ("read_canvases",)),
    (ENCODE, pair, ("look", "see_pictures")),
    (SENTENCES, shard._Mixer, ("_encode_sentences",)),
    ("evidence gate", sample.MixRules, ("view",)),
    (
        "thorax, anatomy, letters",
        picture_facts,
        ("register_picture", "picture_anatomy", "find_markers", "find_leads"),
    ),
    ("alignment", drawing, ("_align",)),
    ("masks, regions, guards, tone", sample, ("draw_cut",)),
    ("weights and labels", sample.MixRules, ("mix",)),
    ("paste", sample, ("paste", "pixel_weights")),
    ("PNG", sample, ("encode_picture",)),
    ("row", pair, ("to_row",)),
    ("Parquet and queue", shard, ("write_rows",)),
    ("hashes and state", shard, ("claim", "begin_attempt", "WrittenRows")),
)
"""Name, where the functions are looked up, and their names there."""


class StageClock:
    """Adds up CPU seconds by stage."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = defaultdict(float)
        self._lock, self._local = threading.Lock(), threading.local()

    def watch(self, encoder: type) -> None:
        """Wrap the functions of every stage, for the rest of the process."""
        for name, owner, functions in STAGES:
            for function in functions:
                found = getattr(owner, function)
                if isinstance(found, type):
                    found.of = staticmethod(self.timed(name, found.of))
                else:
                    setattr(owner, function, self.timed(name, found))
        encoder.attend = self.timed(MAPS, encoder.attend)

    def timed(self, name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        """Return a function that counts itself."""

        @wraps(function)
        def call(*given: Any, **named: Any) -> Any:
            inside = self._local.__dict__.setdefault("inside", [0.0])
            inside.append(0.0)
            begun = time.thread_time()
            try:
                return function(*given, **named)
            finally:
                spent = time.thread_time() - begun
                own = spent - inside.pop()
                inside[-1] += spent
                with self._lock:
                    self.seconds[name] += own

        return call
