"""What values of splits and views seem to mean: only to say which option maps them; nobody maps one unasked."""

from __future__ import annotations

import re
import shlex

from medcutmix_cli.configuration.settings import SPLITS
from medcutmix_cli.datasets.split_names import SPLIT_NAMES
from medcutmix_cli.records import FRONTAL_VIEWS

CHOICES = {"split": SPLITS, "view": (*FRONTAL_VIEWS, "LATERAL")}
"""Role -> what a value of it may mean."""

GUESSES = {
    "split": SPLIT_NAMES,
    "view": {
        "PA": ("frontal", "front", "posteroanterior", "posterior-anterior", "ap/pa"),
        "AP": (
            "anteroposterior",
            "anterior-posterior",
            "portable",
            "supine",
            "ap supine",
            "ap erect",
            "ap portable",
        ),
        "LATERAL": (
            *("l", "lat", "l lat", "r lat", "left lat", "right lat", "lt lat", "rt lat", "llat", "rlat"),
            *("profile", "profil", "side", "sideways"),
        ),
    },
}
"""Role -> meaning -> what tables call it, besides what is understood as it is."""

_NOISE = {
    "split": frozenset(("set", "split", "data", "dataset", "partition")),
    "view": frozenset(
        ("view", "views", "projection", "position", "chest", "cxr", "xray", "radiograph", "image", "erect")
    ),
}
"""Words that change nothing: "side view" is "side"."""


def is_understood(role: str, value: str) -> bool:
    """Tell whether a value of a role means something as it is written."""
    if role == "split":
        return value in SPLITS
    view = value.upper()
    return view in FRONTAL_VIEWS or "LATERAL" in view or view in ("LL", "RL")


def guess_meaning(role: str, value: str) -> str:
    """Return which of `CHOICES` a value seems to mean, "" where nothing known."""
    bare = _bare(role, value)
    if not bare:
        return ""
    own = next((choice for choice in CHOICES[role] if choice.lower() == bare), "")
    return own or _MEANINGS[role].get(bare, "") or ("LATERAL" if _is_lateral(role, value) else "")


def map_option(role: str, value: str) -> str:
    """Return the option that maps a value to what it seems to mean; to all choices, divided by "|", where to none.

    A typed-over choice is refused: a test set must not become another, nor a side view a frontal one.
    """
    guess = guess_meaning(role, value) or "|".join(CHOICES[role])
    return f"--map {shlex.quote(f'{role}:{value}={guess}')}"


def _is_lateral(role: str, value: str) -> bool:
    return role == "view" and is_understood(role, value) and value.upper() not in FRONTAL_VIEWS


def _bare(role: str, value: str) -> str:
    words = re.findall(r"[^\W_]+", value.lower().replace(".", ""))
    return " ".join(word for word in words if word not in _NOISE[role])


_MEANINGS = {
    role: {_bare(role, name): meaning for meaning, names in own.items() for name in names}
    for role, own in GUESSES.items()
}
