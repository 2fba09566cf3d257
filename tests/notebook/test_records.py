"""What a notebook shows of the records that it is given: a line, and a table; never a wall, nor a report."""

import pytest

import medcutmix_cli
from medcutmix_cli import Run
from tests.run_folders import INSERTED, REMOVED, make_row, write_run

KEPT = {"image_mode": "keep", "finding": "", "finding_a": ""}


@pytest.fixture
def run(tmp_path):
    shards = ([make_row(0), make_row(1, **KEPT)], [make_row(2)])
    return write_run(tmp_path / "run", shards, rejected=2)


RECORDS = {
    "status": lambda run, _out: Run(run).status,
    "inspection": lambda run, _out: Run(run).inspection,
    "view": lambda run, _out: Run(run)[0].view,
    "view of a study as it is": lambda run, _out: Run(run)[1].view,
    "parent": lambda run, _out: Run(run)[0].view.recipient,
    "verify": lambda run, _out: medcutmix_cli.verify(run),
    "export": lambda run, out: medcutmix_cli.export(run, out, to="webdataset"),
}


@pytest.mark.parametrize("name", sorted(RECORDS))
def test_a_record_is_a_line_and_a_table(run, tmp_path, name):
    record = RECORDS[name](run, tmp_path / "x")
    assert len(repr(record)) < 700
    assert "\n" not in repr(record)
    assert repr(record).startswith(type(record).__name__ + "(")
    assert "<table>" in record._repr_html_()
    for text in (REMOVED, INSERTED, "Normal heart"):
        assert text not in repr(record)
        assert text not in record._repr_html_()


def test_the_numbers_of_the_commands_are_in_them(run, tmp_path):
    assert "5 planned, 3 written, 2 rejected" in repr(Run(run).status)
    assert "pleural_effusion 2, study as it is 1" in repr(Run(run).inspection)
    assert "problems: " in repr(medcutmix_cli.verify(run))
    assert "train: mix 2, original 1" in repr(medcutmix_cli.export(run, tmp_path / "x", to="webdataset"))


def test_a_run_says_which_rows_are_studies_as_they_are(run):
    assert "pleural_effusion 2, study as it is 1" in Run(run)._repr_html_()
    assert "none 1" not in Run(run)._repr_html_()
