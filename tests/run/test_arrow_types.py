from collections.abc import Mapping
from dataclasses import asdict, replace

import pyarrow as pa
import pytest

from medcutmix_cli.records import Entity, Neighbour, Pair, Placement, Side, TextWeights
from medcutmix_cli.run.arrow_types import arrow_type, field_types, records_table
from tests.builders import make_pair


@pytest.mark.parametrize(
    ("hint", "expected"),
    [
        pytest.param(int, pa.int32(), id="offsets-are-int32"),
        pytest.param(bool, pa.bool_(), id="a-flag-is-no-number"),
        pytest.param(float, pa.float64(), id="one-number-is-float64"),
        pytest.param(tuple[float, ...], pa.list_(pa.float32()), id="labels-are-float32"),
        pytest.param(Side, pa.string(), id="a-named-choice-is-text"),
        pytest.param(str | None, pa.string(), id="what-may-be-missing-has-its-own-type"),
        pytest.param(
            tuple[Neighbour, ...],
            pa.list_(pa.struct([(name, pa.string()) for name in ("finding", "sentence", "side")])),
            id="records-in-a-list",
        ),
    ],
)
def test_an_annotation_has_one_arrow_type(hint, expected):
    assert arrow_type(hint) == expected


@pytest.mark.parametrize("record", [Entity, Placement, TextWeights, Pair])
def test_a_record_keeps_its_fields_in_order(record):
    assert [*field_types(record)] == [*record.__dataclass_fields__]


@pytest.mark.parametrize("hint", [Mapping[str, float], tuple[int, int], str | int, object])
def test_what_no_file_holds_is_refused(hint):
    with pytest.raises(TypeError, match="no Arrow type"):
        arrow_type(hint)


@pytest.mark.parametrize("count", [0, 1, 5])
def test_a_table_of_records_is_that_of_their_dicts(count):
    pairs = [make_pair(n) for n in range(count)]
    pairs[1::2] = [
        replace(pair, edits=(), entities=(), impression_text=None, donor=replace(pair.donor, neighbours=()))
        for pair in pairs[1::2]
    ]
    schema = pa.schema(list(field_types(Pair).items()))
    table, plain = records_table(pairs, schema), pa.Table.from_pylist([*map(asdict, pairs)], schema=schema)
    assert table.schema.equals(plain.schema)
    assert repr(table.to_pylist()) == repr(plain.to_pylist())
