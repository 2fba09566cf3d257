"""What a terminal shows of a rendering."""

import io

from rich.console import Console


def printed(view, *, width=80, colour=False, encoding="utf-8"):
    """Return what a terminal of this width shows."""
    stream = io.TextIOWrapper(io.BytesIO(), encoding=encoding)
    system = {"color_system": "standard", "force_terminal": True} if colour else {"color_system": None}
    console = Console(file=stream, width=width, highlight=False, _environ={}, **system)
    console.print(view)
    stream.seek(0)
    return stream.read()
