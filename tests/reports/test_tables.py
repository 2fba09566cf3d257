"""The lexicon in use: chosen once, the same in other processes, gone when its run is over."""

from concurrent.futures import ThreadPoolExecutor
from copy import copy

import pytest

from medcutmix_cli.errors import UsageError
from medcutmix_cli.reports.lexicon import finding_ids
from medcutmix_cli.reports.reader import ReportReader
from medcutmix_cli.reports.tables import (
    BUILT_IN,
    lexicon_in_use,
    lexicon_of,
    read_lexicon,
    remember,
    table,
    use_lexicon,
)
from medcutmix_cli.system.worker_pool import map_in_processes

STENT = '[[finding]]\nid = "stent"\nterms = ["stent"]\n'
COIL = '[[finding]]\nid = "coil"\nterms = ["stent"]\n'


def read(sentence="A stent."):
    return [m.finding for s in ReportReader().read(sentence).sentences for m in s.mentions]


def read_with(lexicon):
    with use_lexicon(lexicon):
        return read()


def test_equal_sentences_are_read_by_the_lexicon_of_their_own_run():
    stent, coil = lexicon_of(STENT, "a.toml"), lexicon_of(COIL, "b.toml")
    assert [read_with(stent), read(), read_with(coil), read_with(stent), read()] == [
        ["stent"], [], ["coil"], ["stent"], [],
    ]  # fmt: skip


def test_a_choice_ends_with_its_block_even_by_an_error():
    with pytest.raises(KeyError), use_lexicon(lexicon_of(STENT, "a.toml")):
        raise KeyError
    assert lexicon_in_use() is BUILT_IN
    assert "stent" not in finding_ids()


def test_two_runs_at_the_same_time_do_not_meet():
    lexicons = [lexicon_of(STENT, "a.toml"), lexicon_of(COIL, "b.toml"), BUILT_IN] * 20
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(read_with, lexicons)) == [["stent"], ["coil"], []] * 20


def test_another_process_reads_by_what_it_is_handed():
    lexicons = [lexicon_of(STENT, "a.toml"), BUILT_IN, lexicon_of(COIL, "b.toml")]
    with use_lexicon(lexicon_of(COIL, "b.toml")):
        found = list(map_in_processes(read_with, lexicons, 2, doing="read"))
    assert found == [["stent"], [], ["coil"]]


def test_a_lexicon_is_itself_again_after_a_journey_and_has_kept_its_answers():
    lexicon = lexicon_of(STENT, "a.toml")
    assert copy(lexicon) is lexicon
    assert copy(BUILT_IN) is BUILT_IN


def test_what_is_kept_is_asked_once_a_lexicon():
    asked = []

    @remember()
    def question(name):
        asked.append(name)
        return (name, "stent" in finding_ids())

    for _ in range(2):
        assert question("x") == ("x", False)
        with use_lexicon(lexicon_of(STENT, "a.toml")):
            assert question("x") == ("x", True)
    assert asked == ["x", "x"]


def test_other_tables_are_the_same_whatever_the_lexicon():
    with use_lexicon(lexicon_of(STENT, "a.toml")):
        changed = table("attributes")
    assert changed is table("attributes")


def test_a_lexicon_is_known_by_its_content(tmp_path):
    for name in ("a.toml", "b.toml"):
        (tmp_path / name).write_text(STENT)
    one, other = (read_lexicon(tmp_path / name) for name in ("a.toml", "b.toml"))
    assert one.sha256 == other.sha256 != lexicon_of(COIL, "c.toml").sha256
    assert read_lexicon("") is BUILT_IN
    assert BUILT_IN.sha256 == ""


def test_a_file_that_cannot_be_read_is_named(tmp_path):
    (tmp_path / "binary.toml").write_bytes(b"\xff\xfe\xfa")
    for path in (tmp_path / "none.toml", tmp_path / "binary.toml", tmp_path):
        with pytest.raises(UsageError) as refused:
            read_lexicon(path)
        assert refused.value.where == str(path)
