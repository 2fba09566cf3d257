"""What a report and its picture count as in the shape of a set."""

import math

import pytest

from medcutmix_cli.findings import CHEXPERT
from medcutmix_cli.pairing.cohort import pack_study
from medcutmix_cli.pairing.traits import KEY_BYTES, sentence_keys, traits_of
from medcutmix_cli.planning.reading import choose_image, read_study
from medcutmix_cli.records import Assertion, Mention, Side
from medcutmix_cli.reports.reader import ReportReader
from tests.builders import make_report, make_study

NOTHING = (math.nan,) * len(CHEXPERT)


def mention(side, assertion=Assertion.PRESENT):
    return Mention("mass", 0, 4, assertion, side)


def packed(*sentences, view="PA"):
    study = make_study(0, make_report(*sentences), view=view)
    return pack_study(read_study(study, choose_image(study.images), ReportReader()), ())


@pytest.mark.parametrize(
    ("sentences", "view", "traits"),
    [
        pytest.param(
            ("There is a small right pleural effusion.",),
            "AP",
            {"label: Pleural Effusion", "side: right", "view: AP"},
            id="a finding, its side and the view",
        ),
        pytest.param(
            ("No left pleural effusion.",),
            "PA",
            {"label: No Finding", "view: PA"},
            id="the side of a denial counts not",
        ),
        pytest.param(
            ("A right chest tube is in place.", "Left lung mass."),
            "PA",
            {"label: Lung Lesion", "device: yes", "side: left", "side: right", "view: PA"},
            id="a device is a trait of its own and no label",
        ),
    ],
)
def test_a_study_counts_as_what_its_report_says(sentences, view, traits):
    assert set(packed(*sentences, view=view).traits) == traits


@pytest.mark.parametrize("value", [0.0, -1.0, math.nan], ids=["absent", "uncertain", "unsaid"])
def test_only_what_is_there_is_a_trait(value):
    assert traits_of((value,) * len(CHEXPERT), "", [mention(Side.LEFT, Assertion.ABSENT)]) == ()


def test_a_side_that_is_not_said_is_none():
    assert traits_of(NOTHING, "", [mention(Side.NONE)]) == ()
    assert traits_of(NOTHING, "", [mention(Side.BILATERAL), mention(Side.BILATERAL)]) == ("side: bilateral",)


def test_sentences_are_the_same_by_their_words_alone():
    one, other = packed("Heart size is normal.").sentences, packed("HEART  size\nis normal.").sentences
    assert len(one) == KEY_BYTES
    assert one == other != packed("Heart size is large.").sentences
    assert sentence_keys([]) == b""
