"""`prepare`, then render: what the cache of pictures saves, by `tests.benchmarks.prepared`."""

from __future__ import annotations

import shutil

from tests.benchmarks import prepared
from tests.benchmarks.speed.page import stamp, table
from tests.benchmarks.speed.runs import Setup


def measure(setup: Setup) -> dict[str, str]:
    """Return the block "prepared"."""
    home = setup.scratch / "prepared"
    shutil.rmtree(home, ignore_errors=True)
    found = prepared.table(home, setup.loop_pairs, setup.rounds, setup.height, setup.unique, setup.painted)
    return {"prepared": f"{stamp(setup, 'prepared')}\n\n{table(prepared.HEAD, list(found))}"}
