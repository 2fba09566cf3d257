import pytest

import medcutmix_cli
from medcutmix_cli.run.folder import RunFolder
from tests.breaking_runs import broken_rules, rewrite
from tests.sealed_files import change_sealed


def test_a_flipped_byte_breaks_the_hash(run):
    content = bytearray(run.shard_file(0).read_bytes())
    content[len(content) // 2] ^= 1
    run.shard_file(0).write_bytes(content)
    assert broken_rules(run) & {"hash", "damaged"}


def test_a_truncated_shard_is_damaged(run):
    content = run.shard_file(0).read_bytes()
    run.shard_file(0).write_bytes(content[: len(content) // 2])
    assert broken_rules(run) == {"damaged"}


def test_a_shard_that_is_gone_is_damaged(run):
    run.shard_file(0).unlink()
    assert broken_rules(run) == {"damaged"}


def test_a_shard_without_state_is_missing_and_incomplete(run):
    run.state_file(0).unlink()
    assert broken_rules(run) == {"missing", "incomplete"}


def test_a_shard_of_another_run_breaks_the_fingerprint(run, tmp_path):
    other = RunFolder(tmp_path / "other")
    medcutmix_cli.augment(
        tmp_path / "in", other.root, encoder="toy", gate="none", align="none", shard_size=6, workers=1, seed=9
    )
    run.shard_file(0).write_bytes(other.shard_file(0).read_bytes())
    assert broken_rules(run) - {"size"} == {"hash", "fingerprint", "origin", "order"}


def test_a_wrong_sum_in_a_state_file_is_found(run):
    change_sealed(run.state_file(0), lambda said: said.update(written=said["written"] - 1))
    assert broken_rules(run) == {"sums", "rows", "failures"}


def test_rows_that_a_state_file_counts_otherwise_are_found(run):
    """`status` tells the shape of a run of these counts, and reads no row."""
    change_sealed(run.state_file(0), lambda said: said["counts"]["traits"].update({"view: PA": 1000}))
    assert broken_rules(run) == {"counts"}


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        pytest.param(lambda row: row.update(subject_id_b=row["subject_id_a"]), "patient", id="one-patient"),
        pytest.param(lambda row: row.update(split="test"), "split", id="another-split"),
        pytest.param(lambda row: row.update(study_id_b="s9"), "ids", id="another-donor"),
        pytest.param(lambda row: row.update(report=row["report"] + "x"), "text", id="report-touched"),
        pytest.param(lambda row: row.update(lam_img_area=1.5), "weights", id="weight-above-one"),
        pytest.param(lambda row: row.update(pair_id="0" * 16), "order", id="another-pair"),
    ],
)
def test_a_row_that_breaks_a_rule_is_found_without_the_pictures(copied, change, rule):
    rewrite(copied, change)
    assert rule in broken_rules(copied)
