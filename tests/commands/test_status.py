"""`medcutmix status` on runs that lie on disk."""

import pytest

from tests.calls import medcutmix
from tests.run_folders import make_row, write_run


@pytest.fixture
def run(tmp_path):
    return write_run(tmp_path / "run", ([make_row(0), make_row(1, "mass")],))


def test_status_tells_which_shard_was_begun_again_and_again(tmp_path, capsys):
    run = write_run(tmp_path / "run", missing=2)
    (run / "state" / "part-00002.attempts").write_text("3")
    assert medcutmix("status", run) == 0
    assert "begun more than once: 2 (3 times)" in " ".join(capsys.readouterr().out.split())


def test_status_tells_what_waits(tmp_path, capsys):
    assert medcutmix("status", write_run(tmp_path / "run", missing=2)) == 0
    assert "3 planned: 1 written, 0 rejected, 0 failed, 2 waiting" in capsys.readouterr().out


def test_no_report_is_in_what_status_says(run, capsys):
    medcutmix("status", run, "--json")
    assert "effusion is" not in capsys.readouterr().out
