"""Why a finding was read so: phrase, cue, scope and line, and that it says what the reader says."""

from importlib.resources import files

import pytest

from medcutmix_cli.records import Assertion
from medcutmix_cli.reports.explanation import explain
from medcutmix_cli.reports.reader import ReportReader
from medcutmix_cli.reports.tables import lexicon_of, use_lexicon

FINDINGS = ["effusion", "pneumothorax", "consolidation", "scarring", "mass", "atelectasis"]
SAYINGS = {
    "No {}.": ("absent", "no", "assertion.toml"),
    "No evidence of {}.": ("absent", "no evidence of", "assertion.toml"),
    "{} is not seen.": ("absent", "is not seen", "assertion.toml"),
    "Possible {}.": ("uncertain", "possible", "assertion.toml"),
    "{} has resolved.": ("resolved", "has resolved", "assertion.toml"),
    "Zilch {}.": ("absent", "zilch", "my.toml"),
}
MINE = '[[cue]]\ncategory = "absent"\ndirection = "before"\nadd.phrases = ["zilch"]\n'


def why(text, mine=""):
    with use_lexicon(lexicon_of(mine, "my.toml" if mine else "")):
        return explain(text, ReportReader().read(text))


def line_of(rule, mine=""):
    """Return the line of a rule file that an explanation names."""
    built_in = files("medcutmix_cli.reports").joinpath("rules", rule.file)
    text = mine if rule.file == "my.toml" else built_in.read_text("utf-8")
    return text.splitlines()[rule.line - 1]


@pytest.mark.parametrize("finding", FINDINGS)
@pytest.mark.parametrize("saying", SAYINGS)
def test_the_cue_that_decided_is_named_with_its_line(saying, finding):
    assertion, cue, file = SAYINGS[saying]
    (one,) = why(saying.format(finding), MINE)
    assert (one.assertion, one.by_words, one.why) == (assertion, assertion, "")
    (decided,) = one.cues
    assert (decided.words, decided.category, decided.rule.file) == (cue, assertion, file)
    assert decided.rule.phrase in line_of(decided.rule, MINE)
    assert finding in decided.scope


@pytest.mark.parametrize("finding", FINDINGS)
def test_a_finding_without_a_cue_has_the_phrase_that_named_it_and_no_cue(finding):
    (one,) = why(f"There is {finding}.")
    assert (one.words, one.cues, one.why) == (finding, (), "")
    (rule,) = one.rules
    assert rule.phrase in line_of(rule)
    assert rule.file == "findings.toml"


@pytest.mark.parametrize("finding", FINDINGS)
def test_a_cue_that_does_not_reach_is_not_named_and_its_scope_ends_before(finding):
    first, second = why(f"No fracture, but {finding} is seen.")
    assert (second.assertion, second.cues) == (Assertion.PRESENT, ())
    assert finding not in first.cues[0].scope


def test_cues_that_would_each_do_are_all_named():
    (one,) = why("No effusion is not seen.")
    assert one.assertion == "absent"
    assert {cue.category for cue in one.cues} == {"absent"}


def test_a_description_has_the_rules_of_its_subject_and_predicate():
    (one,) = why("The heart is enlarged.")
    subject, predicate = one.rules
    assert "heart" in subject.phrase
    assert "enlarged" in predicate.phrase
    assert all(rule.phrase in line_of(rule) for rule in one.rules)


@pytest.mark.parametrize(
    ("text", "reason", "by_words"),
    [
        pytest.param("The heart is normal.", "normal", "present", id="called normal"),
        pytest.param("INDICATION: Pneumonia.\nFINDINGS: No mass.", "asked", "present", id="what was asked"),
        pytest.param(
            "Blunted costophrenic angle, and scarring.", "context", "present", id="may be explained"
        ),
    ],
)
def test_what_else_had_a_say_is_named(text, reason, by_words):
    one = why(text)[0]
    assert (one.why, one.by_words) == (reason, by_words)
    assert one.assertion != by_words


def test_every_finding_of_a_report_is_explained_as_it_was_read():
    report = (
        "HISTORY: Chest pain (CP), effusion?\nFINDINGS: Hydropneumothorax (HPT) on the left. No HPT on the right,\n"
        "no mass. 4 mm nodule. Heart size is normal; effusion - none.\nIMPRESSION: 1. HPT.\n"
    )
    reading = ReportReader().read(report)
    mentions = [m for s in reading.sentences for m in s.mentions]
    explained = explain(report, reading)
    assert len(mentions) > 7
    assert [(m.finding, m.start, m.end, m.assertion) for m in mentions] == [
        (e.finding, e.start, e.end, e.assertion) for e in explained
    ]
    assert all(e.words == report[e.start : e.end] for e in explained)
    assert {e.counts for e in explained} == {True, False}


def test_a_users_own_phrase_is_named_by_his_file():
    mine = '[[finding]]\nid = "mass"\nadd.terms = [\n  "blip",\n  "whopper",\n]\n'
    (one,) = why("A whopper.", mine)
    assert (one.rules[0].file, one.rules[0].line) == ("my.toml", 5)
    (other,) = why("A mass.", mine)
    assert other.rules[0].file == "findings.toml"


def test_no_word_of_a_report_shows_in_an_explanation_that_is_printed_by_accident():
    assert "pneumothorax is" not in repr(why("No tension pneumothorax is seen.")).lower()
