"""Every profile, from shards to what its reader gets: each field is the one that PyArrow alone reads in the shard.

The consumers' own readers, where they are installed, and the steps that they take: `tests/exports/test_profiles.py`.
"""

import ast
import json
import math
import struct
import tarfile
from itertools import pairwise
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq
import pytest

import medcutmix_cli
from medcutmix_cli.configuration.registry import names
from medcutmix_cli.findings import CHEXPERT
from tests.end_to_end.export_rows import stored_rows, write_rows_to_export

FACTS = {
    "split": "split",
    "subject_id": "subject_id_a",
    "study_id": "study_id_a",
    "donor_subject_id": "subject_id_b",
    "donor_study_id": "study_id_b",
    "finding": "finding",
    "strategy": "strategy",
    "lam": "lam",
}
"""What every table says, and the column of the shard that says it."""

SIDES = ("left", "right", "bilateral", "left", "none")
NO_FLIP = (True, True, False, True, False)


def on_one_line(text):
    return " ".join((text or "").split())


def caption(row):
    return on_one_line(f"{row['findings'] or ''} {row['impression'] or ''}")


# One reader a profile: it yields the facts, and under "_" what the fields say that are its own.


def table(path, **how):
    return pd.read_csv(path, keep_default_na=False, float_precision="round_trip", **how).to_dict("records")


def master(out, picture, caption_of):
    rows = table(out / "master.csv")
    assert {row.get("Split", row.get("split")) for row in rows} <= {"train", "valid", "validate"}
    return [{**row, "_": {"text": caption_of(row), "picture": picture(row["Path"])}} for row in rows]


def below(out):
    return lambda path: (out / path.partition("/")[2]).read_bytes()


def conversations(files, root):
    for row in (row for file in files for row in json.loads(file.read_text())):
        [asked, told] = row["conversations"]
        assert (asked["from"], told["from"]) == ("human", "gpt")
        path = Path(row["images"][0]) if "images" in row else root / row["image"]
        yield {**row, "_": {"text": told["value"], "picture": path.read_bytes(), "view": row.get("view")}}


def open_clip(out):
    rows = [row for file in out.glob("*.tsv") for row in table(file, sep="\t")]
    return [{**r, "_": {"text": r["title"], "picture": Path(r["filepath"]).read_bytes()}} for r in rows]


def run_clip(out):
    rows = [row for file in out.glob("*.csv") for row in table(file)]
    return [{**r, "_": {"text": r["caption"], "picture": Path(r["image_path"]).read_bytes()}} for r in rows]


def cxr_clip(out):
    for row in (row for file in out.glob("*.csv") for row in table(file)):
        [view], [image] = (ast.literal_eval(row[name]) for name in ("view", "image"))
        assert ast.literal_eval(row[view]) == [image]
        text = " ".join(ast.literal_eval(row["text"]))
        yield {**row, "_": {"text": text, "picture": Path(image).read_bytes(), "view": view}}


def folder(out):
    for file in out.glob("*/metadata.jsonl"):
        for row in map(json.loads, file.read_text().splitlines()):
            picture = (file.parent / row["file_name"]).read_bytes()
            own = {name: row[name] for name in ("view", "labels", "report")}
            yield {**row, "_": {"text": row["caption"], "picture": picture, **own}}


def litdata(out):
    rows = [row for file in out.glob("*/*.parquet") for row in pq.read_table(file).to_pylist()]
    for row in rows:
        labels = {
            k: v if v == v else None for k, v in zip(CHEXPERT, row["labels"], strict=True)
        }  # NaN is not said
        own = {"report": row["report"], "view": row["view"], "labels": labels}
        yield {**row, "_": {"text": row["caption"], "picture": row["image"], **own}}


def mds(out):
    """Follow the published format: count, offsets, then for each sample its variable sizes and its values."""
    for index in out.glob("*/index.json"):
        for shard in json.loads(index.read_text())["shards"]:
            content = (index.parent / shard["raw_data"]["basename"]).read_bytes()
            [count] = struct.unpack_from("<I", content)
            places = struct.unpack_from(f"<{count + 1}I", content, 4)
            for start, end in pairwise(places):
                row = dict(mds_values(content[start:end], shard))
                own = {name: row[name] for name in ("report", "view", "labels")}
                yield {**row, "_": {"text": row["caption"], "picture": row["image"], **own}}


def mds_values(sample, shard):
    sizes, place = list(shard["column_sizes"]), 0
    for k, size in enumerate(sizes):
        if size is None:
            [sizes[k]] = struct.unpack_from("<I", sample, place)
            place += 4
    kinds = {"str": bytes.decode, "json": json.loads, "png": bytes}
    kinds |= {"int": lambda b: struct.unpack("<q", b)[0], "float64": lambda b: struct.unpack("<d", b)[0]}
    for name, kind, size in zip(shard["column_names"], shard["column_encodings"], sizes, strict=True):
        yield name, kinds[kind](sample[place : place + size])
        place += size


def medclip(out):
    rows = [row for file in (out / "local_data").glob("*.csv") for row in table(file, index_col=0)]
    for row in rows:
        own = {"text": row["report"], "picture": Path(row["imgpath"]).read_bytes()}
        yield {**row, "_": {**own, "labels": {name: row[name] for name in CHEXPERT}, "unsaid": 0.0}}


def r2gen(out):
    parts = json.loads((out / "annotation.json").read_text())
    for row in (row for part in parts.values() for row in part):
        picture = (out / "images" / row["image_path"][0]).read_bytes()
        yield {**row, "_": {"text": row["report"], "picture": picture}}


def radzero(out):
    for row in (row for file in out.glob("[tv]*.json") for row in json.loads(file.read_text())):
        picture = (out / "images" / row["dicom_id"]).read_bytes()
        yield {**row, "_": {"phrases": row["key_phrases"], "picture": picture, "view": row["view_position"]}}


def swift(out):
    for row in (json.loads(line) for file in out.glob("*.jsonl") for line in file.read_text().splitlines()):
        own = {"text": row["messages"][1]["content"], "picture": Path(row["images"][0]).read_bytes()}
        yield {**row, "_": own}


def webdataset(out):
    for file in out.glob("*.tar"):
        with tarfile.open(file) as tar:
            members = {member.name: tar.extractfile(member).read() for member in tar}
        for key in dict.fromkeys(name.partition(".")[0] for name in members):
            row = json.loads(members[f"{key}.json"])
            own = {"text": members[f"{key}.txt"].decode(), "picture": members[f"{key}.png"]}
            yield {**row, "_": {**own, "labels": row["labels"], "report": row["report"]}}


READERS = {
    "carzero": lambda out: master(
        out, lambda path: Path(path).read_bytes(), lambda row: row["Report Impression"]
    ),
    "cxr-clip": cxr_clip,
    "folder": folder,
    "gloria": lambda out: master(out, below(out), lambda row: row["Report Impression"]),
    "hf-run-clip": run_clip,
    "litdata": litdata,
    "llava": lambda out: conversations(out.glob("[tv]*.json"), out),
    "llava-rad": lambda out: conversations(out.glob("[tv]*.json"), out),
    "mds": mds,
    "medclip": medclip,
    "mgca": lambda out: master(
        out, below(out), lambda row: on_one_line(f"{row['findings']} {row['impression']}")
    ),
    "open-clip": open_clip,
    "r2gen": r2gen,
    "radzero": radzero,
    "sharegpt": lambda out: conversations(out.glob("[tv]*.json"), out),
    "swift": swift,
    "webdataset": webdataset,
}


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    return write_rows_to_export(tmp_path_factory.mktemp("round_trip") / "run")


def test_there_is_a_reader_for_every_profile_with_pictures():
    assert set(READERS) == set(names("export")) - {"medclip-sentences"}


@pytest.mark.parametrize("name", READERS)
def test_what_a_reader_gets_is_what_the_shard_says(run, tmp_path, name):
    medcutmix_cli.export(run, tmp_path / "out", to=name)
    stored = stored_rows(run)
    read = {row["key"]: row for row in READERS[name](tmp_path / "out")}
    assert set(read) == set(stored)
    for number, (key, row) in enumerate(stored.items()):
        told = read[key]
        told["split"] = {"val": "validate", "valid": "validate"}.get(told["split"], told["split"])
        assert {fact: told[fact] for fact in FACTS} == {fact: row[column] for fact, column in FACTS.items()}
        assert told["source"] == "mix"
        assert (told["laterality"], bool(told["no_hflip"])) == (SIDES[number], NO_FLIP[number])
        assert bool(told["prompted"]) == (row["prompted_a"] or row["prompted_b"])
        compare_own_fields(name, told["_"], row)


def compare_own_fields(name, own, row):
    assert own["picture"] == row["image"]["bytes"]
    if "text" in own:
        assert own["text"] == (on_one_line(row["findings"]) if name == "llava-rad" else caption(row))
    if "phrases" in own:
        assert own["phrases"]
        assert all(phrase in caption(row) for phrase in own["phrases"])
    assert own.get("view") in (None, row["view_a"])
    assert own.get("report") in (None, row["report"])
    if "labels" in own:
        expected = dict(zip(CHEXPERT, row["label_mixed"], strict=True))
        unsaid = own.get("unsaid")
        assert own["labels"] == {k: unsaid if math.isnan(v) else v for k, v in expected.items()}


def test_sentences_of_medclip_are_of_the_reports_of_train(run, tmp_path):
    medcutmix_cli.export(run, tmp_path / "out", to="medclip-sentences")
    rows = table(tmp_path / "out" / "local_data" / "sentence-label.csv", index_col=0)
    train = " ".join(caption(row) for row in stored_rows(run).values() if row["split"] == "train")
    assert all(row["Reports"] in train for row in rows)
    assert len({row["Reports"] for row in rows}) == len(rows) >= 4
