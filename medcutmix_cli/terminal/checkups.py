"""A checkup: PASS, WARN or FAIL, what was found, and what to do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from medcutmix_cli.terminal.words import printable, quantity

if TYPE_CHECKING:
    from medcutmix_cli.doctor.records import Checkup, Diagnosis

_STYLES = {"pass": "green", "warn": "bold yellow", "fail": "bold red"}


def checkup_view(checkup: Checkup) -> RenderableType:
    """Render all diagnoses in order, and their sum."""
    table = Table.grid(padding=(0, 2))
    for _ in range(2):
        table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for diagnosis in checkup.diagnoses:
        grade = Text(diagnosis.grade.upper(), _STYLES[diagnosis.grade])
        table.add_row(grade, Text(diagnosis.check, "bold"), _told(diagnosis))
    warned = quantity(checkup.count("warn"), "warning")
    failed = quantity(checkup.count("fail"), "failure")
    return Group(table, "", f"{quantity(checkup.count('pass'), 'check')} passed, {warned}, {failed}.")


def _told(diagnosis: Diagnosis) -> Text:
    text = Text(printable(diagnosis.what), overflow="fold")
    return text.append(f"\n{printable(diagnosis.fix)}", "dim") if diagnosis.fix else text
