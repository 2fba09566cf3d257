"""What can be set of a run: how the work is shared out, and where it is done."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from medcutmix_cli.configuration.declaration import CANVASES, NEW_RUN, PLANNED_RUN, RUN, SHORTCUTS, setting


@dataclass(frozen=True, slots=True)
class RunSettings:
    """`[run]`: how the work is done; only `shard_size` shows in the output."""

    shard_size: int = setting(
        1000, "Pairs in each shard.", keyword="shard_size", panel=RUN, metavar="N", least=1
    )
    workers: int = setting(
        0,
        "How many work at once; never changes the result.",
        keyword="workers",
        panel=RUN,
        metavar="N",
        spoken_default="the CPUs allowed",
        least=0,
        semantic=False,
        commands=NEW_RUN | CANVASES | {"render", "calibrate"} | SHORTCUTS,
    )
    max_fail_frac: float = setting(
        0.01,
        "Share of the pairs that may fail before the exit code is 3.",
        keyword="max_fail_frac",
        panel=RUN,
        metavar="X",
        least=0,
        most=1,
        semantic=False,
        commands=NEW_RUN | {"render", "slurm"},
    )
    stage_dir: str = setting(
        "",
        "Folder on a fast local disk; pictures are copied there before they are read, and removed. "
        '"" for none.',
        keyword="stage_dir",
        panel=RUN,
        metavar="PATH",
        path=True,
        semantic=False,
        commands=NEW_RUN | PLANNED_RUN,
    )
    prepared: str = setting(
        "",
        "What `medcutmix prepare` made: pictures are read from there. It changes no byte of the output. "
        '"" for none.',
        keyword="prepared",
        panel=RUN,
        metavar="PATH",
        path=True,
        semantic=False,
        commands=NEW_RUN | PLANNED_RUN,
    )
    engine: str = setting(
        "local",
        "Where shards are rendered: local (this process) or ray.",
        keyword="engine",
        panel=RUN,
        metavar="NAME",
        kind="engine",
        semantic=False,
        commands=NEW_RUN | {"render"},
    )
    engine_options: Mapping[str, Any] = setting(
        {},
        "An option of the engine's own, for example address=auto. Repeat it.",
        keyword="engine_options",
        flag="--engine-option",
        panel=RUN,
        metavar="KEY=VALUE",
        example="address=auto",
        semantic=False,
        commands=NEW_RUN | {"render"},
    )
