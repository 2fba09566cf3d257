import json

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from medcutmix_cli.attention import TopK
from medcutmix_cli.errors import ShardError
from medcutmix_cli.findings import CHEXPERT
from medcutmix_cli.images import encode_picture
from medcutmix_cli.mixing.blends.feather import Feather
from medcutmix_cli.mixing.cut import Strategies, draw_cut, paste, weigh
from medcutmix_cli.mixing.label_states import label_states
from medcutmix_cli.mixing.ranks import composed_rank
from medcutmix_cli.mixing.regions.in_place_union import InPlaceUnion
from medcutmix_cli.records import MixedParent, MixedSample
from medcutmix_cli.rendering.rows import (
    replay_pixels,
    replay_report,
    row_cut,
    row_pixels,
    to_row,
)
from medcutmix_cli.run.columns import SCHEMA_VERSION
from medcutmix_cli.run.shards import (
    ROW_GROUP_ROWS,
    ShardOrigin,
    arrow_schema,
    publish,
    read_head,
    read_rows,
    write_shard,
)
from tests.builders import make_pair, make_view

ORIGIN = ShardOrigin("f" * 64, {"name": "toy"}, {"plan": {"seed": 0}}, "none", synthetic=True)


def make_row(seed=0):
    a, b = make_view(seed), make_view(seed + 20_000)
    cut = draw_cut(a, b, Strategies(TopK(), InPlaceUnion(), Feather()))
    weights = weigh(cut, a, b)
    pair, rank = make_pair(seed), composed_rank(cut, a, b)
    states = label_states(pair.labels, frozenset(), frozenset(), frozenset())
    recipient = MixedParent(pair.recipient, a.scores.astype(np.float16), cut.mask_a, a.placement)
    donor = MixedParent(pair.donor, b.scores.astype(np.float16), cut.mask_b, b.placement)
    picture = encode_picture(paste(cut, a, b), "png")
    sample = MixedSample(
        pair, cut, recipient, donor, weights, weights.mass, pair.labels, states, rank, picture
    )
    return to_row(sample), a, b


def written(tmp_path, count=3, name="part-00000.parquet"):
    path = tmp_path / name
    write_shard(path, (make_row(seed)[0] for seed in range(count)), ORIGIN)
    return path


def test_a_row_comes_back_as_it_went_in(tmp_path):
    row, a, b = make_row(0)
    (back,) = read_rows(written(tmp_path, 1))
    assert np.array_equal(row_pixels(back), replay_pixels(back, a.pixels, b.pixels))
    assert replay_report(back) == back["report"] == row["report"]
    assert row_cut(back).gain == row["gain"]
    assert back["label_mixed"] == pytest.approx(row["label_mixed"], nan_ok=True)


def test_two_writes_of_the_same_rows_are_the_same_bytes(tmp_path):
    first, second = written(tmp_path, 40, "a.parquet"), written(tmp_path, 40, "b.parquet")
    assert first.read_bytes() == second.read_bytes()


def test_row_groups_stay_small(tmp_path):
    head = read_head(written(tmp_path, ROW_GROUP_ROWS + 1))
    assert head.row_groups == 2
    assert head.rows == ROW_GROUP_ROWS + 1


def test_a_shard_without_rows_is_a_whole_shard(tmp_path):
    assert read_head(written(tmp_path, 0)).rows == 0


def test_a_flipped_byte_in_a_picture_is_found(tmp_path):
    path = written(tmp_path)
    content = bytearray(path.read_bytes())
    place = bytes(content).index(make_row(1)[0]["image"]["bytes"])
    content[place + 60] ^= 0xFF
    path.write_bytes(content)
    with pytest.raises(ShardError, match="damaged"):
        list(read_rows(path))


def test_pictures_are_stored_without_compression(tmp_path):
    metadata = pq.read_metadata(written(tmp_path))
    columns = [metadata.row_group(0).column(i) for i in range(metadata.num_columns)]
    codecs = {c.path_in_schema: c.compression for c in columns}
    assert codecs["image.bytes"] == "UNCOMPRESSED"
    assert codecs["report"] == "ZSTD"


def test_an_interrupted_write_leaves_nothing(tmp_path):
    def rows():
        yield make_row(0)[0]
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_shard(tmp_path / "part-00000.parquet", rows(), ORIGIN)
    assert list(tmp_path.iterdir()) == []


def test_a_failed_publish_leaves_the_old_file_in_place(tmp_path):
    target = tmp_path / "run.json"
    target.write_text("old")

    def write_half():
        with publish(target) as temporary:
            temporary.write_text("half")
            raise OSError("full")

    with pytest.raises(OSError, match="full"):
        write_half()
    assert target.read_text() == "old"
    assert list(tmp_path.iterdir()) == [target]


def test_the_metadata_says_order_of_labels_encoder_and_version():
    said = json.loads(arrow_schema(ORIGIN).metadata[b"medcutmix"])
    assert said["label_order"] == list(CHEXPERT)
    assert said["encoder"] == {"name": "toy"}
    assert said["schema_version"] == SCHEMA_VERSION


@pytest.mark.parametrize(
    ("make", "message"),
    [
        pytest.param(lambda p: p.write_text("no"), "no readable Parquet", id="text"),
        pytest.param(lambda p: p.write_bytes(b""), "no readable Parquet", id="empty"),
        pytest.param(lambda _: None, "this shard is gone", id="missing"),
        pytest.param(
            lambda p: pq.write_table(pa.table({"a": [1]}), p), "not written by medcutmix", id="foreign"
        ),
    ],
)
def test_what_is_no_shard_is_said_so(tmp_path, make, message):
    path = tmp_path / "x.parquet"
    make(path)
    with pytest.raises(ShardError, match=message):
        read_head(path)


def test_another_schema_version_is_refused(tmp_path):
    path = tmp_path / "x.parquet"
    schema = pa.schema([("a", pa.int8())], metadata={b"medcutmix": b'{"schema_version": 99}'})
    pq.write_table(pa.table({"a": pa.array([1], pa.int8())}, schema=schema), path)
    with pytest.raises(ShardError, match="schema 99"):
        read_head(path)


def test_load_dataset_gives_pictures_and_text(tmp_path, monkeypatch):
    monkeypatch.setenv("HF_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    datasets = pytest.importorskip("datasets")
    datasets.disable_progress_bars()
    path = written(tmp_path)
    loaded = datasets.load_dataset(
        "parquet", data_files=str(path), split="train", cache_dir=str(tmp_path / "cache")
    )
    row = loaded[0]
    assert row["image"].size == (112, 112)
    assert row["image"].mode == "L"
    assert row["report"] == make_row(0)[0]["report"]
    assert row["edits"][0]["section"] == "findings"
    assert np.array_equal(np.asarray(row["image"]), row_pixels(make_row(0)[0]))
