"""Load thinc, on which spaCy stands, without torch: where that is installed thinc imports it, to know that it is there.

That takes a second or more and 200 MB in every process that reads a report, none of which computes anything with it.
"""

from __future__ import annotations

import importlib
import sys
from importlib.util import find_spec


def load_thinc() -> None:
    """Load it before spaCy does, and tell it that there is no torch; where torch is loaded already, that is no news.

    Not for a spaCy model that may be a network of torch: see `lacks_torch`.
    """
    if "thinc" in sys.modules or "torch" in sys.modules:
        return
    sys.modules["torch"] = None  # type: ignore[assignment]  # so Python says that there is no such module
    try:
        importlib.import_module("thinc.compat")
    finally:
        del sys.modules["torch"]


def lacks_torch() -> bool:
    """Say whether thinc was loaded without the torch that is there: a network of torch cannot run in this process."""
    compat = sys.modules.get("thinc.compat")
    return compat is not None and not compat.has_torch and find_spec("torch") is not None
