"""Which values a setting may have, where they can be listed: declared, or the names of registered parts."""

from __future__ import annotations

import re
from collections.abc import Sequence

from medcutmix_cli.configuration.declaration import Setting


def choices_of(setting: Setting) -> tuple[str, ...]:
    """Return its values; nothing where they cannot be listed. No part is imported."""
    from medcutmix_cli.configuration.registry import (
        names,  # which loads importlib.metadata: half a help page's time
    )

    declared = setting.declared
    return names(declared.kind) if declared.kind else declared.choices


def untold_choices(setting: Setting, text: str) -> str:
    """Return "One of: a, b." where a text about the setting leaves one of its values out, else ""."""
    return list_untold(choices_of(setting), text)


def list_untold(choices: Sequence[str], text: str) -> str:
    """Return "One of: a, b." where a text leaves one of the choices out, else ""."""
    if all(re.search(rf"(?<![\w-]){re.escape(choice)}(?![\w-])", text) for choice in choices):
        return ""
    return f"One of: {', '.join(choices)}."
