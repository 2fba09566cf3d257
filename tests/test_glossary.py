"""The glossary says where a term is defined; the code says which terms there are."""

import ast
import re
from importlib import import_module
from pathlib import Path

import pytest

import medcutmix_cli
from medcutmix_cli.configuration.registry import GROUPS
from tests.docs import ROOT

PACKAGE = Path(medcutmix_cli.__file__).parent
TEXT = (ROOT / "docs" / "glossary.md").read_text(encoding="utf-8")
ROW = re.compile(r"^\| ([^|]+) \| ([^|]+) \| `([\w/]+)\.py` `(\w+)` \|$", re.MULTILINE)
ROWS = ROW.findall(TEXT)
TERMS = [term for term, *_ in ROWS]
DEFINED = {(module, name) for _, _, module, name in ROWS}
CONTRACTS = {
    "alignment": ("registration/alignment_rule", "AlignmentRule"),
    "dataset": ("datasets/base", "Dataset"),
    "encoder": ("encoders/base", "Encoder"),
    "pairing": ("pairing/proposal", "PairingStrategy"),
    "mask": ("attention/rule", "MaskRule"),
    "gate": ("attention/gate", "Gate"),
    "region": ("mixing/region_rule", "RegionRule"),
    "blend": ("mixing/blend_rule", "BlendRule"),
    "weight": ("mixing/weights", "image_mass"),  # a plain function: no protocol
    "engine": ("engines", "Engine"),
    "export": ("exports/profile", "ExportProfile"),
}


def modules_in(package):
    """Return the modules of a package as the glossary names them."""
    return [
        path.relative_to(PACKAGE).with_suffix("").as_posix()
        for path in sorted((PACKAGE / package).glob("*.py"))
    ]


def test_every_line_of_the_table_is_understood():
    lines = [line for line in TEXT.splitlines() if line.startswith("|")]
    assert len(lines) - 2 == len(ROWS) > 0


@pytest.mark.parametrize(("module", "name"), sorted(DEFINED), ids=lambda part: part)
def test_a_term_is_defined_where_the_glossary_says(module, name):
    assert hasattr(import_module("medcutmix_cli." + module.replace("/", ".")), name)


def test_terms_are_in_the_order_of_the_alphabet_and_there_once():
    assert sorted(set(TERMS), key=str.lower) == TERMS


NOUNS = ["engines", *modules_in("records"), *modules_in("configuration/settings")]


@pytest.mark.parametrize("module", NOUNS)
def test_every_public_class_of_the_nouns_is_a_term(module):
    tree = ast.parse((PACKAGE / f"{module}.py").read_text(encoding="utf-8"))
    classes = {
        node.name for node in tree.body if isinstance(node, ast.ClassDef) and not node.name.startswith("_")
    }
    assert {name for name in classes if (module, name) not in DEFINED} == set()


def test_every_kind_of_part_is_a_term_with_its_contract():
    assert set(CONTRACTS) == set(GROUPS)
    said = {term: (module, name) for term, _, module, name in ROWS if term in GROUPS}
    assert said == CONTRACTS
