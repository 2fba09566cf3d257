"""What a draft makes of a report is refused by name where the mixed report would not read as it is meant."""

import pytest
from hypothesis import given, settings

from medcutmix_cli.pairing.changes import host
from medcutmix_cli.pairing.drafting import Draft, SentenceChange
from medcutmix_cli.pairing.editing import splice
from medcutmix_cli.pairing.insertions import Insertion
from medcutmix_cli.pairing.statements import Refusal, statement_of
from medcutmix_cli.pairing.text_change import TextChange, change_by, mixed_body
from tests.builders import make_report
from tests.pairing.test_changes import DONOR, changes_of, made_up_reports, read

COMING = "pleural_effusion"


def drafted(report, *, leaving=(), told=("findings",), donor=DONOR):
    """Return the change of a draft: sentences with these words leave, and what comes is told in these sections."""
    recipient, giver = read(report), read(donor, 1)
    given = statement_of(giver, COMING)
    gone = [s for s in recipient.reading.sentences if any(word in s.text for word in leaving)]
    coming = tuple((name, given.in_style(name, telegraphic=False)) for name in told)
    draft = Draft(tuple(map(SentenceChange, gone)), coming)
    return change_by(recipient, draft, None, given, Insertion.of(given.sentences))


def test_a_draft_that_holds_is_the_change_it_tells_of():
    report = make_report("Normal heart size.", "No pneumothorax.")
    change = drafted(report)
    assert isinstance(change, TextChange)
    assert "effusion obscures the right base" in splice(report, change.edits)
    assert [s.section for s in change.inserted] == ["findings"]
    assert (change.leaving, change.coming.text) == (
        None,
        "A large right pleural effusion obscures the right base.",
    )


@pytest.mark.parametrize(
    ("report", "how", "reason"),
    [
        (
            make_report("A large right pleural effusion obscures the right base."),
            {},
            "statement-would-stand-twice",
        ),
        (
            make_report("Normal heart size."),
            {"told": ("findings", "findings")},
            "statement-would-stand-twice",
        ),
        (make_report("No pleural effusion.", "Normal heart size."), {}, "contradiction-would-be-left"),
        (
            make_report("No pneumothorax.", "No fracture."),
            {"leaving": ["fracture"]},
            "denial-of-another-would-be-lost",
        ),
        (
            make_report("Left rib fracture.", impression=("Left rib fracture.", "Normal heart size.")),
            {"leaving": ["Left rib fracture"], "told": ("findings", "impression")},
            None,
        ),
    ],
)
def test_what_would_be_untrue_is_refused_by_name(report, how, reason):
    change = drafted(report, **how)
    assert change == Refusal(reason) if reason else isinstance(change, TextChange)


def test_a_finding_does_not_go_from_one_section_and_stay_in_another():
    report = make_report("Left rib fracture.", "Normal heart.", impression=("Left rib fracture seen again.",))
    lost = drafted(report, leaving=["again"], told=("findings", "impression"))
    assert lost == Refusal("other-finding-lost-in-a-section")
    assert isinstance(drafted(report), TextChange)


@settings(max_examples=60)
@given(made_up_reports(), made_up_reports())
def test_a_section_edited_by_itself_is_that_of_the_edited_report(report, other):
    recipient, donor = read(report), read(other, 1)
    for change in changes_of(recipient, donor):
        if isinstance(change, TextChange):
            mixed, shift = splice(report, change.edits), 0
            for section in recipient.reading.sections:
                body = mixed_body(report, section, change.edits)
                assert mixed[section.start + shift : section.start + shift + len(body)] == body
                shift += len(body) - (section.end - section.start)


def test_the_edits_of_another_section_leave_a_section_as_it_is():
    report = make_report("Normal heart size.", impression=("No pneumothorax.",))
    change = host(read(report), read(DONOR, 1), COMING)
    untouched = [edit for edit in change.edits if edit.section == "findings"]
    impression = read(report).reading.section("impression")
    assert mixed_body(report, impression, untouched) == report[impression.start : impression.end]
