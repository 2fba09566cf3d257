import gzip
from dataclasses import replace

import pytest

from medcutmix_cli.configuration.settings import PlanSettings
from medcutmix_cli.errors import UsageError
from medcutmix_cli.planning.exclusions import read_excluded
from medcutmix_cli.planning.reading import studies_to_read
from medcutmix_cli.records import Drop
from tests.builders import make_study

STUDIES = [make_study(number) for number in range(4)]


def ids(tmp_path, content, name="ids.txt"):
    path = tmp_path / name
    content = content if isinstance(content, bytes) else content.encode()
    path.write_bytes(gzip.compress(content) if name.endswith(".gz") else content)
    return read_excluded(str(path))


def left_out(excluded, studies=STUDIES):
    dropped = []
    list(studies_to_read(studies, PlanSettings(), excluded, dropped))
    return {drop.identifier[-1] for drop in dropped if drop.reason == "excluded-by-id"}


@pytest.mark.parametrize(
    "content",
    [
        pytest.param("s50000001\n50000002\n", id="as-folders-or-tables-have-studies"),
        pytest.param("p10000001\n10000002\n", id="as-folders-or-tables-have-patients"),
        pytest.param("image1\nimage2.png\n", id="pictures"),
        pytest.param("50000001.0\n10000002.0\n", id="as-pandas-writes-numbers"),
        pytest.param("\ufeff50000001\r\n50000002\r\n", id="as-excel-writes-it"),
        pytest.param('"50000001"\n"50000002"\n', id="quoted"),
        pytest.param("study_id\n50000001\n50000002\n", id="with-a-header"),
        pytest.param('\ufeff"Study_ID";why\n"50000001";a\n50000002;"b, c"\n', id="a-table"),
        pytest.param("subject_id,study_id\n10000000,50000001\n10000000,50000002\n", id="the-exact-column"),
    ],
)
@pytest.mark.parametrize("name", ["ids.txt", "ids.csv.gz"])
def test_ids_are_understood_as_they_come(tmp_path, content, name):
    excluded = ids(tmp_path, content, name)
    assert left_out(excluded) == {"1", "2"}
    assert excluded.problem == ""


def test_ids_of_bare_data_sets_are_understood_as_folders_write_them(tmp_path):
    bare = [replace(study, study_id=study.study_id[1:], subject_id=study.subject_id[1:]) for study in STUDIES]
    assert left_out(ids(tmp_path, "s50000001\np10000002\n"), bare) == {"1", "2"}


def test_a_letter_says_what_is_meant(tmp_path):
    studies = [make_study(0, subject="p50000001"), make_study(1)]
    assert left_out(ids(tmp_path, "s50000001\n"), studies) == {"1"}
    assert left_out(ids(tmp_path, "p50000001\n"), studies) == {"0"}


def test_an_id_may_hold_a_comma(tmp_path):
    studies = [*STUDIES, make_study(5, subject="Ward 1, bed 5")]
    assert left_out(ids(tmp_path, "Ward 1, bed 5\n"), studies) == {"5"}


def test_ids_that_are_nobodys_are_counted_and_told(tmp_path):
    excluded = ids(tmp_path, "s50000001\nnobody\nimage\n")
    assert left_out(excluded) == {"1"}
    assert excluded.unmatched == ["image", "nobody"]
    assert "2 of 3 ids of --exclude-ids match no study" in excluded.problem
    assert "'image'" in excluded.problem


def test_an_id_of_what_is_dropped_for_another_reason_is_somebodys(tmp_path):
    excluded = ids(tmp_path, "7\n50000001\n")
    left_out(excluded, [*STUDIES, Drop("study", "s7", "report-missing")])
    assert excluded.problem == ""


def test_a_list_of_which_no_id_is_anybodys_is_refused(tmp_path):
    excluded = ids(tmp_path, "nobody\nnothing\n")
    with pytest.raises(UsageError, match=r"2 of 2 ids of --exclude-ids match no") as caught:
        left_out(excluded)
    assert caught.value.where == str(tmp_path / "ids.txt")
    assert "study 's50000000', patient 'p10000000', picture 'image0'" in caught.value.hint


@pytest.mark.parametrize("content", ["", "\n\n", "study_id\n"])
def test_a_list_without_ids_leaves_nobody_out(tmp_path, content):
    assert left_out(ids(tmp_path, content)) == set()
    assert left_out(read_excluded("")) == set()


@pytest.mark.parametrize("content", [None, "Müller".encode("cp1252")])
def test_a_file_that_cannot_be_read_is_refused(tmp_path, content):
    if content:
        (tmp_path / "ids.txt").write_bytes(content)
    with pytest.raises(UsageError, match="excluded ids cannot be read") as caught:
        read_excluded(str(tmp_path / "ids.txt"))
    assert caught.value.where == str(tmp_path / "ids.txt")
