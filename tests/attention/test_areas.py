"""The tables of areas: complete, in order, and what the tool makes of the polygons they come from."""

import json
import runpy
import tomllib
from importlib.resources import files
from pathlib import Path

import pytest

from medcutmix_cli.attention import AreaRange, expected_area
from medcutmix_cli.attention.areas import measured_areas
from medcutmix_cli.records import MapTarget
from medcutmix_cli.reports.lexicon import finding_ids

ROOT = Path(__file__).resolve().parents[2]
POLYGONS = ROOT / "../shared/data/chestx-det/ChestX_Det_train.json"
RULES = files("medcutmix_cli.attention") / "rules"
SIZES = tomllib.loads((RULES / "sizes.toml").read_text(encoding="utf-8"))
WORDS = tomllib.loads(
    (files("medcutmix_cli.reports") / "rules" / "attributes.toml").read_text(encoding="utf-8")
)["severity"]["words"]


@pytest.mark.skipif(not POLYGONS.is_file(), reason="../shared/data/chestx-det is not here")
def test_the_table_is_what_the_tool_makes_of_the_polygons():
    tool = runpy.run_path(str(ROOT / "tools" / "finding_areas.py"))
    pictures = json.loads(POLYGONS.read_text(encoding="utf-8"))
    assert (RULES / "areas.tsv").read_text(encoding="utf-8") == tool["table"](pictures)


def test_polygons_of_one_finding_that_overlap_count_once():
    tool = runpy.run_path(str(ROOT / "tools" / "finding_areas.py"))
    squares = [[[at, at], [at + 511, at], [at + 511, at + 511], [at, at + 511]] for at in (0, 256)]
    found = tool["areas_by_class"]([{"syms": ["Mass", "Mass"], "polygons": squares}])
    assert found == {"Mass": [pytest.approx((2 * 0.25) - 0.0625, abs=0.001)]}


def test_every_name_is_a_finding_of_the_lexicon_and_stands_once():
    known = set(finding_ids())
    assert set(measured_areas()) <= known
    assert set(SIZES["like"]) <= known - set(measured_areas())
    assert set(SIZES["like"].values()) <= set(measured_areas())


def test_percentiles_are_in_order():
    assert all(0 < area.least < area.usual < area.most < 1 for area in measured_areas().values())


def test_every_word_of_size_that_the_reader_knows_has_a_factor():
    assert set(SIZES["severity"]) == set(WORDS)


def test_words_of_size_are_in_order():
    areas = [
        expected_area(MapTarget("pleural_effusion", severity=word)).most
        for word in ("tiny", "small", "small to moderate", "moderate", "moderate to large", "large")
    ]
    assert areas == sorted(set(areas))


def test_what_has_no_polygons_is_as_large_as_what_it_is_like():
    assert expected_area(MapTarget("pneumonia")) == measured_areas()["consolidation"]


@pytest.mark.parametrize("finding", ["", "hernia"])
def test_what_nothing_is_known_of_may_have_any_measured_size(finding):
    area, known = expected_area(MapTarget(finding)), measured_areas().values()
    assert (area.least, area.most) == (min(a.least for a in known), max(a.most for a in known))
    assert area.least < area.usual < area.most


def test_no_area_is_larger_than_the_picture():
    assert AreaRange(0.1, 0.4, 0.6).times(2) == AreaRange(0.2, 0.8, 1.0)
