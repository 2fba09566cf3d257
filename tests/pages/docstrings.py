"""What the docstring of a plugin says: its first sentence, its paragraphs, and its options one by one."""

from __future__ import annotations

import inspect
import re
from collections.abc import Mapping
from typing import Any


def first_sentence(plugin: Any) -> str:
    """Return the first line of a docstring, which is its first sentence."""
    return _lines(plugin)[0]


def paragraphs(plugin: Any) -> str:
    """Return what stands between the first line and the named sections ("" where nothing does)."""
    told = "\n".join(_lines(plugin)[1:])
    return " ".join(re.split(r"\n(?:Attributes|Args|Returns|Raises):\n", told)[0].split())


def option_meanings(plugin: Any) -> Mapping[str, str]:
    """Return what each attribute means; a subclass's word counts over that of its bases."""
    meanings: dict[str, str] = {}
    for base in reversed(inspect.getmro(plugin)):
        if base.__module__.startswith("medcutmix_cli") and base.__doc__:
            meanings |= _attributes(inspect.cleandoc(base.__doc__))
    return meanings


def _attributes(told: str) -> dict[str, str]:
    section = re.search(r"^Attributes:\n((?:[ ]+.*\n?|\n)*)", told, flags=re.MULTILINE)
    if not section:
        return {}
    entries = re.findall(r"^ {4}(\w[\w, ]*): (.*(?:\n {5,}.*)*)", section[1], flags=re.MULTILINE)
    return {name: " ".join(said.split()) for names, said in entries for name in names.split(", ")}


def _lines(plugin: Any) -> list[str]:
    # The plugin's own words: a class without any must not speak with those of its base.
    return inspect.cleandoc(plugin.__doc__ or "").splitlines() or [""]
