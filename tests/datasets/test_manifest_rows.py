import csv
import gzip
import io
import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from medcutmix_cli.datasets.embedded_pictures import EmbeddedPicture
from medcutmix_cli.datasets.manifest_rows import DELIMITERS, SUFFIXES, TableFile, columns_of, rows_of
from medcutmix_cli.errors import DatasetError

ROWS = [{"id": "1", "text": 'No "effusion"; clear, dry.'}, {"id": "2", "text": "Two\nlines.\t|"}]


def cells(delimiter: str) -> str:
    text = io.StringIO()
    writer = csv.DictWriter(text, list(ROWS[0]), delimiter=delimiter)
    writer.writeheader()
    writer.writerows(ROWS)
    return text.getvalue()


def lines() -> str:
    return "".join(json.dumps(row) + "\n" for row in ROWS)


WRITTEN = {
    ".tsv": cells("\t"),
    ".json": json.dumps(ROWS, indent=1),
    ".jsonl": lines(),
    ".csv": cells(","),
}


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_every_format_gives_the_same_rows(tmp_path, suffix):
    path = tmp_path / f"table{suffix}"
    if suffix == ".parquet":
        pq.write_table(pa.Table.from_pylist(ROWS), path)
    else:
        content = WRITTEN[suffix.removesuffix(".gz")].encode()
        path.write_bytes(gzip.compress(content) if suffix.endswith(".gz") else content)
    assert columns_of(path) == ["id", "text"]
    assert list(rows_of(path, ["text", "id", "other"])) == [
        (n, {"text": row["text"], "id": row["id"], "other": None}) for n, row in enumerate(ROWS, start=1)
    ]


@pytest.mark.parametrize("delimiter", DELIMITERS)
def test_a_csv_file_may_be_divided_by_anything_usual(tmp_path, delimiter):
    path = tmp_path / "table.csv"
    path.write_text(cells(delimiter), encoding="utf-8")
    assert TableFile(path).delimiter == delimiter
    assert [row for _, row in rows_of(path, ["id", "text"])] == ROWS


def test_a_delimiter_within_quotes_divides_nothing(tmp_path):
    path = tmp_path / "table.csv"
    path.write_text('id;"a, b, c and d"\n1;x\n', encoding="utf-8")
    assert columns_of(path) == ["id", "a, b, c and d"]


def test_a_table_of_one_column_is_one(tmp_path):
    path = tmp_path / "table.csv"
    path.write_text("id\n1\n", encoding="utf-8")
    assert [row for _, row in rows_of(path, ["id"])] == [{"id": "1"}]


def test_lists_by_split_are_rows_that_say_their_split(tmp_path):
    path = tmp_path / "annotation.json"
    path.write_text(json.dumps({"train": [{"id": 1}], "val": [{"id": 2, "split": "own"}, {"id": 3}]}))
    rows = [row for _, row in rows_of(path, ["id", "split"])]
    assert rows == [{"id": 1, "split": "train"}, {"id": 2, "split": "own"}, {"id": 3, "split": "val"}]


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("{", "line 1"),
        ('{"a": 1}', "no list"),
        ("[1]", "row 1"),
        ('{"a": [{}], "b": [[]]}', "row 2"),
        ("7", "no list"),
    ],
)
def test_json_that_is_no_table_is_one_error_that_says_where(tmp_path, content, says):
    (tmp_path / "t.json").write_text(content)
    with pytest.raises(DatasetError, match=says):
        columns_of(tmp_path / "t.json")


def pictures(tmp_path, cells, **how):
    path = tmp_path / "t.parquet"
    pq.write_table(pa.table({"image": cells, "text": ["One."] * len(cells)}), path, **how)
    return path


@pytest.mark.parametrize("statistics", [True, False])
@pytest.mark.parametrize("group", [1, 2, 9])
def test_cells_of_pictures_are_places_names_or_nothing(tmp_path, statistics, group):
    found = [
        {"bytes": b"\x89PNG", "path": "a.png"},
        {"bytes": None, "path": "b.png"},
        None,
        {"bytes": b"\xff\xd8", "path": None},
        {"bytes": None, "path": None},
    ]
    path = pictures(tmp_path, found, row_group_size=group, write_statistics=statistics)
    assert TableFile(path).pictures == {"image"}
    assert [row["image"] for _, row in rows_of(path, ["image", "text"])] == [
        EmbeddedPicture("#image:0", "a.png"),
        "b.png",
        None,
        EmbeddedPicture("#image:3"),
        None,
    ]


def test_plain_bytes_are_pictures_too(tmp_path):
    path = pictures(tmp_path, [b"\x89PNG", None])
    assert [row for _, row in rows_of(path, ["image"])] == [
        {"image": EmbeddedPicture("#image:0")},
        {"image": None},
    ]


def test_no_picture_is_read_for_the_rows(tmp_path, monkeypatch):
    path = pictures(tmp_path, [{"bytes": bytes(1 << 16), "path": f"{n}.png"} for n in range(20)])
    asked = []
    own = pq.ParquetFile.read

    def read(self, columns):
        asked.append(columns)
        return own(self, columns=columns)

    monkeypatch.setattr(pq.ParquetFile, "read", read)
    assert len(list(rows_of(path, ["image"]))) == 20
    assert asked == [["image.path"]]


def test_the_footer_stands_for_a_table_of_pictures(tmp_path):
    one = TableFile(pictures(tmp_path, [b"one"])).footer_sha256()
    assert one == TableFile(pictures(tmp_path, [b"one"])).footer_sha256()
    assert one != TableFile(pictures(tmp_path, [b"three"])).footer_sha256()
