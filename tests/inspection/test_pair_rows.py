import pyarrow.parquet as pq
import pytest

from medcutmix_cli.errors import ShardError
from medcutmix_cli.inspection.pair_rows import PairRows
from tests.run_folders import make_row, write_run

SIZES = (40, 3)


@pytest.fixture(scope="module")
def shards(tmp_path_factory):
    counted = ([make_row(n) for n in range(SIZES[0])], [make_row(0xAB00 + n) for n in range(SIZES[1])])
    run = write_run(tmp_path_factory.mktemp("rows") / "run", counted)
    return sorted((run / "data").glob("*.parquet"))


@pytest.fixture
def groups_read(monkeypatch):
    """Count the row groups that are read."""
    read, whole = [], pq.ParquetFile.read_row_group
    monkeypatch.setattr(
        pq.ParquetFile,
        "read_row_group",
        lambda *given, **more: read.append(given[1]) or whole(*given, **more),
    )
    return read


def test_rows_that_follow_each_other_read_a_row_group_once(shards, groups_read):
    rows = PairRows(picture=False)
    studies = [
        rows.row(shard, at)["study_id_a"]
        for shard, size in zip(shards, SIZES, strict=True)
        for at in range(size)
    ]
    assert studies == [make_row(n)["study_id_a"] for n in (*range(40), 0xAB00, 0xAB01, 0xAB02)]
    assert groups_read == [0, 1, 0]


@pytest.mark.parametrize("order", [(39, 0, 39), (0, 33, 1), (31, 32, 31)])
def test_rows_in_any_order_are_those_asked_for(shards, order, groups_read):
    rows = PairRows(picture=False)
    assert [rows.row(shards[0], at)["study_id_a"] for at in order] == [f"s{at}" for at in order]
    assert len(groups_read) == len(order)


@pytest.mark.parametrize("picture", [True, False])
def test_the_picture_is_there_where_it_is_asked_for(shards, picture):
    assert ("image" in PairRows(picture=picture).row(shards[1], 2)) is picture


def test_a_row_behind_the_last_is_an_error(shards):
    with pytest.raises(ShardError, match="shorter"):
        PairRows(picture=False).row(shards[1], SIZES[1])
