import pytest

import medcutmix_cli
from medcutmix_cli import Run
from medcutmix_cli.errors import RunError
from medcutmix_cli.notebook.pair import RunPair
from tests.run_folders import INSERTED, REMOVED, make_row, write_run

KEPT = {"image_mode": "keep", "finding": "", "finding_a": ""}


@pytest.fixture
def folder(tmp_path):
    shards = ([make_row(0), make_row(1, "pneumothorax")], [make_row(2)])
    return write_run(tmp_path / "run", shards, missing=1, rejected=2)


def test_a_run_is_a_sequence_of_its_pairs(folder):
    run = Run(folder)
    assert len(run) == 3
    assert [pair.pair_id for pair in run] == [f"{n:016x}" for n in range(3)]
    assert run[-1].pair_id == run[2].pair_id
    assert [pair.pair_id for pair in run[1:]] == [pair.pair_id for pair in list(run)[1:]]
    for beyond in (3, -4):
        with pytest.raises(IndexError, match=f"no index {beyond} in 3 pairs"):
            run[beyond]


def test_shards_are_sequences_of_their_own_pairs(folder):
    shards = Run(folder).shards
    assert [len(shard) for shard in shards] == [2, 1]
    assert shards[1][0].pair_id == f"{2:016x}"
    assert shards[0].bytes == shards[0].path.stat().st_size
    assert repr(shards[0]).startswith("Shard(")


def test_status_and_numbers_are_those_of_the_commands(folder):
    run = Run(folder)
    assert run.status == medcutmix_cli.status(folder)
    assert run.inspection == medcutmix_cli.inspect(folder)
    assert [pair.pair_id for pair in run.find("pneumothorax")] == [f"{1:016x}"]


def test_a_lone_shard_is_a_run_without_a_status(folder, tmp_path):
    alone = tmp_path / "alone.parquet"
    alone.write_bytes((folder / "data" / "part-00000.parquet").read_bytes())
    run = Run(alone)
    assert (len(run), run.status) == (2, None)
    assert "State" not in run._repr_html_()


def test_a_notebook_shows_what_became_of_everything(folder):
    page = Run(folder)._repr_html_()
    assert "3 of" in page
    assert "2 rejected or failed, 1 still to render" in page
    assert "pleural_effusion 2" in page
    assert repr(Run(folder)) == f"Run({str(folder)!r}): 3 pairs"
    assert "part-00000.parquet" in Run(folder).shards[0]._repr_html_()


def test_names_cannot_write_html(tmp_path):
    run = Run(write_run(tmp_path / "<script>alert(1)<", ([make_row(0, "<b>finding")],)))
    assert "<script>" not in run._repr_html_()
    assert "<b>finding" not in run._repr_html_()


def test_what_is_no_run_is_an_error(tmp_path):
    with pytest.raises(RunError):
        Run(tmp_path / "nowhere")


def test_pairs_are_objects_with_all_that_the_row_says(folder):
    pair = Run(folder)[0]
    assert isinstance(pair, RunPair)
    assert pair.view.index == 0


@pytest.fixture
def mixed_run(tmp_path):
    shards = ([make_row(0), make_row(1, **KEPT)], [make_row(2)])
    return write_run(tmp_path / "run", shards, rejected=2)


RECORDS = {
    "status": lambda mixed_run, _out: Run(mixed_run).status,
    "inspection": lambda mixed_run, _out: Run(mixed_run).inspection,
    "view": lambda mixed_run, _out: Run(mixed_run)[0].view,
    "view of a study as it is": lambda mixed_run, _out: Run(mixed_run)[1].view,
    "parent": lambda mixed_run, _out: Run(mixed_run)[0].view.recipient,
    "verify": lambda mixed_run, _out: medcutmix_cli.verify(mixed_run),
    "export": lambda mixed_run, out: medcutmix_cli.export(mixed_run, out, to="webdataset"),
}


@pytest.mark.parametrize("name", sorted(RECORDS))
def test_a_record_is_a_line_and_a_table(mixed_run, tmp_path, name):
    record = RECORDS[name](mixed_run, tmp_path / "x")
    assert len(repr(record)) < 700
    assert "\n" not in repr(record)
    assert repr(record).startswith(type(record).__name__ + "(")
    assert "<table>" in record._repr_html_()
    for text in (REMOVED, INSERTED, "Normal heart"):
        assert text not in repr(record)
        assert text not in record._repr_html_()


def test_the_numbers_of_the_commands_are_in_them(mixed_run, tmp_path):
    assert "5 planned, 3 written, 2 rejected" in repr(Run(mixed_run).status)
    assert "pleural_effusion 2, study as it is 1" in repr(Run(mixed_run).inspection)
    assert "problems: " in repr(medcutmix_cli.verify(mixed_run))
    assert "train: mix 2, original 1" in repr(
        medcutmix_cli.export(mixed_run, tmp_path / "x", to="webdataset")
    )


def test_a_run_says_which_rows_are_studies_as_they_are(mixed_run):
    assert "pleural_effusion 2, study as it is 1" in Run(mixed_run)._repr_html_()
    assert "none 1" not in Run(mixed_run)._repr_html_()
