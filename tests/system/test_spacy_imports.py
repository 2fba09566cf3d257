"""spaCy without the downloads and projects of its command line, which is there for whoever asks for it later."""

from tests.fresh_process import run_statements

QUICK = "import sys; from medcutmix_cli.system.torchless_imports import load_thinc; load_thinc()"
"""As processes that read reports do; with torch each of these would take four seconds more."""

LOAD = "from medcutmix_cli.system.spacy_imports import load_spacy; load_spacy(); import spacy"
SPLIT = "assert [str(word) for word in spacy.blank('en')('No effusion.')] == ['No', 'effusion', '.']"
CLI = ("spacy.cli", "weasel", "httpx")


def test_it_works_and_nothing_of_its_command_line_is_loaded():
    run_statements(QUICK, LOAD, SPLIT, f"assert not set(sys.modules) & set({CLI})")


def test_without_this_it_would_be_loaded():
    run_statements(QUICK, "import spacy", f"assert set({CLI}) <= set(sys.modules)")


def test_whoever_asks_for_it_later_has_it():
    run_statements(
        QUICK,
        LOAD,
        "assert spacy.info(silent=True)['spacy_version'] == spacy.__version__",
        "import spacy.cli; assert spacy.cli.info.__module__ == 'spacy.cli.info'; assert spacy.cli.download",
        "from spacy.cli.info import info_model",
        SPLIT,
    )


def test_where_it_is_loaded_already_nothing_is_changed():
    run_statements(QUICK, "import spacy; before = spacy.info", LOAD, "assert spacy.info is before")
