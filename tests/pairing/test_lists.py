import pytest

from medcutmix_cli.pairing.lists import items_of, next_marker
from medcutmix_cli.reports.reader import ReportReader

READER = ReportReader()


def marker_behind(body):
    report = f"IMPRESSION: {body}"
    return next_marker(report, items_of(report, READER.read(report).sentences), len(report)).strip()


@pytest.mark.parametrize(
    ("body", "marker"),
    [
        ("1. Cardiomegaly. 2. Tortuous aorta.", "3."),
        ("1) Cardiomegaly. 2) Tortuous aorta.", "3)"),
        ("1. Cardiomegaly. 2. 17 mm nodule in the left lung.", "3."),
        ("1. Cardiomegaly. 2., Mild wedge deformity.", "3."),
        ("1. Nodule of 2.5 cm.", "2."),
    ],
)
def test_the_next_number_is_one_that_no_item_has(body, marker):
    assert marker_behind(body) == marker
