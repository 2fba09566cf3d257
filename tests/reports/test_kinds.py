import pytest

from medcutmix_cli.records import SentenceKind as K
from medcutmix_cli.reports.reader import ReportReader


def only(text):
    (sentence,) = ReportReader().read(text).sentences
    return sentence


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("There is a small left effusion.", K.DIAGNOSTIC),
        ("Small effusion; cardiomegaly is unchanged.", K.DIAGNOSTIC),
        ("Left effusion is unchanged.", K.PRIOR),
        ("Possible left effusion.", K.UNCERTAIN),
        ("No effusion, possible pneumonia.", K.UNCERTAIN),
        ("The effusion has resolved.", K.RESOLVED),
        ("No effusion or pneumothorax.", K.NEGATIVE),
        ("The heart size is normal.", K.NORMAL),
        ("No acute cardiopulmonary process.", K.NORMAL),
        ("The endotracheal tube ends 4 cm above the carina.", K.DEVICE),
        ("NG tube in normal position.", K.DEVICE),
        ("Findings were discussed with Dr. ___ by telephone.", K.NOTIFICATION),
        ("PA and lateral views were obtained.", K.OTHER),
    ],
)
def test_the_first_kind_that_applies_wins(text, kind):
    assert only(text).kind is kind


@pytest.mark.parametrize(
    ("text", "flag"),
    [
        ("A 1.5 cm nodule.", "measurement"),
        ("A 3.5 x 2.2 cm mass.", "measurement"),
        ("Effusion, compared to ___.", "date"),
        ("Effusion, seen by Dr. Smith.", "name"),
        ("Effusion; this was discussed with the team.", "notification"),
        ("Nodule; CT is recommended.", "recommendation"),
        ("Effusion is stable.", "prior"),
        ("Effusion with chest tube in place.", "device"),
        ("1. Small effusion.", "list-marker"),
    ],
)
def test_flags_name_what_else_a_sentence_holds(text, flag):
    assert flag in only(text).flags


def test_a_plain_sentence_has_no_flags():
    assert only("There is a small left pleural effusion.").flags == ()
