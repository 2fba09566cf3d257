"""Load pyarrow without pandas: where that is installed, the first list that becomes an array makes pyarrow import it.

That takes .3 s or more in every command, none of which makes a data frame.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from types import ModuleType


class _NoPandas:
    """Says that there is no pandas."""

    @staticmethod
    def find_spec(name: str, path: Sequence[str] | None = None, target: ModuleType | None = None) -> None:
        if name == "pandas":
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)


def load_pyarrow() -> None:
    """Load it and let it look for pandas, and find none; where pandas is loaded already, that is no news.

    For a process of our own: what pyarrow has for pandas may not work in it any more. Others can import pandas there.
    """
    if "pandas" in sys.modules:
        return
    sys.meta_path.insert(0, _NoPandas)
    try:
        import pyarrow as pa

        # Of the default pool the first byte reserves 1 GB of addresses, which a command may have to do without.
        pa.array([None], memory_pool=pa.system_memory_pool())
    finally:
        sys.meta_path.remove(_NoPandas)
