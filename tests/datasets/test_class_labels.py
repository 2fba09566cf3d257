import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from medcutmix_cli.datasets.class_labels import class_names, with_class_names
from medcutmix_cli.datasets.recognise import open_dataset
from medcutmix_cli.errors import DatasetError
from medcutmix_cli.records import Study
from tests.own_trees import rows_of, table_of

VIEWS = ("LATERAL", "AP", "PA")


def schema_of(features):
    told = json.dumps({"info": {"features": features}}).encode()
    return pa.schema([("view", pa.int64())], metadata={b"huggingface": told})


def test_classes_of_a_schema_are_named_and_other_columns_are_not():
    features = {
        "view": {"names": list(VIEWS), "_type": "ClassLabel"},
        "report": {"dtype": "string", "_type": "Value"},
        "tags": [{"names": ["a"], "_type": "ClassLabel"}],
    }
    assert class_names(schema_of(features)) == {"view": VIEWS}


@pytest.mark.parametrize("told", [None, b"[]", b"{", b"{}", b'{"info": []}', b'{"info": {"features": []}}'])
def test_a_schema_that_says_nothing_of_classes_names_none(told):
    assert class_names(pa.schema([("a", pa.int64())], metadata=told and {b"huggingface": told})) == {}


@pytest.mark.parametrize(
    ("cell", "name"), [(0, "LATERAL"), (2, "PA"), (-1, None), (None, None), ("PA", "PA")]
)
def test_a_number_is_its_name(cell, name):
    row = with_class_names({"view": cell, "subject": 0}, {"view": VIEWS}, "a")
    assert row == {"view": name, "subject": 0}


def test_a_number_of_no_class_is_an_error():
    with pytest.raises(DatasetError, match="view"):
        with_class_names({"view": 3}, {"view": VIEWS}, "a.parquet")


@pytest.mark.parametrize("form", ["parquet", "arrow"])
def test_the_views_of_a_table_with_classes_are_read_by_name(tmp_path, form):
    rows = rows_of(tmp_path / "rows", 4)
    table = table_of(rows)
    numbers = pa.array([2, 1, 2, -1], pa.int64())
    table = table.set_column(table.schema.get_field_index("view"), "view", numbers)
    features = {"view": {"names": list(VIEWS), "_type": "ClassLabel"}}
    table = table.replace_schema_metadata(schema_of(features).metadata)
    root = tmp_path / "hf"
    root.mkdir()
    if form == "parquet":
        pq.write_table(table, root / "train-00000-of-00001.parquet")
    else:
        with pa.OSFile(str(root / "data.arrow"), "wb") as sink, pa.ipc.new_stream(sink, table.schema) as out:
            out.write_table(table)
        (root / "dataset_info.json").write_text("{}")
        (root / "state.json").write_text(
            json.dumps({"_data_files": [{"filename": "data.arrow"}], "_split": "train"})
        )
    studies = [study for study in open_dataset(root).studies() if isinstance(study, Study)]
    assert sorted(study.images[0].view for study in studies) == ["", "AP", "PA", "PA"]


def test_what_datasets_itself_writes_is_read(tmp_path):
    datasets = pytest.importorskip("datasets")
    rows = rows_of(tmp_path / "rows", 3)
    features = datasets.Features(
        {
            "image": datasets.Image(),
            "report": datasets.Value("string"),
            "subject": datasets.Value("string"),
            "view": datasets.ClassLabel(names=list(VIEWS)),
            "split": datasets.ClassLabel(names=["train", "test"]),
        }
    )
    columns = {name: [row[name] for row in rows] for name in ("report", "subject")}
    columns |= {"view": [2, 1, 0], "split": [0, 1, 0]}
    columns["image"] = [{"bytes": row["content"], "path": row["image"]} for row in rows]
    made = datasets.Dataset.from_dict(columns, features=features)
    made.save_to_disk(tmp_path / "hf")
    made.to_parquet(tmp_path / "pq.parquet")
    for root in (tmp_path / "hf", tmp_path / "pq.parquet"):
        studies = [study for study in open_dataset(root).studies() if isinstance(study, Study)]
        assert sorted((study.images[0].view, study.split) for study in studies) == [
            ("AP", "test"),
            ("LATERAL", "train"),
            ("PA", "train"),
        ]
