"""The rule tables in `rules/*.toml`, as they are or as a user's lexicon changes them. Knows their file names.

Which lexicon is in use is said once, around all that reads (`use_lexicon`), and holds for this thread of work alone:
two runs in one process do not meet. What follows from it is kept with it (`remember`): nothing stale outlives a change.
Worker processes are handed the `Lexicon` and say `use_lexicon` themselves.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import cache, lru_cache, wraps
from hashlib import sha256
from importlib.resources import files
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

from medcutmix_cli.errors import UsageError, unreadable
from medcutmix_cli.reports.lexicon_changes import changed_tables

_Parameters = ParamSpec("_Parameters")
_Answer = TypeVar("_Answer")

CHANGED = ("findings", "assertion")
"""The tables that a user's lexicon changes."""


@dataclass(frozen=True, slots=True, eq=False)
class Lexicon:
    """What is known of findings and cues: the built-in tables with a user's changes.

    Made by `lexicon_of` only, once for each content, so that it can be told by what it is.

    Attributes:
        source: The file of the changes as it was named, "" for the built-in lexicon.
        text: Content of that file.
        tables: The tables of `CHANGED`.
        answers: What functions that `remember` have found out about this lexicon.
    """

    source: str
    text: str = field(repr=False)
    tables: Mapping[str, dict[str, Any]] = field(repr=False)
    answers: dict[Any, Callable[..., Any]] = field(default_factory=dict, repr=False)

    @property
    def sha256(self) -> str:
        """Hash of the file's content, "" for the built-in lexicon."""
        return sha256(self.text.encode()).hexdigest() if self.source else ""

    def __reduce__(self) -> tuple[object, ...]:
        return (lexicon_of, (self.text, self.source))


def lexicon_of(text: str, source: str) -> Lexicon:
    """Return the lexicon that a file's content makes; the built-in one where there is no file.

    Raises:
        UsageError: Something in it does not fit; names file, line and key.
    """
    return _changed(text, source) if source else BUILT_IN


@lru_cache(maxsize=8)
def _changed(text: str, source: str) -> Lexicon:
    return Lexicon(source, text, changed_tables(dict(BUILT_IN.tables), text, source))


def read_lexicon(path: str | Path) -> Lexicon:
    """Read a user's lexicon; "" gives the built-in one.

    Raises:
        UsageError: The file cannot be read, or something in it does not fit; names file, line and key.
    """
    if not str(path):
        return BUILT_IN
    try:
        return lexicon_of(Path(path).read_bytes().decode("utf-8-sig"), str(path))
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(
            unreadable("the lexicon", error), where=str(path), hint="--findings FILE names one that is there"
        ) from error


def packaged_text(name: str) -> str:
    """Return the built-in table `rules/<name>.toml` as it is written."""
    return files("medcutmix_cli.reports").joinpath("rules", f"{name}.toml").read_text("utf-8")


@cache
def _packaged(name: str) -> dict[str, Any]:
    return tomllib.loads(packaged_text(name))


BUILT_IN = Lexicon("", "", {name: _packaged(name) for name in CHANGED})
_in_use: ContextVar[Lexicon] = ContextVar("lexicon", default=BUILT_IN)


def lexicon_in_use() -> Lexicon:
    """Return the lexicon that everything here reads by now."""
    return _in_use.get()


@contextmanager
def use_lexicon(lexicon: Lexicon) -> Iterator[Lexicon]:
    """Let all that reads inside use one lexicon, and afterwards the one before it again."""
    before = _in_use.set(lexicon)
    try:
        yield lexicon
    finally:
        _in_use.reset(before)


def table(name: str) -> dict[str, Any]:
    """Return the rule table `rules/<name>.toml`, with the changes of the lexicon in use."""
    return _in_use.get().tables[name] if name in CHANGED else _packaged(name)


def remember(
    size: int | None = None,
) -> Callable[[Callable[_Parameters, _Answer]], Callable[_Parameters, _Answer]]:
    """Keep a function's last `size` answers (None: all) with the lexicon in use, as `lru_cache` would for good."""

    def decorate(function: Callable[_Parameters, _Answer]) -> Callable[_Parameters, _Answer]:
        @wraps(function)
        def asked(*args: _Parameters.args, **more: _Parameters.kwargs) -> _Answer:
            answers = _in_use.get().answers
            try:
                known = answers[function]
            except KeyError:
                known = answers[function] = lru_cache(size)(function)
            return known(*args, **more)  # type: ignore[no-any-return]

        return asked

    return decorate
