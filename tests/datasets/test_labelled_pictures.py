import tomllib

import pytest

from medcutmix_cli.datasets import labelled_pictures
from medcutmix_cli.datasets.labelled_pictures import SpokenLabels, labelled_row, say_labels
from medcutmix_cli.datasets.row_source import PROBLEM
from medcutmix_cli.reports.prompts import NO_FINDING, prompt_labels
from medcutmix_cli.reports.reader import ReportReader
from tests.released_trees import VINDR_COLUMNS

TABLES = tomllib.loads((labelled_pictures.files("medcutmix_cli.datasets") / "label_names.toml").read_text())
SAID = [
    (kind, label, name)
    for kind, table in TABLES.items()
    for name, own in table["said"].items()
    for label in own
]
QUIET = [(kind, label) for kind, table in TABLES.items() for label in table["quiet"]]


@pytest.mark.parametrize(("kind", "label", "name"), SAID)
def test_a_label_is_said_as_a_finding_that_prompts_have(kind, label, name):
    assert name in (*prompt_labels(), NO_FINDING)
    assert say_labels(kind, [f" {label} ", ""]) == SpokenLabels((name,))


@pytest.mark.parametrize(("kind", "label"), QUIET)
def test_a_label_that_may_go_unsaid_says_nothing_alone(kind, label):
    assert label not in {own for its, own, _ in SAID if its == kind}
    assert say_labels(kind, [label]).problem == "label-has-no-prompt"
    said = next(own for its, own, name in SAID if its == kind and name == "Pneumonia")
    assert say_labels(kind, [label, said]) == SpokenLabels(("Pneumonia",))


@pytest.mark.parametrize("kind", TABLES)
def test_a_label_that_no_prompt_can_say_leaves_the_picture_out(kind):
    said = [own for its, own, name in SAID if its == kind and name in ("Pneumonia", NO_FINDING)]
    assert say_labels(kind, [said[0], "something else"]).problem == "label-has-no-prompt"
    assert say_labels(kind, said).problem == "labels-contradictory"
    assert say_labels(kind, []).problem == "labels-missing"


def test_every_label_of_vindr_is_said_quiet_or_leaves_the_picture_out():
    known = {label for kind, label, *_ in [*SAID, *QUIET] if kind == "vindr-cxr"}
    assert known <= set(VINDR_COLUMNS)
    assert len(known) == 13


def test_a_row_with_labels_says_them_and_one_in_trouble_says_why():
    row = {"study": "s1", PROBLEM: ""}
    made = labelled_row(row, SpokenLabels(("Effusion", "Pneumonia")))
    reading = ReportReader().read(made["report"], "s1")
    mentioned = {mention.finding for sentence in reading.sentences for mention in sentence.mentions}
    assert mentioned == {"pleural_effusion", "pneumonia"}
    assert made["labels"] == {"Pleural Effusion": 1.0, "Pneumonia": 1.0}
    assert labelled_row(row, SpokenLabels(problem="labels-missing"))[PROBLEM] == "labels-missing"
    assert (
        labelled_row({**row, PROBLEM: "image-missing"}, SpokenLabels(("Mass",)))[PROBLEM] == "image-missing"
    )
