from itertools import product

import pytest

from medcutmix_cli.pairing.causes import causes_of, doubted_labels
from medcutmix_cli.records import Assertion
from medcutmix_cli.reports.reader import ReportReader
from tests.builders import make_report

CAUSES = {"pneumonia": "Pneumonia", "atelectasis": "Atelectasis", "consolidation": "Consolidation"}
OF_IT = (
    ("{shadow} which may represent {cause}.", ""),
    ("{shadow}, possibly {cause}.", ""),
    ("{shadow}. This may represent {cause}.", ""),
    ("{shadow}. Possible {cause}.", ""),
    ("{shadow}.", "Possible left lower lobe {cause}."),
    ("{shadow}.", "Questionable {cause}."),
)
OF_ANOTHER = (
    ("{shadow}. Possible right basilar {cause}.", ""),
    ("{shadow}. Possible left apical {cause}.", ""),
    ("{shadow}. In addition, there may be {cause} elsewhere.", ""),
    ("{shadow}.", "Possible right upper lobe {cause}."),
)
SHADOWS = {"opacity": "Left basilar opacity", "infiltrate": "Left basilar infiltrate"}


def read(text, impression):
    return ReportReader().read(make_report(text, impression=(impression,) if impression else ()))


def told(form, finding, cause):
    return read(*(part.format(shadow=SHADOWS[finding], cause=cause) for part in form))


@pytest.mark.parametrize(("form", "finding", "cause"), list(product(OF_IT, SHADOWS, CAUSES)))
def test_a_doubt_of_a_shadow_is_about_it(form, finding, cause):
    assert CAUSES[cause] in doubted_labels(told(form, finding, cause), finding)


@pytest.mark.parametrize(("form", "finding", "cause"), list(product(OF_ANOTHER, SHADOWS, CAUSES)))
def test_a_doubt_of_another_lesion_is_not(form, finding, cause):
    assert doubted_labels(told(form, finding, cause), finding) == ()


@pytest.mark.parametrize("finding", ["pleural_effusion", "mass", "atelectasis"])
def test_only_a_word_for_a_shadow_may_be_something(finding):
    text = "Left pleural effusion. Left basilar atelectasis. Left mass. Possible left pneumonia."
    assert causes_of(read(text, ""), finding) == ()


def test_what_a_report_calls_its_shadow_is_a_cause_too_and_no_doubt():
    reading = read("Left basilar opacity.", "Left lower lobe pneumonia.")
    assert [(m.finding, m.assertion) for m in causes_of(reading, "opacity")] == [
        ("pneumonia", Assertion.PRESENT)
    ]
    assert doubted_labels(reading, "opacity") == ()
