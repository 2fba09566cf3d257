"""The page of the doctor: what each check looks at."""

from __future__ import annotations

from medcutmix_cli.doctor.examination import CHECKS
from tests.pages.markdown import code, table


def checks() -> str:
    """Return the table of checks, in their order."""
    return table(("check", "looks at"), [(code(check.name), check.looks_at) for check in CHECKS])
