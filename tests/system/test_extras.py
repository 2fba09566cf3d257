import re
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from medcutmix_cli.system import extras
from medcutmix_cli.system.extras import DISTRIBUTION, brought_by, pip_line

INSTALL = (Path(__file__).resolve().parents[2] / "docs" / "install.md").read_text(encoding="utf-8")
EXTRAS = sorted(metadata.metadata(DISTRIBUTION).get_all("Provides-Extra"))
NEEDS = [
    "numpy>=1",
    "thing[fast,odd]<6,>=5; extra == 'ghost'",
    "other>=2; extra == 'ghost'",
    "far; extra == 'not'",
]


@pytest.mark.parametrize("extra", [extra for extra in EXTRAS if extra not in ("dev", "test")])
def test_the_line_of_an_extra_is_the_documented_one(extra):
    command, _, place = pip_line(extra).partition(" in ")
    assert f"| `{command}` |" in INSTALL
    assert place == "the folder of the source"


def test_every_documented_line_is_of_an_extra():
    assert set(re.findall(r"'\.\[(\w+)\]'`", INSTALL)) == set(EXTRAS) - {"dev", "test"}


@pytest.mark.parametrize("extra", EXTRAS)
def test_what_an_extra_brings_is_what_the_metadata_says(extra):
    asked = [Requirement(need) for need in metadata.requires(DISTRIBUTION)]
    wanted = {need.name for need in asked if need.marker and need.marker.evaluate({"extra": extra})}
    assert set(brought_by(extra)) == wanted


def test_the_line_of_another_distribution_names_what_its_extra_asks_for(monkeypatch):
    monkeypatch.setattr(extras.metadata, "requires", lambda _name: NEEDS)
    assert pip_line("ghost", "corner") == "pip install 'thing[fast,odd]<6,>=5' 'other>=2'"


def test_an_extra_of_which_nothing_is_known_is_asked_for_by_name():
    assert pip_line("ghost", "no-such-distribution") == "pip install 'no-such-distribution[ghost]'"
