"""Files of a run changed as somebody would who mends their seals: only what they say tells."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from medcutmix_cli.run.folder import RunFolder
from medcutmix_cli.run.seals import FileSeal, read_sealed, write_sealed
from medcutmix_cli.run.shard_state import read_state, state_text
from medcutmix_cli.run.shards import Row, ShardOrigin, read_head, read_rows, write_shard


def change_sealed(path: Path, change: Callable[[dict[str, Any]], object]) -> None:
    """Change what a JSON file says, and seal it again."""
    said = read_sealed(path)
    change(said)
    write_sealed(path, said)


def rewrite_rows(folder: RunFolder, change: Callable[[list[Row]], object], shard: int = 0) -> None:
    """Write a shard again with its rows changed, and mend its hash and size in the state file."""
    path = folder.shard_file(shard)
    rows = list(read_rows(path))
    change(rows)
    origin = read_head(path).origin
    names = ("fingerprint", "encoder", "settings", "terms", "synthetic")
    write_shard(path, rows, ShardOrigin(*(origin[name] for name in names)))
    mend_state(folder, shard)


def mend_state(folder: RunFolder, shard: int = 0) -> None:
    """Let a state file say what its shard and failure list are now."""
    state = read_state(folder, shard)
    assert state is not None
    seal, failures = FileSeal.of(folder.shard_file(shard)), FileSeal.of(folder.failures_file(shard))
    mended = replace(state, sha256=seal.sha256, bytes=seal.bytes, failures=failures.sha256)
    folder.state_file(shard).write_text(state_text(mended), encoding="utf-8")


def mend_manifest(folder: RunFolder) -> None:
    """Let `run.json` say what the files of planning are now."""

    def change(said: dict[str, Any]) -> None:
        for name in said["files"]:
            seal = FileSeal.of(folder.root / name)
            said["files"][name] = {"bytes": seal.bytes, "sha256": seal.sha256}

    change_sealed(folder.run_file, change)
