"""Refuse a commit message whose subject is longer than 72 characters, or that has no body to say why."""

from __future__ import annotations

import sys
from pathlib import Path

LONGEST_SUBJECT = 72
_MADE_BY_GIT = ("Merge ", "Revert ", "fixup! ", "squash! ")


def problems_of(message: str) -> list[str]:
    """Return what is wrong with a message, in sentences; nothing where it is as it should be."""
    lines = [line.rstrip() for line in message.splitlines() if not line.startswith("#")]
    subject, rest = (lines[0], lines[1:]) if lines else ("", [])
    if subject.startswith(_MADE_BY_GIT):
        return []
    found = []
    if not subject:
        found.append("the subject is empty")
    if len(subject) > LONGEST_SUBJECT:
        found.append(
            f"the subject has {len(subject)} characters; at most {LONGEST_SUBJECT} are read in a log"
        )
    if subject.endswith("."):
        found.append("the subject ends with a full stop")
    if rest and rest[0]:
        found.append("the second line must be blank")
    if not any(rest):
        found.append("there is no body: say why, what was wrong or what follows")
    return found


def main(path: Path) -> int:
    """Print what is wrong with the message in a file; return 1 where anything is."""
    found = problems_of(path.read_text(encoding="utf-8"))
    for problem in found:
        print(f"commit message: {problem}", file=sys.stderr)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
