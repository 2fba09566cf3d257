from dataclasses import replace

from medcutmix_cli.records import Assertion, Mention, Reading, Section, Sentence, SentenceKind

MASS = Mention("mass", 2, 6, Assertion.PRESENT)
EDEMA = Mention("edema", 11, 16, Assertion.ABSENT)
SENTENCE = Sentence(0, 17, "A mass. No edema.", "findings", SentenceKind.DIAGNOSTIC, (MASS, EDEMA))


def test_findings_are_those_that_a_sentence_asserts_as_asked():
    assert SENTENCE.findings() == {"mass"}
    assert SENTENCE.findings(Assertion.ABSENT) == {"edema"}
    assert SENTENCE.findings(Assertion.UNCERTAIN) == set()


def test_place_and_words_alone_are_the_hash_of_a_sentence():
    same = replace(SENTENCE, section="impression", mentions=())
    assert hash(same) == hash(SENTENCE)
    assert same != SENTENCE


def test_the_first_section_of_a_name_is_found():
    sections = (Section("findings", "FINDINGS", 0, 17), Section("findings", "FINDINGS", 20, 30))
    reading = Reading(sections, (SENTENCE,))
    assert reading.section("findings") is sections[0]
    assert reading.section("impression") is None
