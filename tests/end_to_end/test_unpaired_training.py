"""A run with pictures that have no report, read as trainers do: XLIP's masks and prompts, parents, masks, exports."""

import re

import cv2
import numpy as np
import pytest

import medcutmix_cli
from medcutmix_cli import loader
from tests.end_to_end.test_export_round_trip import webdataset
from tests.nih_trees import write_nih
from tests.toy_encoder import ToyEncoder, use_encoder
from tests.trees import write_manifest

COLUMNS = (
    *(
        "image",
        "report",
        "report_a",
        "report_b",
        "prompted_a",
        "prompted_b",
        "finding",
        "mask",
        "interpolation",
    ),
    *("subject_id_a", "subject_id_b", *loader.RECIPE, *loader.PARENTS, *loader.ATTMIM, *loader.ENTITIES),
)


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """Return the folder of a run whose unpaired pictures give and receive, and its pairs."""
    folder = tmp_path_factory.mktemp("unpaired")
    paired, nih = write_manifest(folder / "paired"), write_nih(folder / "nih", studies=24)
    chosen = {"encoder": "toy", "gate": "none", "align": "none", "workers": 2, "pairs_per_study": 3}
    with pytest.MonkeyPatch.context() as patch:
        use_encoder(patch.setattr, lambda _settings: ToyEncoder())
        medcutmix_cli.augment(
            paired, folder / "run", unpaired=nih, unpaired_as="both", blend="hard", **chosen
        )
    return folder, loader.MixedPairs(folder / "run", columns=COLUMNS, dtype="uint8", kind="mixes")


def test_prompts_are_masked_as_reports_are(trained):
    _, pairs = trained
    rows = [pairs.row(k) for k in range(len(pairs))]
    assert {(row["prompted_a"], row["prompted_b"]) for row in rows} >= {
        (True, False),
        (False, True),
        (True, True),
    }
    for row in rows:
        words = [match.span() for match in re.finditer(r"\w+", row["report"])]
        hidden = loader.entity_mask(row, words)
        named = {
            k for e in row["entities"] for k, (a, b) in enumerate(words) if a < e["end"] and b > e["start"]
        }
        assert {k for k, one in enumerate(hidden.tolist()) if one} == named
        assert named
        patches = loader.attmim_mask(row, 0.25, (8, 8), seed=1)
        assert (patches.shape, int(patches.sum())) == ((8, 8), 16)


def test_a_mix_is_made_again_of_both_parents_and_its_stored_mask(trained):
    """By hand: where the mask is 1, widened to pixels, the donor as it was pasted; elsewhere the recipient."""
    folder, pairs = trained
    find = loader.parent_files(folder / "run")
    for k in range(len(pairs)):
        pair = pairs[k]
        row = pair["row"]
        parents = loader.parent_pictures(row, find, dtype="uint8")
        for letter in "ab":
            own = find(row[f"image_path_{letter}"])
            assert own.parent.name == ("images" if row[f"prompted_{letter}"] else "paired")
            assert cv2.imread(str(own), 0) is not None
        mask = np.array(row["mask"]).reshape(row["grid_h"], row["grid_w"]).astype(np.uint8)
        pixels = pair["image"][0].numpy()
        wide = cv2.resize(mask, pixels.shape[::-1], interpolation=cv2.INTER_NEAREST_EXACT).astype(bool)
        again = np.where(wide, parents.donor[0].numpy(), parents.recipient[0].numpy())
        assert np.array_equal(again, pixels)
        assert 0 < mask.sum() < mask.size


def test_moved_data_sets_are_named(trained, tmp_path):
    folder, pairs = trained
    find = loader.parent_files(folder / "run", dataset=folder / "paired", unpaired=folder / "nih")
    assert all(find(pairs.row(k)["image_path_b"]).is_file() for k in range(len(pairs)))
    with pytest.raises(medcutmix_cli.MedcutmixError, match="nowhere"):
        loader.parent_files(folder / "run", unpaired=tmp_path / "nowhere")


def test_an_export_says_which_words_were_made_from_labels(trained, tmp_path):
    folder, pairs = trained
    exported = medcutmix_cli.export(folder / "run", tmp_path / "out", to="webdataset")
    rows = {f"mix-{row['pair_id']}": row for row in (pairs.row(k) for k in range(len(pairs)))}
    read = {row["key"]: row for row in webdataset(tmp_path / "out") if row["source"] == "mix"}
    assert set(read) == set(rows)
    for key, row in rows.items():
        assert read[key]["prompted"] == (row["prompted_a"] or row["prompted_b"])
        assert read[key]["_"]["picture"] == row["image"]["bytes"]
    assert exported.prompted == sum(row["prompted"] for row in read.values()) > 0
