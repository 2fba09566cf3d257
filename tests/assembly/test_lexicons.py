"""Which lexicon a run reads by: the copy in its folder, if it is still that of the plan."""

from types import SimpleNamespace

import pytest

from medcutmix_cli.assembly.lexicons import keep_lexicon, lexicon_of_run, lexicon_sources
from medcutmix_cli.errors import RunError
from medcutmix_cli.reports.tables import BUILT_IN, lexicon_of, use_lexicon
from medcutmix_cli.run.folder import RunFolder

STENT = '[[finding]]\nid = "stent"\nterms = ["stent"]\n'


def planned(text):
    return SimpleNamespace(sources=lexicon_sources(lexicon_of(text, "elsewhere.toml")))


def test_a_run_without_one_reads_by_the_built_in_lexicon(tmp_path):
    assert lexicon_sources(BUILT_IN) == {}
    assert lexicon_of_run(RunFolder(tmp_path), SimpleNamespace(sources={})) is BUILT_IN


def test_a_run_reads_by_its_copy_wherever_the_file_was(tmp_path):
    folder = RunFolder(tmp_path)
    folder.lexicon_file.write_text(STENT)
    assert lexicon_of_run(folder, planned(STENT)).text == STENT


@pytest.mark.parametrize("left", [None, STENT + "# touched\n"])
def test_a_copy_that_is_gone_or_another_is_an_error(tmp_path, left):
    folder = RunFolder(tmp_path)
    if left is not None:
        folder.lexicon_file.write_text(left)
    with pytest.raises(RunError) as refused:
        lexicon_of_run(folder, planned(STENT))
    assert refused.value.where == str(folder.lexicon_file)


def test_the_lexicon_of_a_plan_is_kept_and_the_built_in_one_takes_away_what_was_left(tmp_path):
    folder = RunFolder(tmp_path)
    with use_lexicon(lexicon_of(STENT, "elsewhere.toml")):
        keep_lexicon(folder)
    assert lexicon_of_run(folder, planned(STENT)).text == STENT
    keep_lexicon(folder)
    assert not folder.lexicon_file.exists()
