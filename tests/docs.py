"""The parts of the README that come from the program. `make docs` writes them; `test_docs.py` compares them."""

from __future__ import annotations

import re
from pathlib import Path

from medcutmix_cli.shards import COLUMNS

ROOT = Path(__file__).resolve().parents[1]
README = ROOT / "README.md"


def schema_table() -> str:
    """Return schema v1 as a Markdown table; a parent's columns are said once."""
    rows = ["| column | type | meaning |", "|---|---|---|"]
    names = {column.name for column in COLUMNS}
    for column in COLUMNS:
        twin = column.name[:-1] + {"a": "b", "b": "a"}.get(column.name[-1], "")
        paired = column.name[-2:] in ("_a", "_b") and twin in names
        if not (paired and column.name.endswith("_b")):
            name = f"{column.name}`, `{twin}" if paired else column.name
            kind = str(column.type).replace("<item: ", "<").replace("|", "\\|")
            kind = "struct" if kind.startswith("struct") else kind.replace("list<struct", "list<struct")
            rows.append(f"| `{name}` | {_short(kind)} | {column.meaning.replace('|', chr(92) + '|')} |")
    return "\n".join(rows)


def _short(kind: str) -> str:
    return re.sub(r"<struct<.*", "<struct>", kind)


def benchmark_table() -> str:
    """Return the kept table of the benchmark against the notebook loop."""
    text = (ROOT / "tests" / "benchmarks" / "RESULTS.md").read_text(encoding="utf-8")
    return text.partition("\n\n")[2].strip()


BLOCKS = {"schema": schema_table, "benchmark": benchmark_table}


def rendered(text: str) -> str:
    """Return the README with every generated block as the program gives it now."""
    for name, make in BLOCKS.items():
        block = f"<!-- begin: {name} -->\n{make()}\n<!-- end: {name} -->"
        pattern = f"<!-- begin: {name} -->.*?<!-- end: {name} -->"
        text = re.sub(pattern, lambda _match, block=block: block, text, flags=re.DOTALL)
    return text


if __name__ == "__main__":
    README.write_text(rendered(README.read_text(encoding="utf-8")), encoding="utf-8")
