from dataclasses import replace

from medcutmix_cli.records import IMAGE_MODES, MAPPED_MODES, MapTarget, Side
from tests.builders import make_pair


def test_a_parent_is_asked_for_what_its_report_says_of_the_finding():
    parent = replace(make_pair().donor, side=Side.LEFT, severity="large", location="lower")
    assert parent.target("mass") == MapTarget("mass", Side.LEFT, "large", "lower")


def test_modes_with_maps_are_modes():
    assert set(IMAGE_MODES) > MAPPED_MODES
    assert make_pair().image_mode in IMAGE_MODES
