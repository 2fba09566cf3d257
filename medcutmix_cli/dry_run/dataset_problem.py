"""One thing that is wrong with a data set, with what to do about it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class DatasetProblem:
    """One thing that is wrong.

    Attributes:
        grave: Whether nothing can be mixed because of it; else some is left out, or a rule means less.
        what: One sentence.
        hint: What to type or do.
        unreadable: Reason of the pictures that it counts, of those that were tried; "" where it is of something else.
    """

    grave: bool
    what: str
    hint: str
    unreadable: str = ""
