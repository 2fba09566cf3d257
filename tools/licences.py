"""Write docs/licences.md: every dependency with its licence. `make docs` calls it where all extras are installed."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from tools.dependencies import ALLOWED, Dependency, dependencies

PAGE = Path(__file__).resolve().parents[1] / "docs" / "licences.md"

_HEAD = """# Licences of what the program needs

Of the packages that it names itself and of those that these need, with the extras encoders, huggingface and ray, as
their metadata says (`python -m tools.licences` writes this page; versions stand in `constraints.txt` and `locks/`). A
package with a licence that is not on the list in `tools/dependencies.py` fails a test. The extra gdcm adds python-gdcm
(BSD). Not in the table: torch as PyPI has it for Linux brings NVIDIA's CUDA libraries (nvidia-*, cuda-*), under
NVIDIA's own terms; the CPU wheel brings none. Weights and data sets have terms of their own: [encoders](encoders.md).
"""


def page(found: Sequence[Dependency]) -> str:
    """Return the page."""
    lines = [
        f"| {one.name} | {one.licence or 'not said'} | {'by itself' if one.direct else ''} |" for one in found
    ]
    allowed = ", ".join(sorted(ALLOWED))
    return "\n".join(
        [_HEAD, "| package | licence | named |", "|---|---|---|", *lines, "", f"Allowed: {allowed}.", ""]
    )


def main() -> None:
    """Write the page, or end the program where a licence is not allowed."""
    found = dependencies()
    refused = [f"{one.name}: {', '.join(one.refused)}" for one in found if one.refused]
    if refused:
        sys.exit("\n".join(refused))
    PAGE.write_text(page(found), encoding="utf-8")


if __name__ == "__main__":
    main()
