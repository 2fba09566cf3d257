import stat

import pytest
from PIL import Image

from medcutmix_cli.errors import RunError
from medcutmix_cli.gallery.sheet import write_sheet
from tests.refused_runs import refused_run, toy_encoders
from tests.run_folders import make_row, write_run


@pytest.fixture
def run(tmp_path):
    return write_run(tmp_path / "run", ([make_row(n, ("mass", "opacity")[n % 2]) for n in range(7)],))


@pytest.mark.parametrize(("asked", "rows"), [(1, 1), (3, 1), (4, 2), (99, 3)])
def test_pairs_stand_in_rows_of_three(run, tmp_path, asked, rows):
    assert write_sheet(run, tmp_path / "sheet.png", asked) == min(asked, 7)
    with Image.open(tmp_path / "sheet.png") as sheet:
        assert (sheet.height - 14) // rows > 200
        assert (sheet.width - 14) % min(3, asked) == 0
        assert (sheet.height - 14) % rows == 0


def test_the_same_run_gives_the_same_sheet_and_only_its_owner_may_read_it(run, tmp_path):
    for name in ("a.png", "b.png"):
        write_sheet(run, tmp_path / name)
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()
    assert stat.S_IMODE((tmp_path / "a.png").stat().st_mode) == 0o600


def test_a_long_or_unprintable_name_stays_inside_its_tile(tmp_path):
    row = make_row(0, finding="\x1b[31m" + "long_name_" * 40)
    assert write_sheet(write_run(tmp_path / "run", ([row],)), tmp_path / "sheet.png") == 1


def test_pairs_that_were_not_written_follow(tmp_path):
    with toy_encoders():
        assert write_sheet(refused_run(tmp_path), tmp_path / "sheet.png", 3, rejected=2) == 3 + 2


def test_a_run_without_a_pair_has_no_sheet(tmp_path):
    with pytest.raises(RunError, match="no pair to show"):
        write_sheet(write_run(tmp_path / "run", ([],), missing=1), tmp_path / "sheet.png")
