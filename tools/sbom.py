"""Write a software bill of materials, CycloneDX 1.6 as JSON, of what is installed here."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from importlib import metadata
from pathlib import Path
from typing import Any

from tools.dependencies import PROGRAM, Dependency, dependencies, licence_of


def bill(found: Sequence[Dependency]) -> dict[str, Any]:
    """Return the document: the program, its packages, and that it depends on them."""
    program = _component(PROGRAM, metadata.version(PROGRAM), licence_of(PROGRAM), "application")
    components = [_component(one.name, one.version, one.licence) for one in found]
    direct = [_purl(one.name, one.version) for one in found if one.direct]
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {"component": program},
        "components": components,
        "dependencies": [{"ref": program["bom-ref"], "dependsOn": direct}],
    }


def _component(name: str, version: str, licence: str, kind: str = "library") -> dict[str, Any]:
    """Return one package; a local part of a version (+cpu) is no part of its name on the index."""
    purl = _purl(name, version)
    said = {"licenses": [{"expression": licence}]} if licence and licence != "BSD" else {}
    named = {"licenses": [{"license": {"name": licence}}]} if licence == "BSD" else said
    return {"type": kind, "bom-ref": purl, "name": name, "version": version, "purl": purl, **named}


def _purl(name: str, version: str) -> str:
    return f"pkg:pypi/{name}@{version.replace('+', '%2B')}"


def write_bill(target: Path) -> None:
    """Write the document of what is installed here."""
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(json.dumps(bill(dependencies()), indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    write_bill(Path(sys.argv[1]))
