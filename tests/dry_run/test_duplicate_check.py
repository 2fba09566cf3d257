"""Near-duplicates are listed with whose they are; other pictures are not."""

import json

import pytest

from medcutmix_cli import check_dataset
from medcutmix_cli.dry_run import dataset_check
from medcutmix_cli.errors import DatasetError
from medcutmix_cli.images.perceptual_hash import NEAR
from medcutmix_cli.terminal.checks import check_view
from tests.calls import medcutmix
from tests.picture_copies import COPIES, draw_chest, write_copy
from tests.terminal.printing import printed
from tests.trees import write_manifest


def table(folder, copies=(), studies=8, **cells):
    """Write a table of different chests; each of `copies` is (number of a picture, number of its copy, name)."""
    write_manifest(folder, studies)
    for number in range(studies):
        write_copy(folder / f"{number}.jpg", draw_chest(number, 360, 300), "same")
    for number, copy, name in copies:
        write_copy(folder / f"{copy}.jpg", draw_chest(number, 360, 300), name)
    path = folder / "manifest.jsonl"
    rows = [json.loads(line) for line in path.read_text().splitlines()]
    for number, row in enumerate(rows):
        row |= {name: cell(number) for name, cell in cells.items()}
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def members(group):
    return [picture.study_id for picture in group.pictures]


def test_different_pictures_are_no_group(tmp_path):
    found = check_dataset(table(tmp_path)).duplicates
    assert (found.compared, found.pictures, found.groups, found.unreadable) == (8, 8, (), ())


@pytest.mark.parametrize("name", sorted(set(COPIES) - {"cropped-at-a-corner", "cropped-all-round"}))
def test_a_copy_under_another_patient_is_told(tmp_path, name):
    check = check_dataset(table(tmp_path, [(2, 5, name)]))
    (group,) = check.duplicates.groups
    assert members(group) == ["s0002", "s0005"]
    assert (group.crosses_patients, group.crosses_splits) == (True, False)
    assert 0 <= group.distance <= NEAR
    assert [p.what for p in check.problems] == ["2 pictures are near-duplicates across patients (1 group)"]
    assert check.ok


def test_a_mirrored_picture_is_no_copy(tmp_path):
    assert check_dataset(table(tmp_path, [(2, 5, "mirrored")])).duplicates.groups == ()


def test_a_copy_in_a_split_that_is_not_mixed_is_told(tmp_path):
    path = table(tmp_path, [(2, 5, "jpeg-65")], split=lambda n: "test" if n == 5 else "train")
    check = check_dataset(path)
    (group,) = check.duplicates.groups
    assert (group.crosses_splits, check.duplicates.pictures) == (True, 8)
    assert [p.what.split(" across ")[1] for p in check.problems] == [
        "splits (1 group)",
        "patients (1 group)",
    ]


def test_two_pictures_of_one_patient_are_listed_and_no_problem(tmp_path):
    check = check_dataset(table(tmp_path, [(2, 3, "jpeg-65")], subject=lambda n: f"p{n // 2}"))
    (group,) = check.duplicates.groups
    assert (group.crosses_patients, group.crosses_splits, check.problems) == (False, False, ())


def test_groups_are_joined_and_the_gravest_come_first(tmp_path):
    copies = [(0, 1, "same"), (2, 3, "darker"), (2, 7, "jpeg-50"), (4, 5, "same")]
    path = table(
        tmp_path, copies, split=lambda n: "test" if n == 5 else "train", subject=lambda n: f"p{max(n, 1)}"
    )
    groups = check_dataset(path).duplicates.groups
    assert [members(group) for group in groups] == [
        ["s0004", "s0005"],
        ["s0002", "s0003", "s0007"],
        ["s0000", "s0001"],
    ]
    assert [group.crosses_patients for group in groups] == [True, True, False]


def test_of_many_pictures_a_sample_is_compared_unless_all_are_asked_for(tmp_path, monkeypatch):
    monkeypatch.setattr(dataset_check, "COMPARED", 4)
    path = table(tmp_path, [(0, 1, "same")])  # the sample is every second one
    some, every = check_dataset(path).duplicates, check_dataset(path, duplicates=True).duplicates
    assert (some.compared, some.pictures, len(some.groups)) == (4, 8, 0)
    assert (every.compared, every.pictures, len(every.groups)) == (8, 8, 1)


def test_all_studies_are_looked_at_where_all_pictures_are_compared(tmp_path, monkeypatch):
    monkeypatch.setattr(dataset_check, "MOST_STUDIES", 4)
    path = table(tmp_path, [(0, 7, "same")])
    assert (check_dataset(path).whole, check_dataset(path).duplicates.pictures) == (False, 4)
    every = check_dataset(path, duplicates=True)
    assert (every.whole, len(every.duplicates.groups)) == (True, 1)


def test_pictures_that_cannot_be_read_are_counted_by_name(tmp_path):
    path = table(tmp_path)
    (tmp_path / "3.jpg").unlink()
    found = check_dataset(path).duplicates
    assert (found.compared, found.unreadable) == (7, (("image-missing", 1),))


@pytest.mark.parametrize("every", [False, True])
def test_a_failing_storage_is_counted_and_stops_only_who_asked_for_all(tmp_path, monkeypatch, every):
    path = table(tmp_path)

    def fail(*_arguments):
        raise DatasetError("the storage of the data set fails")

    monkeypatch.setattr("medcutmix_cli.planning.picture_hashes.hash_picture", fail)
    if every:
        with pytest.raises(DatasetError):
            check_dataset(path, duplicates=True)
    else:
        assert check_dataset(path).duplicates.unreadable == (("image-storage-fails", 8),)


def test_the_order_of_rows_decides_nothing(tmp_path):
    path = table(tmp_path, [(0, 1, "same"), (2, 6, "darker"), (2, 4, "jpeg-80")])
    one = check_dataset(path, duplicates=True).duplicates
    path.write_text("".join(reversed(path.read_text().splitlines(keepends=True))))
    assert check_dataset(path, duplicates=True).duplicates == one


def test_the_command_lists_them_and_json_has_all(tmp_path, capsys):
    path = table(tmp_path, [(2, 5, "jpeg-65")], split=lambda n: "test" if n == 5 else "train")
    assert medcutmix("check", path, "--duplicates") == 0
    shown = " ".join(capsys.readouterr().out.split())
    assert "8 of 8 pictures, one a study: 1 group of near-duplicates" in shown
    assert "Near-duplicates across splits and patients," in shown
    assert "study s0005, test" in shown
    assert medcutmix("check", path, "--json") == 0
    found = json.loads(capsys.readouterr().out)["duplicates"]
    assert (found["compared"], found["within"]) == (8, NEAR)
    (group,) = found["groups"]
    assert group["pictures"] == [
        {"study_id": "s0002", "split": "train"},
        {"study_id": "s0005", "split": "test"},
    ]
    assert (group["crosses_patients"], group["crosses_splits"]) == (True, True)


def test_long_lists_are_cut_on_a_terminal_and_said_to_be(tmp_path, monkeypatch):
    monkeypatch.setattr("medcutmix_cli.terminal.checks._GROUPS", 1)
    monkeypatch.setattr("medcutmix_cli.terminal.checks._PICTURES", 2)
    check = check_dataset(table(tmp_path, [(0, 1, "same"), (0, 2, "same"), (4, 5, "same")]))
    shown = printed(check_view(check))
    assert "and 1 more\n" in " ".join(shown.split(" ")) or "and 1 more" in shown
    assert "and 1 more groups: --json lists all" in shown
