import numpy as np
import pytest
import torch
from torch.utils.data import Subset

from medcutmix_cli.errors import UsageError
from medcutmix_cli.loader import (
    FEATURES,
    LEFT_OUT,
    SECTIONS,
    MixedPairs,
    no_triple,
    row_features,
    section_triples,
)
from medcutmix_cli.run.shards import read_rows
from tests.run_folders import make_row, write_run

ROWS = [
    make_row(0, findings="Clear.", impression="Normal.", findings_a="Own.", impression_a="Too."),
    make_row(1, findings="Clear.", impression=None, findings_b="Given.", impression_b="Also."),
    make_row(2, findings=None, impression="Normal."),
    make_row(3, findings=" \n", impression=""),
    make_row(4, findings="Clear.", impression="Pneumonia.", impression_consistent=False),
]


def test_triples_come_only_where_both_sections_are_and_the_rest_is_counted():
    triples = section_triples(ROWS)
    [(image, findings, impression)] = triples
    assert (findings, impression) == ("Clear.", "Normal.")
    assert (image.shape, image.dtype) == ((1, 112, 112), torch.float32)
    assert triples.left_out == dict.fromkeys(LEFT_OUT, 1)
    assert len(list(triples)) == 1
    assert triples.left_out.total() == 4  # counted afresh


def test_inconsistent_impressions_may_be_taken():
    triples = section_triples(ROWS, consistent=False)
    assert [impression for *_, impression in triples] == ["Normal.", "Pneumonia."]
    assert "impression-inconsistent" not in triples.left_out


@pytest.mark.parametrize(("which", "expected"), [("a", "Own."), ("b", "Given.")])
def test_a_parents_triples_have_its_own_sections_and_picture(which, expected):
    triples = section_triples(ROWS, which, picture=lambda row: torch.tensor(int(row["pair_id"], 16)))
    [triple] = triples
    assert triple.findings == expected
    assert triple.image == "ab".index(which)
    assert triples.left_out == {"neither": 4}


def test_a_parents_picture_must_come_from_somewhere():
    with pytest.raises(UsageError, match="picture="):
        section_triples(ROWS, "a")
    with pytest.raises(UsageError, match="mix, a or b"):
        section_triples(ROWS, "c")
    with pytest.raises(UsageError, match="'image'"):
        list(section_triples([{name: ROWS[0][name] for name in SECTIONS}]))


def test_triples_of_a_shard_and_a_map_style_subset_agree(tmp_path):
    run = write_run(tmp_path / "run", (ROWS[:2], ROWS[2:]))
    shards = sorted((run / "data").iterdir())
    streamed = section_triples(row for s in shards for row in read_rows(s, ["image", *SECTIONS]))
    pairs = MixedPairs(run, columns=("image", *SECTIONS))
    chosen = Subset(pairs, pairs.find(lambda row: not no_triple(row), SECTIONS))
    assert [pair["row"]["impression"] for pair in chosen] == [triple.impression for triple in streamed]
    assert sum(streamed.left_out.values()) + len(chosen) == len(pairs)


def test_features_have_the_shape_of_the_grid(tmp_path):
    values = np.arange(16 * 3, dtype=np.float16)
    run = write_run(tmp_path / "run", ([make_row(features=values, feature_dim=3)],))
    found = row_features(MixedPairs(run, columns=FEATURES)[0]["row"])
    assert (found.shape, found.dtype) == ((4, 4, 3), torch.float32)
    assert torch.equal(found.flatten(), torch.from_numpy(values).float())


def test_a_run_without_features_says_how_to_get_them():
    with pytest.raises(UsageError, match="--features"):
        row_features(make_row())
