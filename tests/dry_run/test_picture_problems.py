import pytest

from medcutmix_cli import check_dataset
from medcutmix_cli.dry_run.duplicate_check import DuplicateCheck
from medcutmix_cli.dry_run.picture_problems import problems_of_comparing, spread_evenly
from tests.own_trees import write_cells


def test_pictures_that_cannot_be_read_are_told_by_reason(tmp_path):
    path = write_cells(tmp_path, 8)
    (tmp_path / "3.jpg").unlink()
    (tmp_path / "4.jpg").write_bytes(b"GIF89a")
    check = check_dataset(path)
    assert (check.decoded, dict(check.undecoded)) == (6, {"image-format-unknown": 1})
    assert check.ok
    for picture in tmp_path.glob("*.jpg"):
        picture.unlink()
    assert not check_dataset(path).ok


@pytest.mark.parametrize(
    ("many", "most", "taken"), [(3, 8, [0, 1, 2]), (8, 4, [0, 2, 4, 6]), (5, 2, [0, 2]), (0, 4, [])]
)
def test_a_sample_is_spread_over_all(many, most, taken):
    assert spread_evenly(range(many), most) == taken


def test_what_could_not_be_compared_is_told_where_nothing_said_as_much():
    found = DuplicateCheck(
        compared=5,
        pictures=8,
        unreadable=(("image-missing", 2), ("image-empty", 1)),
        unreadable_studies={"image-empty": ("s7",)},
    )
    (problem,) = problems_of_comparing(found, {"image-missing": 2}, {}, {})
    assert problem.what == "1 of 8 pictures that were compared cannot be read: image-empty: s7"
    assert not list(problems_of_comparing(found, {"image-missing": 2}, {"image-empty": 1}, {}))
