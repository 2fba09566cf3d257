import pytest

from medcutmix_cli.gallery.catalogue import CataloguePair, as_table, unwritten_pairs, written_pairs
from medcutmix_cli.run.contents import open_contents
from medcutmix_cli.run.failure_list import PairOutcome, outcome_lines
from medcutmix_cli.run.folder import RunFolder
from tests.run_folders import RECIPIENT_REPORT, make_row, write_run


def lines_of(tmp_path, **changes):
    return written_pairs(open_contents(write_run(tmp_path / "run", ([make_row(3, **changes)],))))


def test_a_row_has_what_it_is_found_by(tmp_path):
    (line,) = lines_of(tmp_path, lam_img_area=0.8, align_quality=0.5)
    assert (line.id, line.state, line.rule, line.exchange) == (f"{3:016x}", "written", "", "pleural_effusion")
    assert (line.side, line.lam, line.align_quality, line.ground_p) == ("left", 0.75, 0.5, 0.005)
    assert line.area == pytest.approx(0.2)


def test_the_weaker_evidence_counts_and_none_where_nothing_was_asked(tmp_path):
    assert lines_of(tmp_path / "a", ground_p_a=0.001, ground_p_b=0.04)[0].ground_p == 0.04
    assert lines_of(tmp_path / "b", ground_p_a=None, ground_p_b=None)[0].ground_p is None


def test_what_was_rejected_or_failed_is_listed_even_without_a_plan(tmp_path):
    run = write_run(tmp_path / "run", rejected=1, failed=1)
    gone = [
        PairOutcome("f" * 16, "s1", "s2", "rejected", "mask", "donor-finding-pasted"),
        PairOutcome("e" * 16, "s3", "s4", "failed", "image", "image-missing", "ImageError"),
    ]
    RunFolder(run).failures_file(0).write_text(outcome_lines(gone))
    lines = unwritten_pairs(open_contents(run))
    assert [(line.id[0], line.state, line.rule) for line in lines] == [
        ("f", "rejected", "donor-finding-pasted"),
        ("e", "failed", "image-missing"),
    ]


def test_a_lone_shard_has_no_list_of_failures(tmp_path):
    run = write_run(tmp_path / "run")
    assert unwritten_pairs(open_contents(run / "data" / "part-00000.parquet")) == []


def test_the_list_holds_no_report_text(tmp_path):
    table = as_table(lines_of(tmp_path))
    assert not any(word in str(table) for word in RECIPIENT_REPORT.split() if len(word) > 6)
    assert table["fields"][0] == "id"
    assert CataloguePair(*table["rows"][0]).id == f"{3:016x}"
