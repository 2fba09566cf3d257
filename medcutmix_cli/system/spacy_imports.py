"""Load spaCy without its command line, which it imports for one function: downloads, projects and clients of the web.

That takes as long as all the rest of it, in every process that reads a report.
"""

from __future__ import annotations

import importlib
import sys
from types import ModuleType
from typing import Any

from medcutmix_cli.system.socketless_imports import load_urllib3

_ITS_CLI = "spacy.cli.info"


def load_spacy() -> None:
    """Load it before anybody else does; `spacy.info` and `spacy.cli` are there for whoever asks for them later."""
    if "spacy" in sys.modules:
        return
    load_urllib3()
    stand_in = ModuleType(_ITS_CLI)
    vars(stand_in)["info"] = _info
    sys.modules[_ITS_CLI] = stand_in
    try:
        importlib.import_module("spacy")
    finally:
        del sys.modules[_ITS_CLI]


def _info(*given: Any, **more: Any) -> Any:
    return importlib.import_module(_ITS_CLI).info(*given, **more)
