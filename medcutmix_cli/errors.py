"""The error tree. Every error says what is wrong, where, and what to try; none ever carries report text.

MedcutmixError                 exit code 1
|-- UsageError                 exit code 2   a flag, a TOML key or an argument that makes no sense
|-- DatasetError               a data set, or a part of it, that is missing or malformed
|-- ImageError                 one picture that cannot be read (callers turn it into a named drop)
|-- EncoderError               weights that are missing, wrong, or not allowed here
|-- RunError                   a run folder that is missing, foreign, full or unwritable
|   |-- RunConflictError       the folder holds a run with other semantic settings (carries the diff)
|   `-- NoPairsError           exit code 5   no pair was planned, or none of the plan was written (carries what to try)
|-- ShardError                 a shard that is damaged or breaks the schema
|-- MissingExtraError          an optional part is not installed (carries the pip line)
|-- ClusterError               Slurm or Ray is not there, or refused what was asked of it
`-- Interrupted                exit code 75  stopped by a signal; the same command goes on
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from difflib import get_close_matches

MEND_TOML = "mend that line: texts stand in quotes, tables in brackets"
"""What helps where a user's file is no TOML."""

MAY_NOT_READ = "may you read it? ask whoever owns it"
"""What helps where the system refuses to read a file."""


class MedcutmixError(Exception):
    """Base of every error that a person can act on.

    Args:
        what: One sentence: what is wrong.
        where: The file, id or option it is about, or "".
        hint: What to try next, or "".
    """

    exit_code = 1

    def __init__(self, what: str, *, where: str = "", hint: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.where = where
        self.hint = hint

    @property
    def lines(self) -> list[tuple[str, str]]:
        """What a person is told: ("error", what), ("where", where), ("try", hint), those that are said."""
        told = [("error", self.what), ("where", self.where), ("try", self.hint)]
        return [(name, text) for name, text in told if text]

    def _render_traceback_(self) -> list[str]:
        """Return what IPython shows instead of a traceback: the lines that the terminal has."""
        lines = [f"{'' if name == 'error' else '  '}{name}: {text}" for name, text in self.lines]
        return ["".join(c if c.isprintable() or c == "\n" else "\ufffd" for c in line) for line in lines]

    def __str__(self) -> str:
        return " | ".join(part for part in (self.what, self.where, self.hint) if part)

    def __reduce__(self) -> tuple[object, ...]:
        # Keyword-only arguments would be lost on the way back from a worker process.
        return (_rebuild, (type(self), self.what, self.where, self.hint))


def _rebuild(kind: type[MedcutmixError], what: str, where: str, hint: str) -> MedcutmixError:
    return kind(what, where=where, hint=hint)


class UsageError(MedcutmixError):
    """A flag, TOML key or argument that makes no sense."""

    exit_code = 2


class DatasetError(MedcutmixError):
    """A data set, or a part of it, is missing or malformed."""


class ImageError(MedcutmixError):
    """One picture cannot be read; `reason` is the name under which the drop is counted."""

    reason = "image-unreadable"

    def __init__(
        self, what: str, *, where: str = "", hint: str = "", reason: str = "image-unreadable"
    ) -> None:
        super().__init__(what, where=where, hint=hint)
        self.reason = reason

    def __reduce__(self) -> tuple[object, ...]:
        return (_rebuild_image, (self.what, self.where, self.hint, self.reason))


def _rebuild_image(what: str, where: str, hint: str, reason: str) -> ImageError:
    return ImageError(what, where=where, hint=hint, reason=reason)


class EncoderError(MedcutmixError):
    """Weights are missing, wrong, or not allowed here."""


class RunError(MedcutmixError):
    """A run folder is missing, foreign, full or unwritable."""


class RunConflictError(RunError):
    """The output folder holds a run with other semantic settings."""


class NoPairsError(RunError):
    """No pair could be planned, or none that was planned was written: there is nothing to train on."""

    exit_code = 5


class ShardError(MedcutmixError):
    """A shard is damaged or breaks the schema."""


class MissingExtraError(MedcutmixError):
    """An optional part is not installed; the hint is the pip line."""


class ClusterError(MedcutmixError):
    """Slurm or Ray is not there, or refused what was asked of it."""


class Interruption(MedcutmixError):  # noqa: N818 - a state, not a mistake
    """Stopped by a signal; nothing half-written, the same command goes on."""

    exit_code = 75


def unreadable(what: str, error: Exception) -> str:
    """Say that a file is not there, or else that it cannot be read, and why, as the system words it."""
    if isinstance(error, FileNotFoundError):
        return f"{what} does not exist"
    return f"{what} cannot be read ({cause(error)})"


_CAUSES = {
    "PermissionError": "permission denied",
    "UnicodeDecodeError": "it is not UTF-8",
    "JSONDecodeError": "it is no JSON",
    "TOMLDecodeError": "it is no TOML",
    "ArrowNotImplementedError": "it holds what this version of Arrow does not read",
    "NotImplementedError": "it is of a later kind than is read here",
    "EOFError": "it ends too early",
    "MemoryError": "there is not enough memory",
    "KeyError": "a part of it is missing",
    "ImportError": "a library it needs is missing",
}
"""What errors of libraries mean, by the name of their class or of one that it derives from."""


def cause(error: BaseException) -> str:
    """Say why something could not be read, in words: as the system has them, or what kind of error it was.

    The message of a library may quote what it reads, and the name of a class says little; neither is told.
    """
    if isinstance(error, OSError) and error.strerror:
        return error.strerror.lower()
    names = (kind.__name__ for kind in type(error).__mro__)
    return next((_CAUSES[name] for name in names if name in _CAUSES), "it is damaged, or of another kind")


def suggest(name: str, known: Iterable[str]) -> str:
    """Return the hint for a name that is not known: the nearest one, and all there are."""
    names = list(known)
    return " ".join(filter(None, (nearest(name, names), f"known: {', '.join(names) or 'none'}")))


def nearest(name: str, known: Iterable[str]) -> str:
    """Return a question for the name that is nearest to one that is not known; "" where none is near.

    Blanks and hyphens count as `_`. Where no whole name is near, a word of one may be: "efusion" of "pleural_effusion".
    """
    names = {_plain(one): one for one in known}
    close = get_close_matches(_plain(name), names, n=1)
    found = names[close[0]] if close else _with_word_near(_plain(name), names)
    return f"did you mean {found!r}?" if found else ""


_LEAST_WORD, _NEAR_WORD = 4, 0.8
"""Letters of a word that may stand for its name, and how alike they are (difflib's ratio)."""


def _plain(name: str) -> str:
    return "_".join(re.split(r"[\s_-]+", name.strip().lower()))


def _with_word_near(name: str, names: Mapping[str, str]) -> str:
    words = {
        word: one for plain, one in names.items() for word in plain.split("_") if len(word) >= _LEAST_WORD
    }
    close = get_close_matches(name, words, n=1, cutoff=_NEAR_WORD)
    return words[close[0]] if close else ""
