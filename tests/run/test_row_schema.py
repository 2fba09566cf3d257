import base64
import json
import math

import pytest

from medcutmix_cli.run.columns import COLUMNS, SCHEMA_VERSION
from medcutmix_cli.run.data_card import write_card
from medcutmix_cli.run.folder import RunFolder
from medcutmix_cli.run.row_schema import row_schema
from medcutmix_cli.run.run_record import read_run
from medcutmix_cli.run.shards import read_rows
from medcutmix_cli.run.status import run_status
from tests.run_folders import make_row, write_run


def as_json(value):
    """Return a row as JSON has it: bytes as base64, NaN as null."""
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if isinstance(value, float):
        return None if math.isnan(value) else value
    if isinstance(value, dict):
        return {key: as_json(inner) for key, inner in value.items()}
    return [as_json(inner) for inner in value] if isinstance(value, list) else value


@pytest.fixture
def rows(tmp_path):
    run = write_run(tmp_path / "run", ([make_row(0), make_row(1, ground_p_a=None, findings="Clear.")],))
    return [as_json(row) for row in read_rows(run / "data" / "part-00000.parquet")]


@pytest.fixture
def validator():
    jsonschema = pytest.importorskip("jsonschema")
    jsonschema.Draft202012Validator.check_schema(row_schema())
    return jsonschema.Draft202012Validator(row_schema())


def test_rows_as_they_are_written_are_valid(rows, validator):
    for row in rows:
        assert [error.message for error in validator.iter_errors(row)] == []


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("pair_id", 7),
        ("lam", "half"),
        ("label_w", ["1"]),
        ("grid_h", 2**15),
        ("edits", [{"start": 1}]),
        ("split", None),
    ],
)
def test_a_row_that_is_none_is_not_valid(rows, validator, column, value):
    assert not validator.is_valid({**rows[0], column: value})


def test_a_row_that_lacks_a_column_or_has_another_is_not_valid(rows, validator):
    assert not validator.is_valid({**rows[0], "more": 1})
    assert not validator.is_valid({key: value for key, value in rows[0].items() if key != "report"})


def test_every_column_is_there_with_its_meaning_and_the_version():
    schema = row_schema()
    assert {name: said["description"] for name, said in schema["properties"].items()} == {
        column.name: column.meaning for column in COLUMNS
    }
    assert schema["$id"].endswith(f":{SCHEMA_VERSION}")


def test_it_lies_beside_the_data_card(tmp_path):
    folder = RunFolder(write_run(tmp_path / "run"))
    write_card(folder, read_run(folder), run_status(folder))
    assert json.loads(folder.schema_file.read_text()) == row_schema()
    assert folder.foreign_files() == []
    assert "`row.schema.json`" in folder.card_file.read_text()
