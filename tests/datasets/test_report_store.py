"""Reports out of folders and archives that are not what they say: a named problem or error, at once."""

import os
import struct
import zipfile

import pytest

from medcutmix_cli.datasets import report_store
from medcutmix_cli.datasets.report_store import open_reports
from medcutmix_cli.errors import DatasetError


def zipped(path, **entries):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in entries.items():
            archive.writestr(f"{name}.txt", text)
    return path


def test_a_pipe_among_the_reports_is_a_report_that_cannot_be_read(tmp_path):
    os.mkfifo(tmp_path / "s1.txt")
    (tmp_path / "s2.txt").symlink_to("s2.txt")
    (tmp_path / "s3.txt").mkdir()
    (tmp_path / "s4.txt").write_text("Clear.")
    reports = open_reports(tmp_path)
    assert [reports.read("p", study).problem for study in "1234"] == ["report-unreadable"] * 3 + [""]


def test_a_pipe_in_the_place_of_the_archive_is_an_error(tmp_path):
    for name in ("a.zip", "a.tar"):
        os.mkfifo(tmp_path / name)
        with pytest.raises(DatasetError, match="cannot be read"):
            open_reports(tmp_path / name)


def test_an_entry_that_says_it_has_ten_gigabytes_is_not_unpacked(tmp_path, monkeypatch):
    path = zipped(tmp_path / "a.zip", s1="Clear.", s2="Clear.")
    content = bytearray(path.read_bytes())
    at = content.index(b"PK\1\2")
    content[at + 24 : at + 28] = struct.pack("<I", 0xFFFFFFF0)  # APPNOTE 4.3.12: uncompressed size
    path.write_bytes(content)
    reports = open_reports(path)
    monkeypatch.setattr(zipfile.ZipFile, "read", lambda *_: b"read")
    assert reports.read("p", "1").problem == "report-too-long"
    assert reports.read("p", "2").problem == ""


def test_a_zip_of_a_later_version_is_an_error_that_is_foreseen(tmp_path):
    path = zipped(tmp_path / "a.zip", s1="Clear.")
    content = bytearray(path.read_bytes())
    content[content.index(b"PK\1\2") + 6] = 99  # version needed to extract
    path.write_bytes(content)
    with pytest.raises(DatasetError, match="of a later kind"):
        open_reports(path)


def test_a_report_that_is_longer_than_any_is_named(tmp_path, monkeypatch):
    monkeypatch.setattr(report_store, "MOST_BYTES", 10)
    (tmp_path / "s1.txt").write_text("Clear. " * 5)
    assert open_reports(tmp_path).read("p", "1").problem == "report-too-long"
    assert (
        open_reports(zipped(tmp_path / "a.zip", s1="Clear. " * 5)).read("p", "1").problem == "report-too-long"
    )


@pytest.mark.parametrize("length", range(24))
@pytest.mark.parametrize("flags", [0, 0x1F])
def test_an_archive_that_ends_in_its_header_is_named(tmp_path, length, flags):
    """RFC 1952: magic, method, flags (text, sum, extra, name, comment), time, system, then what the flags say."""
    header = b"\x1f\x8b\x08" + bytes([flags]) + b"\0" * 4 + b"\0\3" + b"\4\0abcd" + b"name\0" + b"note\0"
    (tmp_path / "reports.tar.gz").write_bytes(header[:length])
    with pytest.raises(DatasetError, match="cannot be read"):
        open_reports(tmp_path / "reports.tar.gz")
