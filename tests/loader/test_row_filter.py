from collections import Counter

import pyarrow.parquet as pq
import pytest
from torch.utils.data import DataLoader

from medcutmix_cli.errors import UsageError
from medcutmix_cli.loader import IterableMixedPairs, MixedPairs, collate
from medcutmix_cli.loader.row_filter import RowFilter, to_filter
from tests.loader.mixes import as_it_is
from tests.run_folders import make_row, write_run

IDS = ("pair_id",)


def rows_of(splits, findings, first):
    """Return rows with numbers for ids; a study as it is for the finding ""."""
    return [
        (as_it_is(n) if not finding else make_row(n, finding)) | {"pair_id": str(n), "split": split}
        for n, (split, finding) in enumerate(zip(splits, findings, strict=True), first)
    ]


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """Groups of 32 rows: train masses, train of all kinds, both splits; then a shard of validation alone."""
    first = rows_of(
        ["train"] * 64 + ["train", "validate"] * 5,
        ["mass"] * 32 + ["", "edema", "mass", "nodule"] * 8 + ["mass", ""] * 5,
        0,
    )
    second = rows_of(["validate"] * 4, ["edema", "", "edema", ""], 74)
    left = make_row(78, "", finding_a="mass", pair_id="78", split="validate")  # a mix that nothing comes into
    return write_run(tmp_path_factory.mktemp("loader") / "run", (first, [*second, left]))


CHOICES = [
    ({"split": "validate"}, [*range(65, 74, 2), *range(74, 79)]),
    ({"kind": "mixes", "split": "validate"}, [74, 76, 78]),
    ({"kind": "originals"}, [*range(32, 64, 4), *range(65, 74, 2), 75, 77]),
    ({"finding": "edema"}, [*range(33, 64, 4), 74, 76]),
    (
        {"finding": ("edema", "nodule"), "split": ("train", "test")},
        sorted([*range(33, 64, 4), *range(35, 64, 4)]),
    ),
    ({"kind": "all"}, list(range(79))),
]


@pytest.mark.parametrize(
    ("choice", "expected"), CHOICES, ids=lambda each: str(each) if isinstance(each, dict) else ""
)
def test_both_data_sets_have_the_rows_that_are_wanted(run, choice, expected):
    pairs = MixedPairs(run, columns=IDS, **choice)
    assert [int(pairs.row(k)["pair_id"]) for k in range(len(pairs))] == expected
    parts = [IterableMixedPairs(run, columns=IDS, rank=rank, world_size=3, **choice) for rank in range(3)]
    seen = [int(pair["row"]["pair_id"]) for part in parts for pair in part]
    assert sorted(seen) == expected
    assert [part.rows for part in parts] == [len(list(part)) for part in parts]
    assert pairs.find(lambda row: row["pair_id"] == str(expected[-1]), IDS) == [len(expected) - 1]


def test_batches_of_a_choice_are_counted_and_go_on_in_an_epoch(run):
    pairs = IterableMixedPairs(run, columns=IDS, kind="mixes", rank=1, world_size=2, drop_uneven=True)
    loader = DataLoader(pairs, batch_size=4, collate_fn=collate)
    whole = [[row["pair_id"] for row in batch["row"]] for batch in loader]
    assert len(whole) == pairs.batches(4)
    pairs.set_epoch(0, batches_done=2, batch_size=4)
    assert [[row["pair_id"] for row in batch["row"]] for batch in loader] == whole[2:]


def test_row_groups_that_tell_by_themselves_are_not_read(run, monkeypatch):
    read, groups = pq.ParquetFile.read_row_groups, Counter()

    def counted(file, wanted, **how):
        groups.update([len(wanted)])
        return read(file, wanted, **how)

    monkeypatch.setattr(pq.ParquetFile, "read_row_groups", counted)
    assert len(MixedPairs(run, split="train")) == 69
    assert groups == {1: 1}  # of four groups the one that has both splits
    assert {group.kept is None for group in MixedPairs(run, split="train").groups[:2]} == {True}


def test_what_nobody_has_is_an_error_that_says_what_there_is(run):
    with pytest.raises(UsageError, match=r"none of 79 rows is of split 'test', kind 'mixes'") as raised:
        IterableMixedPairs(run, split="test", kind="mixes")
    assert "train 69, validate 10" in raised.value.hint
    assert '"" 16' in raised.value.hint
    with pytest.raises(UsageError, match="no split 'val'"):
        MixedPairs(run, split="val")
    with pytest.raises(UsageError, match="no kind 'mixed'"):
        MixedPairs(run, kind="mixed")
    with pytest.raises(UsageError, match="finding= names none"):
        MixedPairs(run, finding=())
    with pytest.raises(TypeError, match="no word to choose rows by: findings"):
        MixedPairs(run, findings="edema")


def test_a_filter_is_told_as_it_was_said():
    choice = {"split": "train", "finding": ("edema", "mass"), "kind": "mixes"}
    assert str(to_filter(choice)) == "split 'train', finding 'edema' or 'mass', kind 'mixes'"
    assert to_filter({}).takes_all
    assert not RowFilter(kind="mixes").takes_all
