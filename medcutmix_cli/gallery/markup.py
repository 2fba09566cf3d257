"""Names as words, and the templates of the page."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

from medcutmix_cli.system.plain_text import escape_html as escape


def words(name: str) -> str:
    """Return an id as words: "pleural_effusion" becomes "pleural effusion"."""
    return escape(name.replace("_", " "))


@cache
def resource(name: str) -> str:
    """Return a template that lies beside this module."""
    return (files("medcutmix_cli.gallery") / name).read_text(encoding="utf-8")
