"""What a plan says comes back as it was; a plan of another program version is refused, not half read."""

import errno
import itertools
import os
from dataclasses import asdict, replace
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from medcutmix_cli.errors import RunError
from medcutmix_cli.run.plan_file import plan_rows, read_plan, write_plan
from tests.builders import make_pair


def test_a_pair_comes_back_as_it_was_planned(tmp_path):
    pairs = [replace(make_pair(n), donor=replace(make_pair(n).donor, location="base")) for n in range(3)]
    assert (pairs[0].recipient.severity, pairs[0].donor.severity) == ("small", "large")
    write_plan(tmp_path / "plan.parquet", pairs, 2)
    assert plan_rows(tmp_path / "plan.parquet") == [2, 1]
    back = [read_plan(tmp_path / "plan.parquet", shard) for shard in range(2)]
    assert repr([asdict(pair) for pair in itertools.chain(*back)]) == repr([asdict(pair) for pair in pairs])


def test_a_plan_whose_parents_lack_a_field_is_refused(tmp_path):
    path = tmp_path / "plan.parquet"
    write_plan(path, [make_pair()], 1)
    table = pq.read_table(path)
    older = [
        {**row, "donor": {k: v for k, v in row["donor"].items() if k != "severity"}}
        for row in table.to_pylist()
    ]
    kept = [field for field in table.schema.field("donor").type if field.name != "severity"]
    place = table.schema.get_field_index("donor")
    schema = table.schema.set(place, pa.field("donor", pa.struct(kept)))
    pq.write_table(pa.Table.from_pylist(older, schema=schema), path)
    with pytest.raises(RunError, match="the plan has other columns"):
        plan_rows(path)


def test_a_plan_that_is_written_anew_is_read_anew(tmp_path):
    path = tmp_path / "plan.parquet"
    pairs = [make_pair(n) for n in range(6)]
    write_plan(path, pairs, 6)
    assert len(read_plan(path, 0)) == 6
    write_plan(path, pairs[:2], 1)
    assert [pair.pair_id for pair in read_plan(path, 1)] == [pairs[1].pair_id]


def test_storage_that_fails_for_now_is_no_damaged_plan(tmp_path, monkeypatch):
    path = tmp_path / "plan.parquet"
    write_plan(path, [make_pair()], 1)

    def refuse(self, *_how):
        raise OSError(errno.ESTALE, os.strerror(errno.ESTALE))

    monkeypatch.setattr(Path, "stat", refuse)
    with pytest.raises(RunError, match="stale file handle") as caught:
        read_plan(path, 0)
    assert "run the same command again" in caught.value.hint


def test_a_damaged_plan_is_no_reason_to_throw_shards_away(tmp_path):
    path = tmp_path / "plan.parquet"
    write_plan(path, [make_pair()], 1)
    path.write_bytes(path.read_bytes()[:-9])
    with pytest.raises(RunError, match="damaged") as caught:
        read_plan(path, 0)
    assert "restore it" in caught.value.hint
    path.unlink()
    with pytest.raises(RunError, match="no such file") as caught:
        read_plan(path, 0)
    assert "restore it" in caught.value.hint
