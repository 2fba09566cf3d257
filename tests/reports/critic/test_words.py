import re

import pytest

from medcutmix_cli.reports.critic.words import asserts, only_side, says
from medcutmix_cli.reports.tables import table


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("There is a shift.", True),
        ("There may be a shift.", True),
        ("No shift.", False),
        ("There is no effusion or shift.", False),
        ("Nothing here.", False),
    ],
)
def test_words_that_are_denied_are_not_asserted(text, seen):
    assert asserts(text, re.compile(r"(?<![^ ])shift(?![^ ])")) is seen


@pytest.mark.parametrize(
    ("text", "side"), [("The left lung.", "left"), ("Right, not left.", ""), ("The lung.", "")]
)
def test_one_side_is_a_side(text, side):
    assert only_side(text) == side


def test_every_list_of_the_table_is_a_pattern():
    for part in ("arrival", "contradiction", "departure", "observed", "parts"):
        for name in table("critic")[part]:
            assert not says("", part, name)
