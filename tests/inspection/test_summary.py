import math

import pyarrow.parquet as pq
import pytest

from medcutmix_cli.errors import RunError, ShardError
from medcutmix_cli.inspection.summary import WEIGHTS, inspect, status
from medcutmix_cli.run import contents
from medcutmix_cli.run.columns import COLUMNS
from medcutmix_cli.run.contents import open_contents
from tests.run_folders import make_row, write_run


def test_a_run_is_counted_over_all_its_shards(tmp_path):
    shards = ([make_row(0), make_row(1, "mass")], [make_row(2, split="validate")])
    found = inspect(write_run(tmp_path / "run", shards, rejected=1))
    assert (found.kind, found.rows, found.shards) == ("run", 3, 2)
    assert found.findings == {"pleural_effusion": 2, "mass": 1}
    assert found.splits == {"train": 2, "validate": 1}
    assert found.patients == 6
    assert found.status is not None
    assert found.status.rejected == {"recipient-mask-too-small": 1}


def test_every_column_is_told_with_its_meaning(tmp_path):
    found = inspect(write_run(tmp_path / "run"))
    assert [column.name for column in found.schema] == [column.name for column in COLUMNS]
    assert all(column.meaning for column in found.schema)


def test_what_left_how_pictures_were_mixed_and_flags_are_counted(tmp_path):
    rows = [
        make_row(0),
        make_row(1, finding_a="mass", image_mode="keep", impression_consistent=False),
        make_row(2, finding="", finding_a="", prompted_b=True),
    ]
    found = inspect(write_run(tmp_path / "run", (rows,)))
    assert found.findings == {"pleural_effusion": 2, "": 1}
    assert found.left == {"": 1, "mass": 1, "pleural_effusion": 1}
    assert found.image_modes == {"attended": 2, "keep": 1}
    assert (found.inconsistent, found.prompted) == (1, 1)


def test_weights_are_summed_up_over_the_rows(tmp_path):
    rows = [make_row(0, lam=0.2), make_row(1, lam=0.6)]
    lam = inspect(write_run(tmp_path / "run", (rows,))).weights[0]
    assert (lam.name, lam.minimum, lam.maximum) == ("lam", 0.2, 0.6)
    assert lam.mean == pytest.approx(0.4)


def test_a_plan_without_a_shard_is_inspected_too(tmp_path):
    run = write_run(tmp_path / "run", ([],), missing=2)
    (run / "state" / "part-00000.json").unlink()
    found = inspect(run)
    assert (found.rows, found.shards, found.findings) == (0, 0, {})
    assert [weight.name for weight in found.weights] == list(WEIGHTS)
    assert all(math.isnan(weight.mean) for weight in found.weights)


def test_a_shard_without_its_state_file_is_not_counted(tmp_path):
    run = write_run(tmp_path / "run", ([make_row(0)], [make_row(1)]))
    (run / "state" / "part-00001.json").unlink()
    assert inspect(run).rows == 1


def test_a_shard_in_its_run_knows_that_nobody_is_in_it(tmp_path):
    run = write_run(tmp_path / "run", synthetic=True)
    found = inspect(run / "data" / "part-00000.parquet")
    assert (found.kind, found.synthetic, found.status) == ("shard", True, None)


def test_a_lone_shard_says_its_terms_and_that_nobody_is_in_it(tmp_path):
    run = write_run(tmp_path / "run", synthetic=True)
    lone = (run / "data" / "part-00000.parquet").rename(tmp_path / "lone.parquet")
    found = inspect(lone)
    assert (found.rows, found.synthetic, found.terms) == (1, True, "Terms of the test.")


def test_a_folder_of_shards_is_read_as_one(tmp_path):
    run = write_run(tmp_path / "run", ([make_row(0)], [make_row(1)]))
    found = inspect(run / "data")
    assert (found.kind, found.rows) == ("shards", 2)


def test_counting_reads_no_picture(tmp_path, monkeypatch):
    run = write_run(tmp_path / "run")
    asked = []
    read = contents.pq.ParquetFile.read

    def spy(file, columns):
        asked.extend(columns)
        return read(file, columns)

    monkeypatch.setattr(contents.pq.ParquetFile, "read", spy)
    inspect(run)
    assert asked
    assert "image" not in asked


@pytest.mark.parametrize(
    ("name", "error", "said"),
    [
        pytest.param("nowhere", RunError, "no such file or folder", id="a-path-that-is-not-there"),
        pytest.param("empty", RunError, "no run in this folder", id="a-folder-without-a-run"),
        pytest.param("text.parquet", ShardError, "no readable Parquet file", id="a-file-that-is-no-shard"),
    ],
)
def test_what_is_no_run_is_refused_by_name(tmp_path, name, error, said):
    (tmp_path / "empty").mkdir()
    (tmp_path / "text.parquet").write_text("no shard")
    with pytest.raises(error, match=said):
        open_contents(tmp_path / name)


def test_a_flipped_byte_is_seen(tmp_path):
    run = write_run(tmp_path / "run", ([make_row(n) for n in range(40)],))
    shard = run / "data" / "part-00000.parquet"
    chunk = next(c for c in _chunks(shard) if c.path_in_schema == "lam_img_area")
    content = bytearray(shard.read_bytes())
    content[chunk.data_page_offset + chunk.total_compressed_size // 2] ^= 1
    shard.write_bytes(content)
    with pytest.raises(ShardError, match="damaged"):
        inspect(run)


def _chunks(shard):
    group = pq.read_metadata(shard).row_group(0)
    return [group.column(number) for number in range(group.num_columns)]


def test_status_adds_up_the_run(tmp_path):
    found = status(write_run(tmp_path / "run", missing=2, failed=1))
    assert (found.planned, found.written, found.waiting, found.missing) == (4, 1, 2, (1, 2))
    assert found.balanced
