"""The rule tables in `pairing/rules/*.toml`, read once per process. Knows their file names, not their meaning."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib.resources import files
from typing import Any


@cache
def table(name: str) -> dict[str, Any]:
    """Return the rule table `rules/<name>.toml`."""
    return tomllib.loads(files("medcutmix_cli.pairing").joinpath("rules", f"{name}.toml").read_text("utf-8"))
