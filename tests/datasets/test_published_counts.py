import pytest

from medcutmix_cli.configuration.registry import GROUPS, load, names
from medcutmix_cli.datasets.base import ListedDataset
from medcutmix_cli.datasets.published_counts import ALL, PublishedCounts, published_counts
from tests.mimic_trees import Tree


def test_the_splits_of_mimic_cxr_add_up_to_all_of_it():
    counts = published_counts("mimic-cxr")
    for noun in ("images", "studies"):
        parts = sum(getattr(counts[split], noun) for split in ("train", "validate", "test"))
        assert parts == getattr(counts[ALL], noun)
    assert counts[ALL] == PublishedCounts(377110, 227835, 65379)


def test_the_lists_of_chestxray14_add_up_to_all_of_it():
    counts = published_counts("nih-chestxray14")
    assert counts["train"].images + counts["test"].images == counts[ALL].images == 112120


@pytest.mark.parametrize("kind", names("dataset"))
def test_what_was_counted_by_its_authors_can_be_counted_here(kind):
    assert "dataset" in GROUPS
    if published_counts(kind):
        assert hasattr(load("dataset", kind), "listed_pictures")


def test_tables_name_every_picture(tmp_path):
    source = load("dataset", "mimic-cxr")(Tree().write(tmp_path))
    assert isinstance(source, ListedDataset)
    listed = sorted(source.listed_pictures())
    assert listed[0] == ("10000001", "50000001", "train")
    assert [split for *_, split in listed].count("train") == 3
