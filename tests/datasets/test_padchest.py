import pytest

import medcutmix_cli
from medcutmix_cli import check_dataset
from medcutmix_cli.datasets.padchest import read_list
from medcutmix_cli.datasets.recognise import open_dataset
from medcutmix_cli.errors import UsageError
from medcutmix_cli.records import Drop
from medcutmix_cli.run.shards import read_rows
from tests.released_trees import write_padchest
from tests.toy_encoder import ToyEncoder, use_encoder
from tests.trees import write_manifest


def entries_of(root):
    return list(open_dataset(root, split="train").studies())


@pytest.mark.parametrize("place", ["0", "images", "54/images"])
def test_a_study_has_both_views_and_says_its_labels(tmp_path, place):
    first = entries_of(write_padchest(tmp_path, place=place))[0]
    assert {image.view for image in first.images} == {"PA", "LATERAL"}
    assert first.labels == {"Pleural Effusion": 1.0}
    assert first.subject_id == "padchest-840"
    assert "derram" not in first.report


@pytest.mark.parametrize("role", ["report", "findings", "impression", "report_path"])
def test_its_spanish_reports_are_refused_by_name(tmp_path, role):
    with pytest.raises(UsageError, match=r"reports of PadChest are Spanish.*its labels are said"):
        open_dataset(write_padchest(tmp_path), columns={role: "Report"})


def test_the_check_says_that_its_reports_are_not_read(tmp_path):
    check = check_dataset(write_padchest(tmp_path), split_all="train")
    assert check.ok
    assert any("reports are Spanish" in problem.what for problem in check.problems)


@pytest.mark.parametrize(
    ("labels", "reason"),
    [
        pytest.param("['normal', 'pneumonia']", "labels-contradictory", id="normal-beside-a-finding"),
        pytest.param("['pneumonia', 'NSG tube']", "label-has-no-prompt", id="a-tube"),
        pytest.param("[]", "labels-missing", id="no-label"),
        pytest.param("", "labels-missing", id="a-blank-cell"),
    ],
)
def test_a_study_that_no_prompt_can_say_is_dropped_by_name(tmp_path, labels, reason):
    entries = entries_of(write_padchest(tmp_path, 4, [labels, "['pneumonia']"]))
    assert {(e.identifier, e.reason) for e in entries if isinstance(e, Drop)} == {
        (f"padchest-2000{n}", reason) for n in (0, 2)
    }


def test_a_cell_that_is_no_list_is_none():
    assert read_list("['a', 3, 'b']") == ["a", "b"]
    assert read_list("'a'") == []
    assert read_list("__import__('os')") == []


def test_it_gives_beside_a_set_with_reports(tmp_path, monkeypatch):
    use_encoder(monkeypatch.setattr, lambda _settings: ToyEncoder())
    recipe = tmp_path / "recipe.toml"
    recipe.write_text('[dataset.unpaired_options]\nsplit = "train"\n')
    status = medcutmix_cli.augment(
        write_manifest(tmp_path / "paired", 12),
        tmp_path / "out",
        config=recipe,
        unpaired=write_padchest(tmp_path / "padchest", 40, ["['pleural effusion']", "['pneumothorax']"]),
        unpaired_as="donor",
        encoder="toy",
        gate="none",
        align="none",
        workers=1,
        seed=3,
    )
    assert status.balanced
    rows = [row for shard in (tmp_path / "out" / "data").iterdir() for row in read_rows(shard)]
    given = [row for row in rows if row["prompted_b"]]
    assert given
    assert all(row["subject_id_b"].startswith("padchest-") for row in given)
    assert not any(row["prompted_a"] for row in rows)
