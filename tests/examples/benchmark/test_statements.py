import numpy as np
import pytest

from examples.benchmark.statements import agreement, statements
from medcutmix_cli.findings import CHEXPERT

EFFUSION, EDEMA = CHEXPERT.index("Pleural Effusion"), CHEXPERT.index("Edema")


def row(**values):
    said = np.full(14, np.nan, np.float32)
    for name, value in values.items():
        said[{"effusion": EFFUSION, "edema": EDEMA}[name]] = value
    return said


def true_of(said, labels, own=0, unmentioned=0.0):
    """Say of one statement of row `own` how true it is of each row."""
    found = agreement([said], np.stack(labels), np.array([own]), unmentioned)
    return found.true[:, 0].tolist(), found.unknown[:, 0].tolist()


@pytest.mark.parametrize(
    ("text", "effusion", "edema"),
    [
        ("Small left pleural effusion.", 1, np.nan),
        ("No pleural effusion or edema.", 0, 0),
        ("Pulmonary edema without pleural effusion.", 0, 1),
        ("No pleural effusion, but pulmonary edema.", 0, 1),
        ("The pleural effusion has resolved.", 0, np.nan),
    ],
)
def test_a_sentence_says_what_it_asserts_and_what_it_denies(text, effusion, edema):
    (only,) = statements(text)
    assert only.text == text
    assert np.array_equal(only.said[[EFFUSION, EDEMA]], [effusion, edema], equal_nan=True)


def test_sentences_that_hedge_or_name_no_finding_are_left_out():
    text = "The ribs are intact. Possible pneumonia. No pleural effusion. Right pneumothorax."
    assert [each.text for each in statements(text)] == ["No pleural effusion.", "Right pneumothorax."]


@pytest.mark.parametrize("text", ["The ribs are intact.", "Possible pneumonia.", ""])
def test_a_text_that_is_sure_of_nothing_is_one_statement_of_nothing(text):
    (only,) = statements(text)
    assert only.text == text
    assert np.isnan(only.said).all()


def test_an_assertion_is_true_of_the_rows_that_have_the_finding():
    labels = [row(effusion=1), row(effusion=0), row(), row(effusion=1, edema=1)]
    assert true_of(row(effusion=1), labels) == ([1, 0, 0, 1], [False] * 4)


def test_a_denial_is_true_of_the_rows_that_have_none_of_it():
    labels = [row(effusion=0), row(effusion=1), row(), row(edema=1)]
    assert true_of(row(effusion=0, edema=0), labels) == ([1, 0, 1, 0], [False] * 4)


def test_what_is_uncertain_is_neither_true_nor_false():
    labels = [row(effusion=1), row(effusion=-1), row(effusion=0, edema=-1)]
    assert true_of(row(effusion=1), labels) == ([1, 0, 0], [False, True, False])


def test_what_is_not_said_can_be_unknown():
    labels = [row(effusion=1), row(edema=1)]
    assert true_of(row(effusion=1), labels, unmentioned=float("nan")) == ([1, 0], [False, True])


def test_soft_labels_make_soft_truth():
    labels = [row(effusion=0.5, edema=0.25), row(effusion=1, edema=0)]
    assert true_of(row(effusion=1, edema=0), labels)[0] == [0.375, 1]


def test_a_statement_of_nothing_is_of_its_own_row_alone():
    assert true_of(row(), [row(effusion=1), row(), row()], own=1) == ([0, 1, 0], [False] * 3)


@pytest.mark.parametrize("own", [row(effusion=0), row(effusion=-1)])
def test_a_statement_that_is_true_of_no_row_is_of_its_own(own):
    assert true_of(row(effusion=1), [row(effusion=0), own], own=1) == ([0, 1], [False, False])
