"""The parts of the pages that come from the program. `make docs` writes them; `test_docs.py` compares them."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

from medcutmix_cli.configuration.settings import TREE
from tests.benchmarks.speed.page import read_block
from tests.pages import (
    checkup,
    data_sets,
    example,
    figure,
    keywords,
    own_data,
    reason_page,
    rooms,
    schema,
    strategies,
)

ROOT = Path(__file__).resolve().parents[1]
README = ROOT / "README.md"
CONTRIBUTING = ROOT / "CONTRIBUTING.md"
CONSTRAINTS = ROOT / "constraints.txt"
CARRIED_CONSTRAINTS = ROOT / "medcutmix_cli" / "doctor" / "constraints.txt"
"""What `medcutmix doctor` compares with, where only the package is installed."""
EXAMPLE_RECIPE = ROOT / "examples" / "recipe.toml"
FIGURE = ROOT / "docs" / "weights.png"


def benchmark_table() -> str:
    """Return the kept table of the benchmark against the notebook loop."""
    return read_block(ROOT / "tests" / "benchmarks" / "RESULTS.md", "notebook")


Blocks = Mapping[str, Callable[[], str]]

PAGES: Mapping[Path, Blocks] = {
    README: {"first-columns": schema.first_columns, "benchmark": benchmark_table},
    CONTRIBUTING: {"rooms": rooms.room_map},
    ROOT / "docs" / "schema.md": {
        "columns": schema.columns,
        "structs": schema.structs,
        "nulls": schema.nulls,
        "versions": schema.versions,
        "label-order": schema.labels,
        "metadata": schema.metadata,
    },
    ROOT / "docs" / "own-data.md": {"roles": own_data.roles},
    ROOT / "docs" / "data-sets.md": {"labels": data_sets.labels},
    ROOT / "docs" / "reasons.md": {"reasons": reason_page.reason_tables},
    ROOT / "docs" / "doctor.md": {"checks": checkup.checks},
    ROOT / "docs" / "export.md": {"exports": strategies.exports},
    ROOT / "docs" / "settings.md": {table: partial(keywords.settings_table, table) for table in TREE},
    ROOT / "docs" / "weights.md": {"weights": example.weights_table, "labels": example.labels_table},
    ROOT / "docs" / "strategies.md": {
        **{kind: partial(strategies.strategies, kind) for kind in strategies.KINDS},
        "image-modes": strategies.image_modes,
        "policy-keys": strategies.policy_keys,
        "policy": strategies.policy,
        "weight": strategies.weights,
    },
}
"""Each page with its generated blocks, which stand between `<!-- begin: name -->` and `<!-- end: name -->`."""


def rendered(text: str, blocks: Blocks) -> str:
    """Return a page with every generated block as the program gives it now."""
    for name, make in blocks.items():
        block = f"<!-- begin: {name} -->\n{make()}\n<!-- end: {name} -->"
        pattern = f"<!-- begin: {name} -->.*?<!-- end: {name} -->"
        text = re.sub(pattern, lambda _match, block=block: block, text, flags=re.DOTALL)
    return text


def write_pages() -> None:
    """Write every generated block of every page, and the figure."""
    for page, blocks in PAGES.items():
        page.write_text(rendered(page.read_text(encoding="utf-8"), blocks), encoding="utf-8")
    EXAMPLE_RECIPE.write_text(keywords.example_recipe(EXAMPLE_RECIPE), encoding="utf-8")
    CARRIED_CONSTRAINTS.write_bytes(CONSTRAINTS.read_bytes())
    figure.write_figure(FIGURE)
    keywords.write_keywords()


if __name__ == "__main__":
    write_pages()
