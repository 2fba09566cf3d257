"""What is added at the end of a section stands before the part of it that is about another part of the body."""

import pytest

from medcutmix_cli.pairing.changes import host
from tests.builders import make_report
from tests.pairing.test_courses import mixed, read

CAME = "Mild left basilar atelectasis."
OTHER = ["Ribs.", "Left ribs.", "Lumbar spine.", "Abdomen.", "Right shoulder.", "Pelvis."]


def told(impression):
    report = make_report("Heart size is normal.", impression=(impression,))
    text = mixed(host(read(report), read(make_report(CAME), 1), "atelectasis"), report)
    return " ".join(text[text.index("IMPRESSION:") + 11 :].split())


@pytest.mark.parametrize("heading", OTHER)
def test_it_stands_before_another_part_of_the_body(heading):
    before, behind = "Chest. Normal heart size.", f"{heading} No displaced fracture."
    assert told(f"{before} {behind}") == f"{before} {CAME} {behind}"


@pytest.mark.parametrize(
    "text", ["Normal heart size. Ribs are intact.", "Heart. Normal size.", "Chest. Normal heart size."]
)
def test_elsewhere_it_stands_at_the_end(text):
    assert told(text) == f"{text} {CAME}"


def test_a_section_that_begins_with_another_part_is_added_to_at_its_end():
    assert told("Ribs. No displaced fracture.") == f"Ribs. No displaced fracture. {CAME}"
