from dataclasses import replace

import pytest

from medcutmix_cli.pairing.attributes import attributes_of
from medcutmix_cli.planning.reading import read_study
from medcutmix_cli.records import Side
from medcutmix_cli.reports.reader import ReportReader
from tests.builders import make_report, make_study

READER = ReportReader()
FINDINGS = {
    "consolidation": "consolidation",
    "pleural_effusion": "pleural effusion",
    "pneumothorax": "pneumothorax",
    "atelectasis": "atelectasis",
    "pneumonia": "pneumonia",
}
CUES = {
    "There is {} at the left base.": "present",
    "No {}.": "absent",
    "Possible {}.": "uncertain",
    "The {} has resolved.": "absent",
}


def known(*sentences, labels="rules", view="PA", **changes):
    study = replace(make_study(0, make_report(*sentences), view=view), **changes)
    return attributes_of(read_study(study, study.images[0], READER, labels))


@pytest.mark.parametrize("finding", FINDINGS)
@pytest.mark.parametrize("cue", CUES)
def test_a_finding_has_the_state_that_its_report_gives_it(finding, cue):
    assert known(cue.format(FINDINGS[finding])).state(finding) == CUES[cue]


@pytest.mark.parametrize("finding", FINDINGS)
def test_what_nobody_speaks_of_is_unsaid(finding):
    assert known("The heart size is normal.").state(finding) == "unsaid"


@pytest.mark.parametrize(
    ("sentences", "side", "severity"),
    [
        pytest.param(["There is a small left pleural effusion."], Side.LEFT, "small", id="as-it-is-told"),
        pytest.param(["There is a pleural effusion."], Side.NONE, "", id="neither-is-told"),
        pytest.param(["Small bilateral pleural effusions."], Side.BILATERAL, "small", id="of-both"),
        pytest.param(
            ["Small left pleural effusion.", "Large right pleural effusion."],
            Side.BILATERAL,
            "",
            id="of-each",
        ),
    ],
)
def test_side_and_severity_are_those_of_all_its_mentions(sentences, side, severity):
    stated = known(*sentences).finding("pleural_effusion")
    assert (stated.side, stated.severity) == (side, severity)


@pytest.mark.parametrize(
    ("sentence", "device"),
    [
        ("A left pectoral pacemaker is in place.", "yes"),
        ("No pneumothorax.", "no"),
        ("Possible catheter fragment.", ""),
    ],
)
def test_a_device_is_there_or_not_or_not_known(sentence, device):
    assert known(sentence).value("device") == device


def test_a_prompt_made_of_labels_does_not_say_that_there_is_no_device():
    assert "device" not in dict(known("No pneumothorax.", prompted=True).values)
    assert known("A left pectoral pacemaker is in place.", prompted=True).value("device") == "yes"


def test_a_view_that_is_not_known_is_no_attribute():
    assert known("Clear.", view="AP").value("view") == "AP"
    assert "view" not in dict(known("Clear.", view="").values)


def test_a_table_has_the_last_word():
    attributes = known("Clear.", attributes=(("device", "yes"), ("sex", "f")))
    assert attributes.values == (("device", "yes"), ("sex", "f"), ("view", "PA"))


def test_a_label_table_that_denies_a_finding_is_believed():
    sentence = "There is a small left pleural effusion."
    labels = {"Pleural Effusion": 0.0, "Pneumothorax": 1.0}
    assert known(sentence).present == ("pleural_effusion",)
    study = replace(make_study(0, make_report(sentence)), labels=labels)
    read = attributes_of(read_study(study, study.images[0], READER, "csv"))
    assert read.state("pleural_effusion") == "absent"
    assert read.state("pneumothorax") == "present"  # one finding stands behind that observation


def test_a_label_that_several_findings_count_as_names_none_of_them():
    study = replace(make_study(0, make_report("The heart is normal.")), labels={"Lung Opacity": 1.0})
    assert attributes_of(read_study(study, study.images[0], READER, "csv")).present == ()
