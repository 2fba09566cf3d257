"""What prompts say of the labels of published data sets, as the page of data sets shows it."""

from __future__ import annotations

import tomllib
from importlib.resources import files


def labels() -> str:
    """Return the table of labels by what a prompt says."""
    text = files("medcutmix_cli.datasets").joinpath("label_names.toml").read_text(encoding="utf-8")
    rows = ["| set | a prompt says | of the labels |", "|---|---|---|"]
    for kind, table in tomllib.loads(text).items():
        rows += [
            f"| `{kind}` | {name.replace('_', ' ')} | {', '.join(own)} |"
            for name, own in table["said"].items()
        ]
        rows.append(f"| `{kind}` | nothing, beside another label | {', '.join(table['quiet'])} |")
    return "\n".join(rows)
