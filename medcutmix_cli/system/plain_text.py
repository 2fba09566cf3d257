"""Text that steers nothing where it is shown: no terminal, no page, no reading direction. Knows no record.

Ids, paths and reports are somebody's bytes. ESC and its relatives (C0, DEL, C1) move the cursor, change the title of a
window and more; embeddings and overrides of direction (Unicode TR 9) show characters in another order than they have.
"""

from __future__ import annotations

import html
import re

_BIDI = (0x061C, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A))
_BREAKS = (0x2028, 0x2029)
"""Line and paragraph separators: some programs end a line there."""

_STEERING = (*range(0x20), *range(0x7F, 0xA0), *_BIDI, *_BREAKS)
_UNSAFE: dict[int, str] = dict.fromkeys(_STEERING, "\ufffd")
_UNSAFE |= {ord("\n"): "\n", ord("\t"): "\t", ord("\r"): ""}
_TO_ESCAPE = re.compile(f"[{re.escape(''.join(chr(code) for code in _STEERING if code > 0x20))}]")


def printable(text: str) -> str:
    """Replace what could steer a terminal or a page: control characters and changes of writing direction."""
    return text.translate(_UNSAFE)


def escape_html(text: object) -> str:
    """Return text that stands for itself in HTML, between tags and in quoted attributes."""
    return html.escape(printable(str(text)), quote=True)


def harmless_json(document: str) -> str:
    """Escape what `json.dumps` leaves as it is and a terminal would obey; the document says the same.

    Args:
        document: JSON; such characters can stand in its strings only.
    """
    return _TO_ESCAPE.sub(lambda found: f"\\u{ord(found[0]):04x}", document)
