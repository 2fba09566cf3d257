"""Reading a report loads no torch, which spaCy would bring along; what needs it finds it."""

import pytest

from tests.fresh_process import run_statements

READ = "from medcutmix_cli.reports.pipeline import abbreviations; abbreviations('Chest tube (CT) in place (left).')"
LEFT_OUT = "from medcutmix_cli.system.torchless_imports import lacks_torch"
LOADED = "import sys; assert 'spacy' in sys.modules"


@pytest.fixture(scope="module")
def seen():
    """Read a report, split a text, load torch and split it again, in one process; return the answers in this order."""
    split = "print([str(word) for word in spacy.blank('en')('No effusion.')])"
    told = run_statements(
        READ,
        LOADED,
        "print('torch' in sys.modules)",
        "import spacy",
        split,
        "import torch; print(torch.zeros(1).tolist())",
        split,
    )
    return told.splitlines()


def test_reading_loads_spacy_and_no_torch_which_can_be_loaded_afterwards(seen):
    assert (seen[0], seen[2]) == ("False", "[0.0]")


def test_spacy_works_without_it_and_beside_it(seen):
    assert seen[1] == seen[3] == "['No', 'effusion', '.']"


@pytest.mark.parametrize(
    ("before", "lacking"),
    [("", True), ("import torch", False), ("import spacy", False)],
    ids=["nothing", "torch-before", "spacy-before"],
)
def test_it_is_known_whether_a_network_of_torch_can_run_in_spacy(before, lacking):
    run_statements(
        LEFT_OUT, "assert not lacks_torch()", before, READ, LOADED, f"assert lacks_torch() is {lacking}"
    )


def test_reading_with_a_model_loads_the_model_first_and_with_torch(tmp_path):
    import spacy

    model = spacy.blank("en")
    model.add_pipe("entity_ruler").add_patterns([{"label": "ENTITY", "pattern": "effusion"}])
    model.to_disk(tmp_path)
    reader = "from medcutmix_cli.reports.reader import ReportReader"
    read = f"read = ReportReader(nlp_model={str(tmp_path)!r}).read"
    run_statements(
        LEFT_OUT, reader, read, "read('Pleural effusion (PE).')", LOADED, "assert not lacks_torch()"
    )
