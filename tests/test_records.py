"""The nouns as a whole; what single ones can do is tested in `tests/records`."""

from dataclasses import FrozenInstanceError, fields, is_dataclass
from inspect import getmembers, isclass

import pytest

from medcutmix_cli import records
from tests.builders import make_pair, make_study
from tests.fresh_process import run_statements

NOUNS = [noun for _name, noun in getmembers(records, isclass)]


def test_every_public_class_of_the_files_is_offered_by_the_package():
    modules = {noun.__module__ for noun in NOUNS}
    defined = {
        noun
        for name in modules
        for _name, noun in getmembers(__import__(name, fromlist=["x"]), isclass)
        if noun.__module__ == name
    }
    assert defined == set(NOUNS)
    assert {noun.__name__ for noun in NOUNS} <= set(records.__all__)


@pytest.mark.parametrize(
    "noun", [noun for noun in NOUNS if is_dataclass(noun)], ids=lambda noun: noun.__name__
)
def test_a_record_is_frozen(noun):
    record = object.__new__(noun)
    with pytest.raises(FrozenInstanceError):
        setattr(record, fields(noun)[0].name, None)


def test_no_record_shows_the_text_of_a_report():
    study, pair = make_study(), make_pair()
    shown = repr(study) + repr(pair)
    for text in (
        study.report,
        pair.report,
        pair.recipient.sentence,
        pair.donor.report,
        *(e.text for e in pair.edits),
    ):
        assert text
        assert text not in shown
    assert "effusion." not in shown


def test_the_nouns_load_no_heavy_library():
    code = (
        "import sys, medcutmix_cli.records; print({'numpy', 'pyarrow', 'spacy', 'torch'} & set(sys.modules))"
    )
    assert run_statements(code) == "set()\n"
