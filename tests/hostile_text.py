"""Text that would steer a terminal or a page where it is shown as it is; and whether any of it came through."""

from __future__ import annotations

TITLE = "\x1b]0;taken\x07"
"""Sets the title of a terminal's window."""

STEERING = (TITLE, "\x1b[2J", "\x9b31m", "\x08\x08", "\x0c", "\x7f", "\u202eabc", "\u2066abc", "\u2028abc")
MARKUP = ("[/]", "[bold]", "[link=file:///etc]x[/link]", "\\[")
"""What rich would take for its own."""

TAGS = (
    "<script>alert(1)</script>",
    "\"><img src=x onerror='alert(1)'>",
    "' onmouseover='alert(1)",
    "</title></style></textarea><svg onload=alert(1)>",
    "&#x3c;script&#x3e;",
    "${title} $lead $$",
    "javascript:alert(1)",
)
ALL = (*STEERING, *MARKUP, *TAGS)
WORST = "".join(ALL)

_ALLOWED = "\n\t"


def steers(text: str) -> bool:
    """Say whether a text holds a character that a terminal obeys, or that changes the direction of reading."""
    return any(_is_steering(ord(character)) for character in text if character not in _ALLOWED)


def _is_steering(code: int) -> bool:
    control = code < 0x20 or 0x7F <= code < 0xA0
    direction = code in (0x061C, 0x200E, 0x200F) or 0x202A <= code <= 0x202E or 0x2066 <= code <= 0x2069
    return control or direction or code in (0x2028, 0x2029)
