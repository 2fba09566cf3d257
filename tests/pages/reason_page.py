"""Every reason as its page shows it."""

from __future__ import annotations

from itertools import groupby

from medcutmix_cli.run.reasons import reasons


def reason_tables() -> str:
    """Return a table for each group of reasons."""
    parts: list[str] = []
    for (group, why), members in groupby(reasons(), key=lambda reason: (reason.group, reason.why)):
        rows = [f"| `{reason.name}` | {reason.what} | {_plain(reason.advice)} |" for reason in members]
        parts.append(
            "\n".join(
                [
                    f"## {group.capitalize()}",
                    "",
                    why,
                    "",
                    "| reason | what | what to do |",
                    "|---|---|---|",
                    *rows,
                ]
            )
        )
    return "\n\n".join(parts)


def _plain(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")
