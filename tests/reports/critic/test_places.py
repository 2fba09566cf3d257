"""Words that put something into hilum or mediastinum are told from words for the lung beside them."""

import pytest

from medcutmix_cli.reports.critic.places import places_of
from tests.reports.critic.reports import READER, report


def places(text):
    return places_of(READER.read(report(text)).sentences)


@pytest.mark.parametrize(
    "text", ["Left hilar mass.", "Opacity at the right hilum.", "Right paratracheal nodule."]
)
def test_a_part_beside_the_lungs_is_known(text):
    assert len(places(text)) == 1


@pytest.mark.parametrize(
    "text", ["Left perihilar opacity.", "Right infrahilar opacity.", "Left apical mass."]
)
def test_a_place_in_the_lung_is_none(text):
    assert places(text) == ()
