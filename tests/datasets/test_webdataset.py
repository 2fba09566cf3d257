import gzip
import io
import tarfile

import pytest

from medcutmix_cli import check_dataset
from medcutmix_cli.datasets.recognise import open_dataset
from medcutmix_cli.datasets.webdataset import WebDataset
from medcutmix_cli.errors import DatasetError
from tests.datasets.test_hugging_face import expected, pictures
from tests.mimic_trees import Tree
from tests.own_trees import rows_of, write_tar


def test_members_of_a_key_are_a_row(tmp_path):
    rows = rows_of(tmp_path / "rows", 7)
    write_tar(tmp_path / "wds" / "train-000.tar", rows[:4])
    write_tar(tmp_path / "wds" / "val" / "000.tar", rows[4:])
    dataset = open_dataset(tmp_path / "wds")
    assert dataset.kind == "webdataset"
    assert pictures(dataset) == expected(rows[:4], "train") | expected(rows[4:], "validate")


def test_keys_without_fields_are_patients_of_their_own_and_a_check_says_so(tmp_path):
    path = write_tar(tmp_path / "train.tar", rows_of(tmp_path / "rows", 24), fields=())
    studies = list(WebDataset(path, view="PA").studies())
    assert [(study.subject_id, study.study_id) for study in studies[:2]] == [
        ("00000", "00000"),
        ("00001", "00001"),
    ]
    check = check_dataset(path, view_all="PA")
    assert (check.ok, check.decoded) == (True, 16)
    assert any("patient of its own" in problem.what for problem in check.problems)


def test_sections_may_be_members_of_their_own(tmp_path):
    with tarfile.open(tmp_path / "a.tar", "w") as archive:
        for name, content in {
            "a/1.png": "x",
            "a/1.findings.txt": "Clear.",
            "a/1.impression.txt": "None.",
        }.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content.encode()))
    (study,) = WebDataset(tmp_path / "a.tar", split="train").studies()
    assert (study.study_id, study.report) == ("a/1", "FINDINGS: Clear.\n\nIMPRESSION: None.")


@pytest.mark.parametrize("content", ["[1]", "{", "Mr Someone"])
def test_a_member_that_is_no_object_is_one_error_without_its_text(tmp_path, content):
    with tarfile.open(tmp_path / "a.tar", "w") as archive:
        info = tarfile.TarInfo("1.json")
        info.size = len(content)
        archive.addfile(info, io.BytesIO(content.encode()))
    with pytest.raises(DatasetError, match=r"a.tar, 1\.json") as caught:
        list(WebDataset(tmp_path / "a.tar").studies())
    assert "Someone" not in str(caught.value)


@pytest.mark.parametrize("suffix", [".tar.gz", ".tgz"])
def test_a_gzipped_tar_is_read_where_it_lies(tmp_path, suffix):
    rows = rows_of(tmp_path / "rows", 7)
    tar = write_tar(tmp_path / "plain.tar", rows)
    (tmp_path / "wds").mkdir()
    packed = tmp_path / "wds" / f"train-000{suffix}"
    packed.write_bytes(gzip.compress(tar.read_bytes()))
    for root in (tmp_path / "wds", packed):
        dataset = open_dataset(root)
        assert dataset.kind == "webdataset"
        assert pictures(dataset) == expected(rows, "train")
    packed.write_bytes(packed.read_bytes()[:-2000])
    with pytest.raises(DatasetError, match="tar file cannot be read"):
        list(WebDataset(packed).studies())


def test_a_gzipped_archive_of_reports_is_no_webdataset(tmp_path):
    Tree().pack(tmp_path, ".tar.gz")
    assert not WebDataset.recognises(tmp_path)


def test_a_cut_tar_is_one_error(tmp_path):
    path = write_tar(tmp_path / "a.tar", rows_of(tmp_path / "rows", 3))
    path.write_bytes(path.read_bytes()[:700])
    with pytest.raises(DatasetError, match="tar file cannot be read"):
        list(WebDataset(path).studies())


def test_a_tar_of_other_things_is_none(tmp_path):
    (tmp_path / "reports.tar").write_bytes(b"no tar")
    assert not WebDataset.recognises(tmp_path)
