import json

import pytest

import medcutmix_cli
from medcutmix_cli.exports.export import export
from medcutmix_cli.inspection.verification import Level, verify
from tests.run_folders import make_row, write_run


@pytest.fixture
def out(tmp_path):
    export(write_run(tmp_path / "run", ([make_row(0), make_row(1)],)), tmp_path / "x", to="open-clip")
    return tmp_path / "x"


def rules(out, **options):
    return {(problem.where.rpartition("/")[2], problem.rule) for problem in verify(out, **options).problems}


def test_an_export_as_it_was_written_is_right(out):
    checked = medcutmix_cli.verify(out)
    assert checked.ok
    assert (checked.kind, checked.level, checked.rows) == ("export", Level.THOROUGH, 2)
    assert checked.shards == 4  # two pictures, a table, the sizes


@pytest.mark.parametrize("name", ["train.tsv", "mix-0000000000000001.png", "sizes.json"])
def test_a_flipped_byte_breaks_the_hash_of_its_file(out, name):
    [path] = out.rglob(name)
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    assert rules(out) == {(name, "hash")}


def test_a_file_that_is_gone_is_missing_at_every_level(out):
    (out / "train.tsv").unlink()
    assert rules(out) == rules(out, shallow=True) == {("train.tsv", "missing")}


def test_a_file_that_was_cut_short_is_seen_without_reading_it(out):
    (out / "train.tsv").write_text("filepath\ttitle\n")
    assert rules(out, shallow=True) == {("export.json", "size")}


def test_a_file_that_nobody_wrote_is_told_beside_others_of_its_kind_only(out):
    (out / "more.tsv").write_text("filepath\ttitle\n")
    (out / "captions.pickle").write_bytes(b"a trainer's cache")
    assert rules(out) == {("more.tsv", "numbering")}


@pytest.mark.parametrize("lost", ["line", "list"])
def test_a_list_of_hashes_that_is_another_or_gone_is_told(out, lost):
    sums = out / "SHA256SUMS"
    lines = sums.read_text().splitlines(keepends=True)
    if lost == "list":
        sums.unlink()
        assert rules(out) == {("SHA256SUMS", "damaged")}
    else:
        sums.write_text("".join(line for line in lines if "train.tsv" not in line))
        assert rules(out) == {("SHA256SUMS", "hash"), ("SHA256SUMS", "sums")}


def test_an_export_that_was_stopped_is_not_complete(out):
    (out / "export.json").unlink()
    (out / ".export").mkdir()
    (out / ".export" / "request.json").write_text("{}")
    assert rules(out) == {("export.json", "missing")}


def test_a_manifest_that_cannot_be_read_is_damaged(out):
    (out / "export.json").write_text(json.dumps({"format": 1}))
    assert rules(out) == {("export.json", "damaged")}
