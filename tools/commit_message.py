"""Check a commit message: a subject of at most 72 characters, and a body that says why. Called by the commit-msg hook.

python -m tools.commit_message FILE
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path

LONGEST = 72
_SCISSORS = re.compile(r"^# -+ >8 -+$")
_TRAILER = re.compile(r"^[A-Z][A-Za-z-]+: \S")
_NOT_ONES_OWN = ("Merge ", "Revert ", "fixup! ", "squash! ")
"""Subjects that git writes itself, or that will not stay."""


def problems(message: str) -> Iterator[str]:
    """Yield what is wrong with a message, as git hands it to the hook."""
    lines = _written(message)
    subject, body = (lines[0], lines[1:]) if lines else ("", [])
    if subject.startswith(_NOT_ONES_OWN):
        return
    if not subject:
        yield "the subject is empty"
    if len(subject) > LONGEST:
        yield f"the subject has {len(subject)} characters, {LONGEST} at most"
    if subject.endswith("."):
        yield "the subject ends with a full stop"
    if body and body[0]:
        yield "the second line is not empty"
    if not any(line and not _TRAILER.match(line) for line in body[1:]):
        yield "there is no body: say why"


def _written(message: str) -> list[str]:
    """Return the lines that will be kept: no comments, and nothing below the scissors of `git commit -v`."""
    kept: list[str] = []
    for line in message.splitlines():
        if _SCISSORS.match(line):
            break
        if not line.startswith("#"):
            kept.append(line.rstrip())
    return "\n".join(kept).strip("\n").splitlines()


def main(path: str) -> int:
    """Print what is wrong with the message in a file and return the exit code."""
    found = list(problems(Path(path).read_text(encoding="utf-8")))
    for problem in found:
        print(f"commit message: {problem}", file=sys.stderr)
    return bool(found)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
