import pickle
import shutil
from collections import Counter

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import torch
from torch.utils.data import DataLoader, Subset

from medcutmix_cli.errors import RunError, ShardError, UsageError
from medcutmix_cli.images import decode_picture, encode_png
from medcutmix_cli.loader import BASIC, RECIPE, MixedPairs, collate
from medcutmix_cli.loader import datasets as module
from medcutmix_cli.run.columns import COLUMNS
from medcutmix_cli.run.shards import read_rows
from tests.loader.mixes import make_mix, write_rows
from tests.loader.transforms import shrunk
from tests.run_folders import write_run

IDS = ("pair_id",)


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """70 rows: two row groups and a rest, a shard without rows, a lone row."""
    return write_rows(tmp_path_factory.mktemp("loader") / "run", 67, 0, 1, 2)


def the_id(pair):
    return int(pair["row"]["pair_id"])


def ids_of(source, **options):
    return [the_id(pair) for pair in MixedPairs(source, columns=IDS, **options)]


def test_rows_are_found_by_number_in_the_order_of_the_shards(run):
    pairs = MixedPairs(run, columns=IDS)
    assert len(pairs) == 70
    assert [the_id(pairs[k]) for k in (69, 0, 32, 31, 66, 67, -1, -70)] == [69, 0, 32, 31, 66, 67, 69, 0]
    assert [the_id(pair) for pair in pairs] == list(range(70))
    for beyond in (70, -71):
        with pytest.raises(IndexError, match=f"row {beyond} of 70"):
            pairs[beyond]


def test_a_batch_of_numbers_is_no_row(run):
    """As by `DataLoader(pairs, sampler=MixShareSampler(...))`, where `batch_sampler=` is meant."""
    with pytest.raises(UsageError, match="whole number, not a list") as raised:
        MixedPairs(run, columns=IDS)[[1, 2]]
    assert "batch_sampler=" in raised.value.hint


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        pytest.param(lambda run: run, 70, id="a-run"),
        pytest.param(str, 70, id="a-run-as-text"),
        pytest.param(lambda run: run / "data", 70, id="a-folder-of-shards"),
        pytest.param(lambda run: run / "data" / "part-00000.parquet", 67, id="a-shard"),
        pytest.param(lambda run: f"{run}/data/part-0000[23].parquet", 3, id="a-glob"),
        pytest.param(lambda run: [run / "data" / f"part-0000{k}.parquet" for k in (3, 0)], 69, id="several"),
    ],
)
def test_sources(run, source, expected):
    assert len(MixedPairs(source(run))) == expected


def test_a_shard_that_was_renamed_is_read_where_its_folder_is_named(run, tmp_path):
    """It was passed over: 67 rows were gone, and nothing said so."""
    folder = shutil.copytree(run / "data", tmp_path / "shards")
    (folder / "part-00000.parquet").rename(folder / "first.parquet")
    pq.write_table(pa.table({"x": [1]}), folder / "mine.parquet")
    assert len(MixedPairs(folder)) == 70
    (folder / "first.parquet").write_bytes(b"torn")
    with pytest.raises(ShardError, match="no readable Parquet"):
        MixedPairs(folder)


@pytest.mark.parametrize("inside", [".", "data"])
def test_a_shard_that_a_run_lacks_is_missed(run, tmp_path, inside):
    copy = shutil.copytree(run, tmp_path / "run")
    (copy / "data" / "part-00000.parquet").unlink()
    with pytest.raises((RunError, ShardError), match=r"shard is gone|not rendered yet"):
        MixedPairs(copy / inside)


def test_the_shards_of_a_run_that_is_being_rendered_are_partial_in_their_folder_too(tmp_path):
    run = write_run(tmp_path / "run", missing=1)
    with pytest.raises(RunError, match="1 shards of this run are not rendered yet"):
        MixedPairs(run / "data")
    assert len(MixedPairs(run / "data", partial=True)) == 1


def test_pairs_of_one_batch_have_the_same_keys(run):
    """What the first lacked was dropped without a word; what another lacked was a bare KeyError."""
    own = {"image": torch.zeros(1, 112, 112), "report": "x"}
    pair = MixedPairs(run)[0]
    for pairs in ([own, pair], [pair, own]):
        with pytest.raises(UsageError, match="different keys: label_w, lam"):
            collate(pairs)


def test_pictures_of_two_canvases_are_no_batch(tmp_path):
    """Two joined runs gave a list in place of a tensor, batch by batch as they happened to fall."""
    row, *_ = make_mix()
    large = row | {"image": {"bytes": encode_png(np.zeros((224, 224), np.uint8)), "path": None}}
    write_run(tmp_path / "small", ([row],))
    write_run(tmp_path / "large", ([large],))
    pairs = MixedPairs([tmp_path / "small", tmp_path / "large"])
    with pytest.raises(UsageError, match=r"\(1, 112, 112\) and \(1, 224, 224\)"):
        collate([pairs[0], pairs[1]])


def test_a_shard_that_is_named_twice_is_refused(run):
    with pytest.raises(ShardError, match="twice"):
        MixedPairs([run, run / "data" / "part-00000.parquet"])


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("{run}/nothing", "no such file or folder"),
        ("{run}/data/part-9*.parquet", "no file fits this pattern"),
    ],
)
def test_what_is_not_there_is_an_error(run, source, message):
    with pytest.raises(RunError, match=message) as caught:
        MixedPairs(source.format(run=run))
    assert caught.value.where == source.format(run=run)
    with pytest.raises(RunError, match="no path was named"):
        MixedPairs([])


def test_a_run_that_is_not_complete_is_taken_only_on_demand(tmp_path):
    run = write_run(tmp_path / "run", missing=2)
    with pytest.raises(RunError, match="2 shards"):
        MixedPairs(run)
    assert len(MixedPairs(run, partial=True)) == 1


def test_another_schema_version_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr("medcutmix_cli.run.shards.SCHEMA_VERSION", 2)
    run = write_run(tmp_path / "run")
    monkeypatch.undo()
    with pytest.raises(ShardError, match="schema 2"):
        MixedPairs(run)


def test_a_shard_that_goes_away_is_one_error(tmp_path):
    run = write_rows(tmp_path / "run", 2)
    pairs = MixedPairs(run, columns=IDS)
    (run / "data" / "part-00000.parquet").unlink()
    with pytest.raises(ShardError, match="gone"):
        pairs[0]


def test_a_pair_has_typed_tensors(tmp_path):
    row, *_ = make_mix(3, hard=False)
    pairs = MixedPairs(write_run(tmp_path / "run", ([row],)))
    pair = pairs[0]
    assert set(pair) == set(BASIC)
    assert (pair["image"].shape, pair["image"].dtype) == ((1, 112, 112), torch.float32)
    assert (pair["label_w"].shape, pair["label_w"].dtype) == ((14,), torch.float32)
    assert (pair["lam"].shape, pair["lam"].dtype, pair["lam"].item()) == ((), torch.float32, 0.75)
    grey = MixedPairs(tmp_path / "run", dtype="uint8")[0]["image"]
    assert np.array_equal(grey[0].numpy(), decode_picture(row["image"]["bytes"]))
    assert torch.equal(grey.float() / 255, pair["image"])


def test_a_row_is_the_row_that_was_stored(tmp_path):
    names = [column.name for column in COLUMNS]
    run = write_run(tmp_path / "run", ([make_mix(k)[0] for k in range(3)],))
    pairs = MixedPairs(run, columns=names)
    for number, stored in enumerate(read_rows(run / "data" / "part-00000.parquet")):
        read = pairs[number]["row"]
        assert [*read] == [name for name in names if name != "image"]
        for name, value in read.items():
            if isinstance(value, np.ndarray):
                assert np.array_equal(value, np.array(stored[name], value.dtype), equal_nan=True), name
                assert value.flags.writeable
            else:
                assert value == stored[name], name


def test_no_picture_is_read_where_none_is_wanted(run, monkeypatch):
    asked = []
    read = module.read_group
    monkeypatch.setattr(
        module, "read_group", lambda place, columns: asked.append(columns) or read(place, columns)
    )
    pairs = MixedPairs(run, columns=("report", "lam"))
    assert set(pairs[0]) == {"report", "lam"}
    assert pairs.find(lambda row: row["pair_id"] in ("5", "66", "69"), IDS) == [5, 66, 69]
    assert {name for columns in asked for name in columns} == {"report", "lam", "pair_id"}


def test_what_is_found_makes_a_subset(run):
    pairs = MixedPairs(run, columns=IDS)
    odd = Subset(pairs, pairs.find(lambda row: int(row["pair_id"]) % 2 == 1, IDS))
    assert [the_id(pair) for pair in odd] == list(range(1, 70, 2))


def test_a_row_group_is_read_once_while_it_is_kept(run, monkeypatch):
    counted = Counter()
    read = module.read_group
    monkeypatch.setattr(
        module, "read_group", lambda place, columns: counted.update([place]) or read(place, columns)
    )
    pairs = MixedPairs(run, columns=IDS, cached_groups=2)
    for k in (0, 40, 1, 41, 31, 32):
        pairs[k]
    assert list(counted.values()) == [1, 1]
    pairs[66], pairs[0]
    assert sorted(counted.values()) == [1, 1, 2]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        pytest.param({"columns": ("imagine",)}, "did you mean 'image'", id="column"),
        pytest.param({"columns": ()}, "no column", id="no-columns"),
        pytest.param({"dtype": "float64"}, "float64", id="dtype"),
    ],
)
def test_options_that_make_no_sense_are_refused(run, options, message):
    with pytest.raises(UsageError, match=message):
        MixedPairs(run, **options)


def test_a_pickled_data_set_leaves_its_cache_behind(run):
    pairs = MixedPairs(run, columns=IDS)
    pairs[0]
    again = pickle.loads(pickle.dumps(pairs))  # noqa: S301
    assert not again._cache
    assert the_id(again[42]) == 42


@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")  # Python 3.12
@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_two_workers_give_what_one_process_gives(run, method):
    pairs = MixedPairs(run, columns=("image", "lam", *IDS), dtype="uint8", transform=shrunk)
    pairs[0]  # a parent that has read already
    loader = DataLoader(
        pairs, batch_size=16, num_workers=2, multiprocessing_context=method, collate_fn=collate
    )
    batches = list(loader)
    assert [int(row["pair_id"]) for batch in batches for row in batch["row"]] == list(range(70))
    assert batches[0]["image"].shape == (16, 1, 2, 2)


def test_the_usual_columns_need_no_collate(run):
    batch = next(iter(DataLoader(MixedPairs(run), batch_size=3)))
    assert batch["image"].shape == (3, 1, 112, 112)
    assert batch["label_w"].shape == (3, 14)
    assert (batch["lam"].dtype, len(batch["report"])) == (torch.float32, 3)


def test_collate_stacks_what_fits_and_lists_the_rest(run):
    pairs = MixedPairs(run, columns=(*BASIC, *RECIPE))
    batch = collate([pairs[0], pairs[1]])
    assert batch["image"].shape == (2, 1, 112, 112)
    assert [row["pair_id"] for row in batch["row"]] == ["0", "1"]
    ragged = collate([{"x": torch.zeros(2)}, {"x": torch.zeros(3)}])
    assert [len(x) for x in ragged["x"]] == [2, 3]
