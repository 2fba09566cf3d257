"""The engine `local`: one shard after the other, in the threads of this process."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from medcutmix_cli.assembly.opening import open_renderer
from medcutmix_cli.engines import Progress, Work
from medcutmix_cli.rendering.shard import render_shard


@dataclass(frozen=True, slots=True)
class Local:
    """Render in this process; `--workers` says with how many threads."""

    in_this_process: ClassVar[bool] = True

    def render(self, work: Work, progress: Progress | None) -> None:
        """Render every shard of `work`.

        Raises:
            MedcutmixError: A shard cannot be rendered.
        """
        renderer = open_renderer(work, progress)
        total, before = sum(work.pairs), 0
        for shard, pairs in zip(work.shards, work.pairs, strict=True):

            def done(count: int, base: int = before) -> None:
                if progress:
                    progress("rendering", base + count, total)

            render_shard(renderer, shard, done=done)
            before += pairs
