"""Every reason why something is left out, with what happened, why, and what to do: `reasons.toml` and `hints.toml`."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from medcutmix_cli.errors import UsageError, nearest
from medcutmix_cli.run.hints import hint_for

_STAGES = ("image", "encode", "mask", "mix")
_PARENTS = ("recipient-", "donor-")


@dataclass(frozen=True, slots=True)
class Reason:
    """A reason in words.

    Attributes:
        name: As it is counted, without the parent it is about.
        group: What it has to do with.
        what: What happened.
        why: Why nothing is mixed then.
        advice: What to do.
    """

    name: str
    group: str
    what: str
    why: str
    advice: str


@cache
def reasons() -> tuple[Reason, ...]:
    """Return every reason there is, by group."""
    table = tomllib.loads(files("medcutmix_cli.run").joinpath("reasons.toml").read_text("utf-8"))
    return tuple(
        Reason(name, group["name"], what, group["why"], hint_for(name))
        for group in table["groups"]
        for name, what in group["reasons"].items()
    )


def find_reason(name: str) -> Reason:
    """Return the reason of a name as it is counted: "mask:recipient-mask-too-small", "split-not-mixed:test".

    Raises:
        UsageError: There is none.
    """
    known = {reason.name: reason for reason in reasons()}
    head, _, tail = name.partition(":")
    bare = tail if head in _STAGES and tail else head
    for tried in (bare, *(bare.removeprefix(parent) for parent in _PARENTS)):
        if tried in known:
            return known[tried]
    start = next((reason for reason in reasons() if bare.startswith(f"{reason.name}-in-")), None)
    if start is None:
        raise UsageError(
            f"there is no reason {name!r}", hint=nearest(bare, known) or "`medcutmix reasons` lists all"
        )
    return start
