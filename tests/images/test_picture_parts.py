import io
import os
import tarfile
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from medcutmix_cli.errors import ImageError
from medcutmix_cli.images import picture_parts, read_canvas
from medcutmix_cli.images.picture_parts import cell_part, file_of, open_picture, range_part, size_of
from medcutmix_cli.records import PictureRules

PICTURES = [bytes([n]) * (10 + n) for n in range(12)]


def tar_of(path: Path) -> Path:
    with tarfile.open(path, "w") as archive:
        for number, content in enumerate(PICTURES):
            info = tarfile.TarInfo(f"{number}.png")
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return path


def members(path: Path) -> list[Path]:
    with tarfile.open(path) as archive:
        return [Path(f"{path}{range_part(m.offset_data, m.size)}") for m in archive]


def table_of(path: Path, column: str, *, plain: bool, group: int = 5) -> list[Path]:
    cells = PICTURES if plain else [{"bytes": content, "path": None} for content in PICTURES]
    pq.write_table(pa.table({"id": range(len(cells)), column: cells}), path, row_group_size=group)
    return [Path(f"{path}{cell_part(column, row)}") for row in range(len(cells))]


def content(path: Path) -> bytes:
    with open_picture(path) as file:
        return file.read()


def test_a_file_of_its_own_is_opened_as_it_is(tmp_path):
    path = tmp_path / "a#b.png"
    path.write_bytes(b"one")
    assert (content(path), size_of(path), file_of(path)) == (b"one", 3, path)


def test_every_member_of_a_tar_is_read_without_unpacking(tmp_path):
    parts = members(tar_of(tmp_path / "shard-0.tar"))
    assert [content(part) for part in parts] == PICTURES
    assert {file_of(part) for part in parts} == {tmp_path / "shard-0.tar"}
    assert size_of(parts[3]) == len(PICTURES[3])


@pytest.mark.parametrize("plain", [True, False], ids=["bytes", "struct"])
@pytest.mark.parametrize("column", ["image", "the picture:a/b"])
def test_every_cell_of_a_parquet_table_is_read_in_any_order(tmp_path, plain, column):
    parts = table_of(tmp_path / "t.parquet", column, plain=plain)
    assert [content(part) for part in reversed(parts)] == PICTURES[::-1]
    assert all(len(part.relative_to(tmp_path).parts) == 1 for part in parts)


def test_a_large_row_group_is_read_a_few_rows_at_a_time_to_the_same_bytes(tmp_path, monkeypatch):
    monkeypatch.setattr(picture_parts, "_MOST_KEPT", 0)
    monkeypatch.setattr(picture_parts, "_group", None)
    parts = table_of(tmp_path / "t.parquet", "image", plain=False, group=11)
    assert [content(part) for part in parts] == PICTURES


def test_a_table_that_was_written_anew_is_read_anew(tmp_path):
    (part, *_) = table_of(tmp_path / "t.parquet", "image", plain=True)
    assert content(part) == PICTURES[0]
    pq.write_table(pa.table({"image": [b"other"]}), tmp_path / "t.parquet")
    os.utime(tmp_path / "t.parquet", (1, 1))
    assert content(part) == b"other"


@pytest.mark.parametrize("place", ["#image:99", "#other:0", "#id:0"])
def test_a_place_that_holds_no_picture_is_a_missing_one(tmp_path, place):
    pq.write_table(pa.table({"image": [None], "id": [b""]}), tmp_path / "t.parquet")
    with pytest.raises(ImageError) as caught:
        read_canvas(Path(f"{tmp_path / 't.parquet'}{place}"), 112, PictureRules("mimic-jpg"))
    assert caught.value.reason == "image-missing"


def test_a_file_that_has_gone_is_a_missing_picture(tmp_path):
    for place in ("t.tar#0+10", "t.parquet#image:0"):
        with pytest.raises(ImageError) as caught:
            read_canvas(tmp_path / place, 112, PictureRules("mimic-jpg"))
        assert caught.value.reason == "image-missing"
