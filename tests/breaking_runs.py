"""Break a finished run, and ask which rules a verification then finds broken."""

from collections.abc import Callable
from typing import Any

from medcutmix_cli.inspection.verification import verify
from medcutmix_cli.run.folder import RunFolder
from medcutmix_cli.run.shards import Row
from tests.sealed_files import rewrite_rows


def broken_rules(folder: RunFolder, **options: Any) -> set[str]:
    """Return the names of the broken rules."""
    return {problem.rule for problem in verify(folder.root, **options).problems}


def rewrite(folder: RunFolder, change: Callable[[Row], object]) -> None:
    """Write shard 0 again with its first row changed, hash and all: only the content tells."""
    rewrite_rows(folder, lambda rows: change(rows[0]))
