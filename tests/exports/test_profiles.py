"""Each profile is read as its consumer reads it: by the consumer's package where it is installed, else step by step.

What is imitated was read in the consumers' own code; a test names the steps that it imitates.
"""

import ast
import csv
import gc
import io
import json
import pickle
import re
import struct
import tarfile
from pathlib import Path

import cv2
import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from PIL import Image

from medcutmix_cli.configuration.plugins import build
from medcutmix_cli.configuration.registry import names
from medcutmix_cli.errors import UsageError
from medcutmix_cli.exports.profiles.gloria import MASTER_COLUMNS
from medcutmix_cli.exports.profiles.medclip import LABELS
from medcutmix_cli.exports.row import RowFacts, RowTexts
from medcutmix_cli.findings import CHEXPERT
from medcutmix_cli.images import encode_picture
from medcutmix_cli.testing.exports import made_rows, write_rows
from tests.exports.rows import changed

LEAVES_FILES_OPEN = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
"""Of a reader that closes no file; `gc.collect()` ends such a test, so that no later one is told."""

ROWS = made_rows()
TRAIN = [row for row in ROWS if row.split == "train"]
FACTS = set(RowFacts.__annotations__)


@pytest.fixture
def export(tmp_path):
    """Return a function that writes rows by a profile and returns the folder."""

    def write(name, rows=ROWS, **options):
        write_rows(build("export", name, options), tuple(rows), tmp_path / "out")
        return tmp_path / "out"

    return write


def is_picture(path_or_bytes, row):
    """Say whether a file, or bytes, is the picture of a row."""
    content = path_or_bytes if isinstance(path_or_bytes, bytes) else Path(path_or_bytes).read_bytes()
    return content == row.picture


def open_picture(path):
    """Open a picture as PIL does, and let go of its file."""
    with Image.open(str(path)) as picture:
        return picture.convert("RGB")


def sentences_cut_at_points(text):
    """Cut a text as GLoRIA, MGCA, CARZero and MedCLIP do."""
    pieces = re.compile(r"[0-9]+\.").split(text.replace("\n", " "))
    return [part for piece in pieces for part in piece.split(".") if len(re.findall(r"\w+", part)) > 1]


# --- open_clip ---------------------------------------------------------------------------------------------------


def open_clip_csv(path, image_key="filepath", caption_key="title", separator="\t"):
    """Imitate `CsvDataset`: `pd.read_csv(path, sep=sep)`, two columns as lists, `Image.open(str(...))`, `str(...)`."""
    table = pd.read_csv(path, sep=separator)
    images, captions = table[image_key].tolist(), table[caption_key].tolist()
    return [(open_picture(image), str(caption)) for image, caption in zip(images, captions, strict=True)]


def test_open_clip_reads_its_table(export):
    out = export("open-clip")
    pairs = open_clip_csv(out / "train.tsv")
    assert [caption for _, caption in pairs] == [row.caption for row in TRAIN]
    assert all(picture.size == (64, 64) for picture, _ in pairs)
    assert not {"nan", ""} & {caption for _, caption in pairs}
    assert set(pd.read_csv(out / "train.tsv", sep="\t").columns) == {"filepath", "title", *FACTS}


def test_a_caption_with_tabs_quotes_and_points_comes_back_as_it_was(export):
    [pair] = open_clip_csv(export("open-clip", [changed(1, split="train")]) / "train.tsv")
    assert pair[1] == ROWS[1].caption
    assert "\t" in pair[1]
    assert '"' in pair[1]


@LEAVES_FILES_OPEN
def test_open_clips_own_reader_reads_the_table(export):
    data = pytest.importorskip("open_clip_train.data")
    table = data.CsvDataset(
        str(export("open-clip") / "train.tsv"), lambda x: x, "filepath", "title", tokenizer=list
    )
    assert [table[k][1] for k in range(len(table))] == [row.caption for row in TRAIN]
    gc.collect()


@pytest.mark.parametrize(
    "name", ["open-clip", "hf-run-clip", "sharegpt", "swift", "carzero", "cxr-clip", "medclip"]
)
def test_paths_that_no_folder_is_joined_to_are_absolute_or_below_the_root_that_is_named(
    export, name, tmp_path
):
    out = export(name)
    texts = "".join(
        path.read_text() for path in out.rglob("*") if path.suffix in (".tsv", ".csv", ".json", ".jsonl")
    )
    assert texts.count(f"{out.as_posix()}/images/") >= len(TRAIN)
    other = tmp_path / "other"
    write_rows(build("export", name, {"root": "/data/x/"}), ROWS, other)
    again = "".join(
        p.read_text() for p in other.rglob("*") if p.suffix in (".tsv", ".csv", ".json", ".jsonl")
    )
    assert again == texts.replace(f"{out.as_posix()}/", "/data/x/")


# --- webdataset --------------------------------------------------------------------------------------------------


def tar_samples(path):
    """Imitate webdataset's grouping: members that follow each other and share what stands before the first dot."""
    samples = []
    with tarfile.open(path) as tar:
        for member in tar:
            key, _, suffix = member.name.rpartition("/")[2].partition(".")
            if not samples or samples[-1]["__key__"] != key or suffix in samples[-1]:
                samples.append({"__key__": key})
            samples[-1][suffix] = tar.extractfile(member).read()
    return samples


def test_a_tar_has_one_sample_a_row_with_picture_caption_and_named_texts(export):
    samples = tar_samples(export("webdataset") / "train-00000.tar")
    assert [sample["__key__"] for sample in samples] == [row.key for row in TRAIN]
    for sample, row in zip(samples, TRAIN, strict=True):
        assert set(sample) == {"__key__", "png", "txt", "json"}
        assert is_picture(sample["png"], row)
        assert sample["txt"].decode() == row.caption
        said = json.loads(sample["json"])
        assert {said["laterality"], said["no_hflip"]} == {row.laterality, row.no_hflip}
        assert said["labels"]["Pleural Effusion"] == 1
        assert said["labels"]["Pneumonia"] is None


def test_a_text_that_is_missing_is_left_out_of_the_json_so_that_another_is_chosen(export):
    """open_clip's `--json-text-key "impression;findings"` takes the first key that is there."""
    whole, without = tar_samples(export("webdataset") / "train-00000.tar")
    assert json.loads(whole["json"])["impression"] == "Effusion."
    assert "impression" not in json.loads(without["json"])


@LEAVES_FILES_OPEN
def test_webdatasets_own_reader_reads_the_tars(export):
    webdataset = pytest.importorskip("webdataset")
    path = str(export("webdataset") / "train-00000.tar")
    pairs = list(webdataset.WebDataset(path, shardshuffle=False).decode("pil").to_tuple("png", "txt", "json"))
    assert [text for _, text, _ in pairs] == [row.caption for row in TRAIN]
    assert [picture.size for picture, _, _ in pairs] == [(64, 64)] * len(TRAIN)
    gc.collect()


@LEAVES_FILES_OPEN
def test_open_clips_own_pipeline_reads_the_tars(export):
    data = pytest.importorskip("open_clip_train.data")
    streams = data.url_opener([{"url": str(export("webdataset") / "train-00000.tar")}])
    # webdataset 1.x ends a tar with an empty record, which open_clip (webdataset <= 0.2.86) does not expect.
    files = (file for file in data.tar_file_expander(streams) if "fname" in file)
    samples = list(data.group_by_keys_nothrow(files))
    assert [sample["txt"].decode() for sample in samples] == [row.caption for row in TRAIN]
    assert all(data.filter_no_caption_or_no_image(sample) for sample in samples)
    gc.collect()


def test_the_suffix_in_a_tar_says_what_the_picture_is(export):
    jpeg = encode_picture(np.zeros((8, 8), np.uint8), "jpeg")
    [sample] = tar_samples(
        export("webdataset", [changed(0, picture=jpeg, picture_format="jpeg")]) / "train-00000.tar"
    )
    assert set(sample) == {"__key__", "jpg", "txt", "json"}


# --- Hugging Face ------------------------------------------------------------------------------------------------


def test_run_clip_reads_its_table_by_its_first_two_columns(export):
    """`run_clip.py`: `load_dataset("csv")`, columns 0 and 1 by default, `read_image(path, mode=RGB)`."""
    table = pd.read_csv(export("hf-run-clip") / "train.csv")
    assert list(table.columns[:2]) == ["image_path", "caption"]
    assert [is_picture(path, row) for path, row in zip(table["image_path"], TRAIN, strict=True)] == [
        True,
        True,
    ]
    assert table["caption"].tolist() == [row.caption for row in TRAIN]


def test_run_clip_is_not_given_pictures_that_it_cannot_open():
    profile = build("export", "hf-run-clip", {})
    assert profile.refuse(changed(0, picture_format="webp")) == "picture-format"


@LEAVES_FILES_OPEN  # `datasets` closes no metadata.csv
@pytest.mark.parametrize("table", ["jsonl", "csv"])
def test_imagefolder_reads_the_folder(export, table, tmp_path, monkeypatch):
    datasets = pytest.importorskip("datasets")
    datasets.disable_progress_bars()
    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", tmp_path / "cache")
    out = export("folder", table=table)
    read = datasets.load_dataset("imagefolder", data_dir=str(out), cache_dir=str(tmp_path / "cache"))
    assert set(read) == {"train", "validation"}
    rows = {row["key"]: row for row in read["train"]}
    assert set(rows) == {row.key for row in TRAIN}
    for row in TRAIN:
        assert rows[row.key]["caption"] == row.caption
        assert rows[row.key]["no_hflip"] == row.no_hflip
        assert rows[row.key]["image"].size == (64, 64)
    gc.collect()  # here, and not in a later test


def test_the_folder_has_every_text_and_label(export):
    lines = (export("folder") / "train" / "metadata.jsonl").read_text().splitlines()
    first = json.loads(lines[0])
    assert first["report"] == ROWS[0].texts.report
    assert list(first["labels"]) == list(CHEXPERT)
    assert {first["findings"], first["impression"]} == {ROWS[0].texts.findings, "Effusion."}


def test_another_table_of_a_folder_is_refused():
    with pytest.raises(UsageError, match="jsonl or csv"):
        build("export", "folder", {"table": "xlsx"})


# --- master tables -----------------------------------------------------------------------------------------------


def cut_off_first(path):
    """Imitate GLoRIA and MGCA: the first folder of a path is cut off."""
    return "/".join(path.split("/")[1:])


def test_mgca_reads_its_master_table(export):
    """`mgca_pretrain`: `ViewPosition in PA/AP`, join cut paths, `split == "train"`, add impression and findings."""
    rows = [
        *ROWS,
        changed(0, key="neither", texts=RowTexts("Small effusion.", last_paragraph="Small effusion.")),
    ]
    out = export("mgca", rows)
    table = pd.read_csv(out / "master.csv")
    table = table[table["ViewPosition"].isin(["PA", "AP"])]
    train = table[table["split"] == "train"]
    assert len(train) == len(TRAIN) + 1
    assert set(table["split"]) == {"train", "valid"}
    for _, row in train.iterrows():
        caption = row["impression"] + " " + row["findings"]  # a float here is an error
        assert sentences_cut_at_points(caption)
        assert cv2.imread(str(out / cut_off_first(row["Path"])), 0).shape == (64, 64)


@pytest.mark.parametrize("name", ["gloria", "carzero"])
def test_gloria_and_carzero_read_their_master_table(export, name):
    """`Frontal/Lateral == "Frontal"`, `Split == split`, `type(Report Impression) == str`, `cv2.imread(path, 0)`."""
    out = export(name)
    table = pd.read_csv(out / "master.csv")
    assert tuple(table.columns) == MASTER_COLUMNS
    train = table[(table["Frontal/Lateral"] == "Frontal") & (table["Split"] == "train")]
    assert [type(text) for text in train["Report Impression"]] == [str] * len(TRAIN)
    assert all(sentences_cut_at_points(text) for text in train["Report Impression"])
    for path in train["Path"]:
        file = path if name == "carzero" else out / cut_off_first(path)
        assert cv2.imread(str(file), 0).shape == (64, 64)


def test_carzero_finds_the_list_of_noise_that_it_asks_for(export):
    content = (export("carzero") / "cxr_report_noise_sample.pickle").read_bytes()
    assert pickle.loads(content) == []  # noqa: S301 - our own


def test_cxr_clip_reads_its_table(export):
    """`ImageTextDataset`: `ast.literal_eval` of view, of the column of that view, and of text; `Image.open`."""
    table = pd.read_csv(export("cxr-clip") / "train.csv")
    assert hasattr(table, "AP")
    for number, row in enumerate(TRAIN):
        [view] = ast.literal_eval(table["view"][number])
        [path] = ast.literal_eval(table[view][number])
        assert open_picture(path).size == (64, 64)
        texts = ast.literal_eval(table["text"][number])
        assert texts == [text for text in (row.texts.findings, row.texts.impression) if text]
        assert ast.literal_eval(table["text_augment"][number]) == texts
        assert ast.literal_eval(table["image"][number]) == [path]


def test_a_view_without_a_column_is_refused_by_name():
    for name in ("mgca", "cxr-clip", "llava-rad"):
        assert build("export", name, {}).refuse(changed(0, view="LATERAL")) == "view-not-frontal"


def test_medclip_reads_its_table_of_pictures(export):
    """`ImageTextContrastiveDataset`: `read_csv(index_col=0)`, `row.imgpath`, `row.report`, `row[_labels_].values`."""
    table = pd.read_csv(export("medclip") / "local_data" / "medcutmix-train-meta.csv", index_col=0)
    for (_, read), row in zip(table.iterrows(), TRAIN, strict=True):
        assert is_picture(read.imgpath, row)
        assert sentences_cut_at_points(read.report)
        labels = read[list(LABELS)].values.astype(float)
        assert dict(zip(LABELS, labels, strict=True))["Pleural Effusion"] == 1
        assert not np.isnan(labels).any()
        assert read.subject_id == row.subject_id


def test_medclip_reads_its_table_of_sentences(export):
    """`_preprocess_sentence_label`: every column but `Reports` is a label, in the order of the vectors of pictures."""
    out = export("medclip-sentences")
    table = pd.read_csv(out / "local_data" / "sentence-label.csv", index_col=0).fillna(0)
    assert not table["Reports"].duplicated().any()
    assert set(table["Reports"]) == {row.caption for row in TRAIN}
    vectors = table.drop("Reports", axis=1)
    assert tuple(vectors.columns) == LABELS
    assert set(LABELS) == set(CHEXPERT)
    assert vectors.values.astype(float)[0][LABELS.index("Pleural Effusion")] == 1


def test_sentences_of_other_splits_are_not_trained_on():
    assert build("export", "medclip-sentences", {}).refuse(ROWS[1]) == "not-for-training"


# --- report generation and conversations -------------------------------------------------------------------------


def test_r2gen_reads_its_annotation(export):
    """`MimiccxrSingleImageDataset`: `ann[split]`, `example["report"]`, `os.path.join(image_dir, image_path[0])`."""
    out = export("r2gen")
    annotation = json.loads((out / "annotation.json").read_text())
    assert list(annotation) == ["train", "val", "test"]
    assert [len(annotation[split]) for split in annotation] == [2, 2, 0]
    for example, row in zip(annotation["train"], TRAIN, strict=True):
        assert is_picture(out / "images" / example["image_path"][0], row)
        assert (example["report"], example["id"], example["split"]) == (row.caption, row.key, "train")
        assert {"study_id", "subject_id"} <= set(example)


def test_llava_reads_its_conversations(export):
    """`LazySupervisedDataset`: `source["image"]` below `image_folder`; human and gpt take turns; `<image>` once."""
    out = export("llava", question="What is there?")
    for source, row in zip(json.loads((out / "train.json").read_text()), TRAIN, strict=True):
        assert is_picture(out / source["image"], row)
        human, gpt = source["conversations"]
        assert human == {"from": "human", "value": "<image>\nWhat is there?"}
        assert gpt == {"from": "gpt", "value": row.caption}


def test_llava_rad_reads_its_conversations(export):
    """Rows with another view than AP and PA, and answers that are no text, are passed over; the rest is LLaVA's."""
    rows = [changed(0, texts=RowTexts("x", "Clear.", indication="Cough.")), changed(2)]
    out = export("llava-rad", rows)
    asked, plain = json.loads((out / "train.json").read_text())
    assert {asked["generate_method"], plain["generate_method"]} == {"rule-based"}
    assert (asked["reason"], plain["reason"]) == ("Cough.", None)
    assert "Cough." in asked["conversations"][0]["value"]
    assert asked["conversations"][1]["value"] == "Clear."
    assert is_picture(out / asked["image"], rows[0])


def test_llava_rad_has_no_row_without_findings():
    profile = build("export", "llava-rad", {})
    assert profile.refuse(changed(0, texts=RowTexts("x", "", "Normal."))) == "findings-empty"


def test_llama_factory_reads_its_conversations(export):
    """`dataset_info.json` names file, form and columns; `<image>` stands as often as there are pictures."""
    out = export("sharegpt")
    info = json.loads((out / "dataset_info.json").read_text())["medcutmix_train"]
    assert info["formatting"] == "sharegpt"
    for example, row in zip(json.loads((out / info["file_name"]).read_text()), TRAIN, strict=True):
        turns = example[info["columns"]["messages"]]
        pictures = example[info["columns"]["images"]]
        assert sum(turn["value"].count("<image>") for turn in turns) == len(pictures) == 1
        assert is_picture(pictures[0], row)
        assert [turn["from"] for turn in turns] == ["human", "gpt"]


def test_swift_reads_its_messages(export):
    """JSON Lines: `messages` with roles, `images`; `<image>` as often as there are pictures."""
    for line, row in zip((export("swift") / "train.jsonl").read_text().splitlines(), TRAIN, strict=True):
        example = json.loads(line)
        assert [message["role"] for message in example["messages"]] == ["user", "assistant"]
        assert example["messages"][0]["content"].count("<image>") == len(example["images"]) == 1
        assert example["messages"][1]["content"] == row.caption
        assert is_picture(example["images"][0], row)


def test_radzero_reads_its_phrases(export):
    """Rows without `key_phrases` are passed over; the picture is `images/<dicom_id>`."""
    out = export("radzero")
    for example, row in zip(json.loads((out / "train.json").read_text()), TRAIN, strict=True):
        assert is_picture(out / "images" / example["dicom_id"], row)
        assert example["key_phrases"] == [sentence.text for sentence in row.sentences]
        assert example["view_position"] == row.view
    assert build("export", "radzero", {}).refuse(changed(0, sentences=())) == "no-sentence"


# --- streams -----------------------------------------------------------------------------------------------------


def test_a_parquet_of_litdata_has_flat_columns_and_the_pictures_bytes(export):
    table = pq.read_table(export("litdata") / "train" / "part-00000.parquet")
    for read, row in zip(table.to_pylist(), TRAIN, strict=True):
        assert is_picture(read["image"], row)
        assert (read["caption"], read["no_hflip"]) == (row.caption, row.no_hflip)
    assert set(table.column_names) > FACTS


def test_litdatas_own_reader_reads_the_folder(export, tmp_path, monkeypatch):
    pytest.importorskip("polars")
    litdata = pytest.importorskip("litdata")
    streaming = pytest.importorskip("litdata.streaming.item_loader")
    monkeypatch.setenv("DATA_OPTIMIZER_CACHE_FOLDER", str(tmp_path / "cache"))
    folder = str(export("litdata") / "train")
    litdata.index_parquet_dataset(folder, num_workers=1)
    rows = list(litdata.StreamingDataset(folder, item_loader=streaming.ParquetLoader()))
    assert [row["caption"] for row in rows] == [row.caption for row in TRAIN]
    assert all(is_picture(read["image"], row) for read, row in zip(rows, TRAIN, strict=True))


def mds_samples(folder):
    """Imitate `MDSReader`: two offsets of a sample, lengths of what has none in the index, then the values."""
    index = json.loads((folder / "index.json").read_text())
    assert index["version"] == 2
    for shard in index["shards"]:
        content = (folder / shard["raw_data"]["basename"]).read_bytes()
        assert len(content) == shard["raw_data"]["bytes"]
        [count] = struct.unpack("<I", content[:4])
        assert count == shard["samples"]
        for number in range(count):
            begin, end = struct.unpack("<2I", content[4 * (number + 1) : 4 * (number + 3)])
            yield dict(_mds_values(content[begin:end], shard))


def _mds_values(sample, shard):
    sizes, place = [], 0
    for size in shard["column_sizes"]:
        if size is None:
            [size] = struct.unpack("<I", sample[place : place + 4])
            place += 4
        sizes.append(size)
    for name, encoding, size in zip(shard["column_names"], shard["column_encodings"], sizes, strict=True):
        value = sample[place : place + size]
        place += size
        decode = {"str": bytes.decode, "json": json.loads, "int": lambda b: struct.unpack("<q", b)[0]}
        decode |= {"float64": lambda b: struct.unpack("<d", b)[0]}
        yield name, decode.get(encoding, bytes)(value)
    assert place == len(sample)


def test_mds_shards_are_read_as_their_index_says(export):
    for read, row in zip(mds_samples(export("mds") / "train"), TRAIN, strict=True):
        assert is_picture(read["image"], row)
        assert (read["caption"], read["lam"], read["no_hflip"]) == (row.caption, row.lam, int(row.no_hflip))
        assert read["labels"]["Pleural Effusion"] == 1


def test_mosaics_own_reader_reads_the_shards(export):
    reader = pytest.importorskip("streaming.base.format.mds.reader")
    folder = export("mds") / "train"
    [shard] = json.loads((folder / "index.json").read_text())["shards"]
    opened = reader.MDSReader.from_json(str(folder), "", shard)
    opened.validate(allow_unsafe_types=False)
    read = [opened[k] for k in range(shard["samples"])]
    assert [sample["caption"] for sample in read] == [row.caption for row in TRAIN]
    assert np.array_equal(np.asarray(read[0]["image"]), np.asarray(Image.open(io.BytesIO(TRAIN[0].picture))))


def test_pictures_of_a_format_that_mosaic_does_not_decode_stay_bytes(export):
    out = export("mds", [changed(0, picture_format="webp")])
    [shard] = json.loads((out / "train" / "index.json").read_text())["shards"]
    assert dict(zip(shard["column_names"], shard["column_encodings"], strict=True))["image"] == "bytes"


# --- all of them -------------------------------------------------------------------------------------------------


def read_by_pandas(out):
    """Yield every cell of every table as pandas gives it."""
    for path in out.rglob("*"):
        if path.suffix in (".csv", ".tsv"):
            table = pd.read_csv(path, sep="\t" if path.suffix == ".tsv" else ",")
            yield from ((path.name, column, value) for column in table for value in table[column])


TEXT_COLUMNS = {
    "title",
    "caption",
    "report",
    "findings",
    "impression",
    "Report Impression",
    "text",
    "Reports",
}


@pytest.mark.parametrize("name", names("export"))
def test_no_table_has_a_text_that_pandas_takes_for_nothing(export, name):
    rows = [changed(0), changed(2, texts=RowTexts("Small effusion.", impression="Small effusion."))]
    out = export(name, rows) if name != "folder" else export(name, rows[:1], table="csv")
    for place, column, value in read_by_pandas(out):
        if column in TEXT_COLUMNS:
            assert isinstance(value, str), (place, column)
            assert value.lower() != "nan"


def test_files_are_their_owners_alone(export):
    out = export("open-clip")
    assert {path.stat().st_mode & 0o077 for path in out.rglob("*")} == {0}


@pytest.mark.parametrize("name", ["llava", "r2gen"])
def test_a_list_is_one_json_document_whatever_is_in_it(export, name):
    out = export(name, [])
    texts = [path.read_text() for path in out.rglob("*.json")]
    assert [json.loads(text) for text in texts] in ([], [{"train": [], "val": [], "test": []}])


def test_columns_begin_with_what_the_reader_asks_for(export):
    with (export("gloria") / "master.csv").open() as file:
        assert next(csv.reader(file))[:4] == ["Path", "Frontal/Lateral", "Split", "Report Impression"]
