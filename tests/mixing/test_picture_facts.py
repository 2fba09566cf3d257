import numpy as np
import pytest

from medcutmix_cli.mixing import picture_facts as module
from medcutmix_cli.mixing.leads import find_leads
from medcutmix_cli.mixing.markers import find_markers
from medcutmix_cli.mixing.picture_facts import picture_facts
from medcutmix_cli.registration.anatomy import picture_anatomy
from medcutmix_cli.registration.pictures import register_picture
from tests.thoraxes import phantom_chest

GRID = (7, 7)


@pytest.fixture
def chest():
    return phantom_chest(3)


def test_facts_are_what_the_parts_find(chest):
    facts = picture_facts(chest.pixels, chest.placement)
    pose = register_picture(chest.pixels, chest.placement).pose
    assert np.array_equal(facts.registration().pose.to_picture, pose.to_picture)
    assert np.array_equal(facts.markers().letters, find_markers(chest.pixels, chest.placement).letters)
    assert np.array_equal(facts.leads(), find_leads(chest.pixels, pose))
    assert np.array_equal(facts.anatomy(GRID).lungs, picture_anatomy(pose, GRID).lungs)


def test_each_is_found_out_once_and_only_when_it_is_asked_for(chest, monkeypatch):
    asked = []

    def register(pixels, placement):
        asked.append("registration")
        return register_picture(pixels, placement)

    def mark(pixels, placement):
        asked.append("letters")
        return find_markers(pixels, placement)

    def look_for_leads(pixels, pose):
        asked.append("leads")
        return find_leads(pixels, pose)

    monkeypatch.setattr(module, "find_leads", look_for_leads)
    monkeypatch.setattr(module, "register_picture", register)
    monkeypatch.setattr(module, "find_markers", mark)
    facts = picture_facts(chest.pixels, chest.placement)
    assert asked == []
    for _ in range(2):
        facts.markers(), facts.anatomy(GRID), facts.anatomy((14, 14)), facts.registration(), facts.leads()
    assert asked == ["letters", "registration", "leads"]
    assert facts.anatomy((14, 14)).lungs.shape == (14, 14)
