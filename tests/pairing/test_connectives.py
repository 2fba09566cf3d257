from itertools import product

import pytest

from medcutmix_cli.pairing.connectives import loosen_ties
from medcutmix_cli.pairing.drafting import SentenceChange
from medcutmix_cli.pairing.tables import table
from medcutmix_cli.reports.reader import ReportReader
from tests.builders import make_report

READER = ReportReader()
WORDS = table("giving")["connective"]["words"]
NEXT = ("no evidence of pneumothorax.", "there is no effusion.", "the heart is normal in size.")


def loosen(*findings, leaving=0):
    read = READER.read(make_report(*findings)).sentences
    sentences = [sentence for sentence in read if sentence.section == "findings"]
    return sentences, loosen_ties(sentences, [SentenceChange(sentences[leaving])])


@pytest.mark.parametrize(("word", "rest"), list(product(WORDS, NEXT)))
def test_a_word_that_ties_goes_with_the_sentence_it_is_tied_to(word, rest):
    _, changes = loosen(f"The lungs are clear. {word.capitalize()}, {rest}")
    assert len(changes) == 2
    assert changes[1].left.text == rest[:1].upper() + rest[1:]
    assert changes[1].left.sentences


@pytest.mark.parametrize("rest", NEXT)
def test_a_sentence_that_is_tied_to_nothing_stays_as_it_is(rest):
    _, changes = loosen(f"The lungs are clear. {rest.capitalize()}")
    assert len(changes) == 1


def test_a_tie_to_a_sentence_that_stays_stays():
    _, changes = loosen("Normal heart. The lungs are clear. Specifically, no effusion.")
    assert len(changes) == 1


@pytest.mark.parametrize(
    "part", ["The cardiac silhouette is", "The osseous structures are", "The trachea is"]
)
def test_what_is_otherwise_normal_is_normal_where_the_exception_has_left(part):
    _, changes = loosen(f"Minimal mediastinal shift. {part} otherwise normal.")
    assert changes[1].left.text == f"{part} normal."


@pytest.mark.parametrize("rest", ["The lungs are otherwise clear.", "Lungs are otherwise normal."])
def test_the_rest_of_the_lungs_is_no_such_exception(rest):
    _, changes = loosen(f"Left basilar atelectasis. {rest}")
    assert len(changes) == 1
