"""Files that are none, archives that lie and tables of any encoding: a named error or drop, within two seconds."""

import gzip
import io
import json
import os
import re
import socket
import struct
import tarfile
import time
import warnings
import zipfile
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from medcutmix_cli.datasets.manifest import Manifest
from medcutmix_cli.datasets.recognise import open_dataset
from medcutmix_cli.datasets.report_store import open_reports
from medcutmix_cli.datasets.text_folder import TextFolder
from medcutmix_cli.datasets.webdataset import WebDataset
from medcutmix_cli.errors import DatasetError, ImageError, UsageError
from medcutmix_cli.images import read_canvas
from medcutmix_cli.records import PictureRules, Study
from tests.datasets.test_recognise import KINDS

SECONDS = 2.0


@contextmanager
def quickly():
    """Fail where what is inside keeps a processor, or the caller, for longer than is said."""
    busy, began = time.process_time(), time.monotonic()
    yield
    assert time.process_time() - busy < SECONDS
    assert time.monotonic() - began < 20 * SECONDS  # others may use the processors


def make_pipe(path):
    os.mkfifo(path)


def make_socket(path):
    with socket.socket(socket.AF_UNIX) as server:
        before = Path.cwd()
        os.chdir(path.parent)  # the path of a socket has 107 bytes at most
        try:
            server.bind(path.name)
        finally:
            os.chdir(before)


def make_loop(path):
    path.symlink_to(path.name)


def make_endless(path):
    path.symlink_to("/dev/zero")


IRREGULAR = {
    "pipe": make_pipe,
    "socket": make_socket,
    "folder": lambda path: path.mkdir(),
    "loop": make_loop,
    "device": make_endless,
    "nothing": lambda path: path.symlink_to("nowhere"),
}
ROW = {"image": "a.png", "subject": "p1", "study": "s1", "split": "train", "view": "PA"}


@pytest.mark.parametrize("name", [b"a.png", "a.jpg", b"\xff\xfe.dcm"])
@pytest.mark.parametrize("kind", IRREGULAR)
def test_what_is_no_file_is_no_picture(tmp_path, kind, name):
    path = tmp_path / os.fsdecode(name)
    IRREGULAR[kind](path)
    with quickly(), pytest.raises(ImageError) as caught:
        read_canvas(path, 64, PictureRules("minmax"))
    assert caught.value.reason in ("image-not-a-file", "image-missing", "image-unreadable")


@pytest.mark.parametrize("kind", IRREGULAR)
def test_what_is_no_file_is_no_report(tmp_path, kind):
    IRREGULAR[kind](tmp_path / "a.txt")
    table = tmp_path / "manifest.jsonl"
    table.write_text(json.dumps(ROW | {"report_path": "a.txt"}) + "\n")
    with quickly():
        (found,) = Manifest(table).studies()
    assert found.reason in ("report-missing", "report-unreadable")


@pytest.mark.parametrize("suffix", [".csv", ".csv.gz", ".tsv", ".json", ".jsonl", ".parquet"])
@pytest.mark.parametrize("kind", IRREGULAR)
def test_what_is_no_file_is_no_table(tmp_path, kind, suffix):
    path = tmp_path / f"manifest{suffix}"
    IRREGULAR[kind](path)
    with quickly(), pytest.raises(DatasetError):
        list(Manifest(path).studies())


@pytest.mark.parametrize("suffix", [".zip", ".tar", ".tar.gz", ".tgz"])
@pytest.mark.parametrize("kind", sorted(set(IRREGULAR) - {"folder"}))
def test_what_is_no_file_is_no_archive(tmp_path, kind, suffix):
    path = tmp_path / f"reports{suffix}"
    IRREGULAR[kind](path)
    with quickly(), pytest.raises(DatasetError):
        open_reports(path)


@pytest.mark.parametrize("kind", IRREGULAR)
def test_what_is_no_file_is_no_text_beside_a_picture(tmp_path, kind):
    (tmp_path / "a.png").write_bytes(b"\x89PNG")
    IRREGULAR[kind](tmp_path / "a.txt")
    with quickly():
        found = list(TextFolder(tmp_path, split="train", view="PA").studies())
    assert not [study for study in found if isinstance(study, Study)]


@pytest.mark.parametrize("kind", sorted(set(IRREGULAR) - {"folder"}))
def test_what_is_no_file_is_no_tar_of_pictures(tmp_path, kind):
    IRREGULAR[kind](tmp_path / "00000.tar")
    with quickly(), pytest.raises(DatasetError):
        list(WebDataset(tmp_path, split="train", view="PA").studies())


PICTURES = (".jpg", ".png", ".dcm")


def parts_of(root):
    """Return the files of a data set that are no pictures, one of a kind."""
    found = {re.sub(r"\d+", "", path.name): path for path in sorted(root.rglob("*")) if path.is_file()}
    return [path for path in found.values() if path.suffix not in PICTURES]


@pytest.mark.parametrize("odd", sorted(IRREGULAR))
@pytest.mark.parametrize("kind", sorted(KINDS))
def test_no_part_of_a_data_set_is_waited_for(tmp_path, kind, odd):
    root = KINDS[kind](tmp_path / "whole")
    for part in parts_of(root):
        kept = part.rename(tmp_path / "kept")
        IRREGULAR[odd](part)
        with quickly(), suppress(DatasetError, UsageError):
            dataset = open_dataset(root, kind)
            for _entry in dataset.studies():
                pass
            dataset.provenance()
        part.rmdir() if part.is_dir() else part.unlink()
        kept.rename(part)


def zipped(change=None, names=("files/p10/p10000032/s1.txt",), **how):
    """Return a zip of reports; `change` is given all its bytes to damage."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of names that are there twice
        for name in names:
            archive.writestr(name, how.get("text", "Clear."))
    content = bytearray(file.getvalue())
    if change is not None:
        change(content)
    return bytes(content)


def central(offset, form, value):
    """Change a field of the first entry of the central directory (APPNOTE 4.3.12)."""
    return lambda content: struct.pack_into(form, content, content.index(b"PK\1\2") + offset, value)


def encrypted(content):
    central(8, "<H", 1)(content)
    struct.pack_into("<H", content, 6, 1)


def nameless(content):
    content[:] = content.replace(b"p10000032/s1", b"p1\x00000032/s1")


ZIPS = {
    "encrypted": (zipped(encrypted), "report-unreadable"),
    "later version": (zipped(central(6, "<H", 99)), None),
    "unknown packing": (zipped(central(10, "<H", 77)), "report-unreadable"),
    "ten gigabytes": (zipped(central(24, "<I", 0xFFFFFFF0)), "report-too-long"),
    "a bomb": (zipped(text="0" * (1 << 25)), "report-too-long"),
    "a small bomb": (zipped(central(24, "<I", 20), text="0" * (1 << 25)), "report-unreadable"),
    "another sum": (zipped(central(16, "<I", 1)), "report-unreadable"),
    "far away": (zipped(central(42, "<I", 0x7FFFFFFF)), None),
    "twice": (zipped(names=["a/p10000032/s1.txt"] * 2), "report-duplicate"),
    "nested": (zipped(names=["s1.zip"], text="PK"), None),
    "a name with NUL": (zipped(nameless), None),
    "no zip": (b"Clear. " * 100, None),
    "half of one": (zipped()[:70], None),
    "nothing": (b"", None),
}


@pytest.mark.parametrize("name", ZIPS)
def test_a_zip_that_lies_is_a_named_problem_or_an_error(tmp_path, name):
    content, problem = ZIPS[name]
    path = tmp_path / "reports.zip"
    path.write_bytes(content)
    with quickly():
        try:
            found = open_reports(path).read("10000032", "1").problem
        except DatasetError:
            found = None
    assert found == problem or (problem is None and found in ("report-unreadable", "report-missing"))


def test_a_tar_whose_report_is_larger_than_any_is_not_kept(tmp_path):
    with tarfile.open(tmp_path / "reports.tar.gz", "w:gz") as archive:
        entry = tarfile.TarInfo("p10000032/s1.txt")
        entry.size = 1 << 25
        archive.addfile(entry, io.BytesIO(bytes(entry.size)))
    with quickly():
        assert open_reports(tmp_path / "reports.tar.gz").read("10000032", "1").problem == "report-too-long"


ENCODINGS = ("utf-8", "utf-8-sig", "latin-1", "cp1252", "utf-16", "utf-16-le", "utf-32", "shift-jis", "cp037")
TEXTS = {
    ".csv": "image,report,subject,study,split,view\na.png,{},p1,s1,train,PA\n",
    ".tsv": "image\treport\tsubject\tstudy\tsplit\tview\na.png\t{}\tp1\ts1\ttrain\tPA\n",
    ".jsonl": '{{"image":"a.png","report":"{}","subject":"p1","study":"s1","split":"train","view":"PA"}}\n',
    ".json": '[{{"image":"a.png","report":"{}","subject":"p1","study":"s1","split":"train","view":"PA"}}]',
}


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("suffix", TEXTS)
@pytest.mark.parametrize("encoding", ENCODINGS)
def test_a_table_of_any_encoding_is_read_right_or_an_error(tmp_path, encoding, suffix, packed):
    said = "Größe 37 °C." if encoding not in ("shift-jis",) else "心影 normal."
    content = TEXTS[suffix].format(said).encode(encoding)
    path = tmp_path / f"manifest{suffix}{'.gz' if packed else ''}"
    path.write_bytes(gzip.compress(content) if packed else content)
    with quickly():
        try:
            found = [study.report for study in Manifest(path).studies() if isinstance(study, Study)]
        except DatasetError:
            found = []
    assert found == ([said] if encoding in ("utf-8", "utf-8-sig") else [])


DAMAGE = {
    "zeros": bytes(5000),
    "all bytes": bytes(range(256)) * 20,
    "an open quote": TEXTS[".csv"].encode().replace(b"{}", b'"open'),
    "a field without end": b'image,report,subject\na,"' + b"x" * (1 << 20),
    "nothing": b"",
    "line ends": b"\r\n" * 1000,
    "deep": b"[" * 200_000,
    "a long number": b'[{"image": ' + b"9" * 100_000 + b"}]",
    "half a gzip": gzip.compress(TEXTS[".csv"].encode() * 100)[:80],
    "surrogates": b'{"image": "\\ud800", "report": "\\udfff", "subject": "p1", "split": "train", "view": "PA"}\n',
}


@pytest.mark.parametrize("suffix", [".csv", ".csv.gz", ".tsv", ".json", ".jsonl", ".parquet"])
@pytest.mark.parametrize("name", DAMAGE)
def test_a_damaged_table_is_an_error(tmp_path, name, suffix):
    path = tmp_path / f"manifest{suffix}"
    path.write_bytes(DAMAGE[name])
    with quickly():
        try:
            found = list(Manifest(path).studies())
        except DatasetError:
            found = []
    assert not [study for study in found if isinstance(study, Study)]


def test_pictures_whose_names_are_not_utf_8_are_left_out_by_name(tmp_path):
    (tmp_path / os.fsdecode(b"\xe9t\xe9.png")).write_bytes(b"\x89PNG")
    (tmp_path / os.fsdecode(b"\xe9t\xe9.txt")).write_text("Clear.")
    with quickly():
        (found,) = TextFolder(tmp_path, split="train", view="PA").studies()
    assert found.reason == "name-not-unicode"
    assert found.identifier.encode().endswith(b"\\udce9")
