import math
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from medcutmix_cli.findings import CHEXPERT
from medcutmix_cli.records import Assertion, SentenceKind, Side
from medcutmix_cli.reports.labels import chexpert_labels, finding_states, labels_of_states
from medcutmix_cli.reports.lexicon import label_of
from medcutmix_cli.reports.prompts import NO_FINDING, phrasings, prompt_labels, prompt_report
from medcutmix_cli.reports.reader import ReportReader

READERS = {rules: ReportReader(rules) for rules in ("mimic-official", "strict")}
NIH = {label: finding for finding, label in label_of("nih").items()}


def read(labels, study="00000001_000", rules="mimic-official"):
    return READERS[rules].read(prompt_report(study, labels), study)


def findings_of(reading):
    assert set(finding_states(reading).values()) <= {Assertion.PRESENT}
    return set(finding_states(reading))


def test_there_are_sentences_for_every_label_of_the_lexicon():
    assert set(prompt_labels()) == set(NIH)
    assert len(prompt_labels()) == 14


@pytest.mark.parametrize("rules", READERS)
@pytest.mark.parametrize("label", prompt_labels())
def test_every_sentence_is_read_as_its_finding_and_no_more(label, rules):
    for phrase in phrasings(label):
        (sentence,) = READERS[rules].read(f" FINDINGS:  {phrase}\n").sentences
        (mention,) = sentence.mentions
        assert sentence.kind is SentenceKind.DIAGNOSTIC
        assert not sentence.flags
        assert (mention.finding, mention.assertion) == (NIH[label], Assertion.PRESENT)
        said = (mention.side, mention.location, mention.severity, mention.measurement, mention.prior)
        assert said == (Side.NONE, "", "", "", False)


@pytest.mark.parametrize("phrase", phrasings(NO_FINDING))
def test_every_normal_sentence_is_normal_and_denies_no_finding_by_name(phrase):
    reading = READERS["mimic-official"].read(f" FINDINGS:  {phrase}\n")
    (sentence,) = reading.sentences
    assert sentence.kind is SentenceKind.NORMAL
    assert not sentence.mentions
    labels = dict(zip(CHEXPERT, chexpert_labels(reading), strict=True))
    assert {name for name, value in labels.items() if not math.isnan(value)} == {"No Finding"}
    assert labels["No Finding"] == 1.0


@pytest.mark.parametrize("rules", READERS)
@pytest.mark.parametrize("size", [1, 2, 3, 13, 14])
def test_a_prompt_says_its_labels_and_no_other(size, rules):
    for number, labels in enumerate(combinations(prompt_labels(), size)):
        reading = read(labels, f"s{number}", rules)
        assert findings_of(reading) == {NIH[label] for label in labels}
        assert len(reading.sentences) == size
        assert {sentence.section for sentence in reading.sentences} == {"findings"}


@given(st.sets(st.sampled_from(prompt_labels()), min_size=1), st.text(max_size=20))
def test_any_labels_of_any_study_come_back(labels, study):
    states = finding_states(READERS["mimic-official"].read(prompt_report(study, labels)))
    assert labels_of_states(states, "nih") == dict.fromkeys(labels, 1.0)


def test_the_order_of_labels_and_their_repetition_decide_nothing():
    one = prompt_report("a", ["Mass", "Effusion"])
    assert one == prompt_report("a", ["Effusion", "Mass", "Effusion"])


def test_wordings_vary_between_studies_and_never_for_one():
    reports = [prompt_report(f"s{number}", ["Effusion"]) for number in range(60)]
    assert len(set(reports)) == len(phrasings("Effusion"))
    assert reports == [prompt_report(f"s{number}", ["Effusion"]) for number in range(60)]


@pytest.mark.parametrize("labels", [(), (NO_FINDING,)], ids=["no-labels", "no-finding"])
def test_a_study_without_findings_gets_a_normal_report(labels):
    assert any(phrase in prompt_report("s", labels) for phrase in phrasings(NO_FINDING))


def test_a_label_without_sentences_is_refused():
    with pytest.raises(KeyError, match="Situs inversus"):
        prompt_report("s", ["Situs inversus"])


def test_no_finding_beside_a_finding_is_refused():
    with pytest.raises(ValueError, match="No Finding"):
        prompt_report("s", ["No Finding", "Mass"])
