"""Which sections are edited, and what is flagged where only one is."""

import pytest

from medcutmix_cli.configuration.resolution import resolve
from medcutmix_cli.configuration.settings import PlanSettings
from medcutmix_cli.errors import UsageError
from medcutmix_cli.pairing import SameFinding
from medcutmix_cli.pairing.editing import splice
from medcutmix_cli.planning.plan import make_plan
from tests.builders import make_report, make_study

RECIPIENT = make_report(
    "Small right pleural effusion.", "Normal heart size.", impression=("Small right effusion.",)
)
DONOR = make_report("Large right pleural effusion is seen.", impression=("Large right effusion.",))


def pair_of(sections, recipient=RECIPIENT, donor=DONOR):
    studies = [make_study(0, recipient), make_study(1, donor)]
    plan = make_plan(studies, PlanSettings(sections=sections, unmixed="drop"), SameFinding())
    return next((p for p in plan.pairs if p.recipient.study_id == studies[0].study_id), None), plan


def test_findings_and_impression_are_mirrored_by_default():
    pair, _ = pair_of("mirror")
    assert pair.findings_text == "Large right pleural effusion is seen. Normal heart size."
    assert pair.impression_text == "Large right effusion."
    assert pair.impression_consistent


@pytest.mark.parametrize("sections", ["findings", "impression"])
def test_one_section_alone_is_edited_and_the_pair_flagged(sections):
    pair, _ = pair_of(sections)
    other = "impression" if sections == "findings" else "findings"
    assert "Large" in getattr(pair, f"{sections}_text")
    assert getattr(pair, f"{other}_text") == getattr(pair.recipient, f"{other}_text")
    assert {edit.section for edit in pair.edits} == {sections}
    assert pair.report == splice(pair.recipient.report, pair.edits)
    assert not pair.impression_consistent


def test_an_impression_that_does_not_speak_of_it_is_in_step():
    quiet = make_report("Small right pleural effusion.", impression=("Normal heart size.",))
    pair, _ = pair_of("findings", recipient=quiet)
    assert pair.impression_consistent


def test_a_report_without_the_section_is_refused_by_name():
    pair, plan = pair_of("impression", recipient=make_report("Small right pleural effusion."))
    assert pair is None
    assert plan.refused["nothing-to-edit-in-impression"] > 0


def test_another_choice_is_refused():
    with pytest.raises(UsageError, match=r"plan\.sections: there is no 'both'"):
        resolve({"plan.sections": "both"})
