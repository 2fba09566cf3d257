"""Slight or everywhere: which words of a statement say so."""

import pytest

from medcutmix_cli.pairing.extent import is_diffuse, is_slight
from medcutmix_cli.reports.reader import ReportReader


def say(text):
    return ReportReader().read(f"FINDINGS: {text}").sentences[0]


@pytest.mark.parametrize(
    ("text", "slight"),
    [
        ("Mild streaky left basilar opacity.", True),
        ("Minimal atelectasis.", True),
        ("Coarse interstitial markings.", True),
        ("Left basilar opacity.", False),
        ("Mild airspace opacity.", False),
        ("Large linear opacity.", False),
        ("Small left pleural effusion.", False),  # no shadow in a lung
    ],
)
def test_a_shadow_is_slight_by_its_words(text, slight):
    assert is_slight(say(text)) is slight


@pytest.mark.parametrize(
    ("text", "diffuse"),
    [
        ("Diffuse interstitial opacities.", True),
        ("Opacities throughout the lungs.", True),
        ("Innumerable nodules.", True),
        ("Opacity in both lungs.", True),
        ("Left basilar opacity.", False),
        ("Bibasilar atelectasis.", False),
    ],
)
def test_what_is_everywhere_is_diffuse(text, diffuse):
    assert is_diffuse(say(text)) is diffuse
