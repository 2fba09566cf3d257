"""What is said of an error that is not ours: its kind and its place in our code. Its message may quote a report."""

from __future__ import annotations

import traceback
from pathlib import Path

from medcutmix_cli.errors import MedcutmixError

_PACKAGE = Path(__file__).parents[1]


def as_known_error(error: BaseException, *, memory: str, unexpected: str) -> MedcutmixError:
    """Return one of our errors for any error; ours is returned as it is.

    Args:
        error: What was raised.
        memory: What to try where there was not enough of it.
        unexpected: What to try where nobody foresaw the error.
    """
    if isinstance(error, MedcutmixError):
        return error
    if isinstance(error, MemoryError):
        return MedcutmixError("there is not enough memory", hint=memory)
    if isinstance(error, OSError) and error.strerror:
        hint = "look at the file and its disk, then run the same command again"
        return MedcutmixError(error.strerror.lower(), where=str(error.filename or ""), hint=hint)
    return MedcutmixError(f"unexpected {type(error).__name__} at {_place(error)}", hint=unexpected)


def _place(error: BaseException) -> str:
    """Return file and line of the innermost frame that is ours."""
    frames = traceback.extract_tb(error.__traceback__)
    ours = [frame for frame in frames if _PACKAGE in Path(frame.filename).parents]
    for frame in reversed(ours or frames):
        path = Path(frame.filename)
        name = path.relative_to(_PACKAGE.parent) if _PACKAGE in path.parents else path.name
        return f"{name}:{frame.lineno}"
    return "an unknown place"
