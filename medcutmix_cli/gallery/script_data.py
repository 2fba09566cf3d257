"""Records as JSON that a page can hold or load: no `</script>`, no control character, no name that means something.

Only ASCII is written, so that neither a browser nor a terminal finds anything in it that it would act on.
"""

from __future__ import annotations

import json
from math import isfinite
from typing import Any

_ESCAPES = {ord(sign): f"\\u{ord(sign):04x}" for sign in "<>&'\x7f"}


def data_json(value: Any) -> str:
    """Return a value as JSON that may stand between script tags; numbers that are none become null."""
    return json.dumps(_finite(value), ensure_ascii=True, separators=(",", ":"), allow_nan=False).translate(
        _ESCAPES
    )


def data_script(name: str, value: Any) -> str:
    """Return a script that hands a value to the page; the value is text, parsed there, and never code."""
    return f"medcutmixTake({data_json(name)},{data_json(data_json(value))});\n"


def data_block(name: str, value: Any) -> str:
    """Return an element that holds a value inside the page."""
    return f'<script type="application/json" id="{name}">{data_json(value)}</script>'


def _finite(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): _finite(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(entry) for entry in value]
    return None if isinstance(value, float) and not isfinite(value) else value
