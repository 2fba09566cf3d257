from itertools import product

import pytest

from medcutmix_cli.pairing.observations import observations, signs

SHOWN = [
    "Low lung volumes",
    "Hypoinflation",
    "Elevated left hemidiaphragm",
    "Elevation of the right hemidiaphragm",
    "Tortuous aorta",
    "Degenerative changes of the spine",
    "Median sternotomy wires",
    "Bronchovascular crowding",
    "Volume loss",
]
SIGNS = {
    "pneumothorax": [
        "mediastinal shift",
        "a deep sulcus sign",
        "deviation of the trachea",
        "the mediastinum is shifted",
    ],
    "pleural_effusion": ["a meniscus", "blunting of the left costophrenic angle"],
    "atelectasis": ["volume loss", "loss of volume", "displaced fissure"],
    "pneumonia": ["air bronchograms", "obscured left hemidiaphragm", "obscuration of the right heart border"],
    "edema": ["kerley b lines", "cephalization", "peribronchial cuffing"],
}
PAIRS = [(finding, sign) for finding, listed in SIGNS.items() for sign in listed]


@pytest.mark.parametrize(
    ("shown", "rest"), list(product(SHOWN, ["{}.", "{} with atelectasis.", "There is {}."]))
)
def test_what_is_shown_and_is_no_finding_is_known(shown, rest):
    assert len(observations(rest.format(shown.lower()))) == 1


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Small left effusion.",
        "The lungs are clear.",
        "Normal heart.",
        "Opacity obscures the hemidiaphragm.",
    ],
)
def test_a_finding_or_a_normal_organ_is_none(text):
    assert observations(text) == ()


@pytest.mark.parametrize(("finding", "sign"), PAIRS)
def test_a_sign_is_found_where_it_stands(finding, sign):
    text = f"There is now {sign}."
    ((start, end),) = signs(text, [finding])
    assert text[start:end].lower() in sign
    assert start > text.index("now")


@pytest.mark.parametrize(("finding", "sign"), PAIRS)
def test_a_denied_sign_and_one_of_another_finding_are_none(finding, sign):
    assert signs(f"There is no {sign}.", [finding]) == ()
    assert signs(f"There is {sign}.", ["mass"]) == ()


def test_a_sign_of_what_stays_as_well_is_none():
    assert signs("There is volume loss.", ["atelectasis"], ["atelectasis"]) == ()


def test_the_sign_of_what_leaves_is_no_observation():
    assert observations("Atelectasis with volume loss.") == ("volume loss",)
    assert observations("Atelectasis with volume loss.", ["atelectasis"]) == ()
