"""Where a sentence puts its finding."""

import pytest

from medcutmix_cli.evaluation.stated_place import stated_place
from medcutmix_cli.records import Side
from medcutmix_cli.reports.reader import ReportReader
from tests.run_folders import make_row


@pytest.mark.parametrize(
    ("sentence", "zones"),
    [
        ("There is consolidation at the left base.", {"lower"}),
        ("Left upper lobe consolidation.", {"upper"}),
        ("Lingular consolidation.", {"middle", "lower"}),
        ("There is a left consolidation.", set()),
        ("Right apical pneumothorax.", set()),
        ("", set()),
    ],
)
def test_zones_are_those_of_the_finding_that_came_in(sentence, zones):
    row = make_row(finding="consolidation", sentence_b=sentence, side_b="left")
    place = stated_place(row, ReportReader())
    assert (place.side, place.zones) == (Side.LEFT, zones)
