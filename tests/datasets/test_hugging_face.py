import json

import pyarrow.parquet as pq
import pytest

import medcutmix_cli
from medcutmix_cli.datasets.hugging_face import HuggingFace
from medcutmix_cli.datasets.recognise import open_dataset
from medcutmix_cli.errors import DatasetError
from medcutmix_cli.images.picture_parts import open_picture
from tests.own_trees import rows_of, table_of, write_hub, write_saved, write_saved_split


def pictures(dataset):
    found = {}
    for study in dataset.studies():
        (image,) = study.images
        with open_picture(dataset.resolve(image.path)) as file:
            found[study.study_id] = (study.split, file.read(), study.report, study.subject_id)
    return found


def expected(rows, split):
    return {row["study"]: (split, row["content"], row["report"], row["subject"]) for row in rows}


@pytest.mark.parametrize("write", [write_saved, write_hub])
def test_splits_and_pictures_are_read_where_they_lie(tmp_path, write):
    rows = rows_of(tmp_path / "rows", 9)
    root = write(tmp_path / "hf", {"train": rows[:5], "validation": rows[5:7], "test": rows[7:]})
    dataset = open_dataset(root)
    assert dataset.kind == "hugging-face"
    wanted = expected(rows[:5], "train") | expected(rows[5:7], "validate") | expected(rows[7:], "test")
    assert pictures(dataset) == wanted


def test_plain_bytes_in_arrow_are_pictures_too(tmp_path):
    rows = rows_of(tmp_path / "rows", 5)
    assert pictures(open_dataset(write_saved(tmp_path / "hf", {"train": rows}, plain=True))) == expected(
        rows, "train"
    )


def test_a_set_without_a_split_needs_one_said(tmp_path):
    rows = rows_of(tmp_path / "rows", 4)
    root = write_saved_split(tmp_path / "hf", rows, None)
    with pytest.raises(DatasetError, match="'split' is missing"):
        list(open_dataset(root).studies())
    assert pictures(HuggingFace(root, split="test")) == expected(rows, "test")


def test_a_compressed_stream_is_one_error(tmp_path):
    root = write_saved(tmp_path / "hf", {"train": rows_of(tmp_path / "rows", 4)}, compression="zstd")
    with pytest.raises(DatasetError, match="uncompressed"):
        list(open_dataset(root).studies())


@pytest.mark.parametrize("name", ["dataset_dict.json", "train/state.json", "train/data-00000-of-00001.arrow"])
@pytest.mark.parametrize("content", [b"", b"[]", None])
def test_a_damaged_file_is_one_error(tmp_path, name, content):
    root = write_saved(tmp_path / "hf", {"train": rows_of(tmp_path / "rows", 4)})
    (root / name).unlink()
    if content is not None:
        (root / name).write_bytes(content)
    with pytest.raises(DatasetError):
        list(HuggingFace(root).studies())


def test_provenance_knows_another_save(tmp_path):
    root = write_saved(tmp_path / "hf", {"train": rows_of(tmp_path / "rows", 4)})
    before = HuggingFace(root).provenance()
    state = root / "train" / "state.json"
    state.write_text(json.dumps(json.loads(state.read_text()) | {"_fingerprint": "g"}))
    assert HuggingFace(root).provenance() != before


def test_what_datasets_itself_saves_is_read(tmp_path):
    datasets = pytest.importorskip("datasets")
    rows = rows_of(tmp_path / "rows", 5)
    columns = {name: [row[name] for row in rows] for name in ("report", "subject", "study", "view")}
    pictures_of = [{"bytes": row["content"], "path": row["image"]} for row in rows]
    features = datasets.Features(
        {"image": datasets.Image()} | {name: datasets.Value("string") for name in columns}
    )
    made = datasets.Dataset.from_dict({"image": pictures_of, **columns}, features=features)
    datasets.DatasetDict(train=made).save_to_disk(tmp_path / "hf")
    assert pictures(open_dataset(tmp_path / "hf")) == expected(rows, "train")


@pytest.mark.parametrize("form", ["parquet", "hugging-face"])
def test_a_text_that_is_no_utf8_is_damage_that_is_named(tmp_path, form):
    rows = rows_of(tmp_path / "in")
    marked = [{**row, "report": str(row["report"]) + "zzzz"} for row in rows]
    if form == "parquet":
        place = file = tmp_path / "in" / "a.parquet"
        pq.write_table(table_of(marked, plain=True), file, compression="none", use_dictionary=False)
    else:
        place = write_saved(tmp_path / "saved", {"train": marked})
        file = place / "train" / "data-00000-of-00001.arrow"
    file.write_bytes(file.read_bytes().replace(b"zzzz", b"\xff\xfezz"))
    with pytest.raises(DatasetError, match=r"damaged|it is not UTF-8"):
        medcutmix_cli.check_dataset(place, view_all="PA", split_all="train")
