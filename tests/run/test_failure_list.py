from medcutmix_cli.run.failure_list import PairOutcome, outcome_lines, read_outcomes

REJECTED = PairOutcome("0123456789abcdef", "s1", "s2", "rejected", "mask", "weak-evidence")
FAILED = PairOutcome("fedcba9876543210", "s3", "s4", "failed", "image", "image-missing", "ImageError")


def test_a_list_comes_back_as_it_was_written(tmp_path):
    path = tmp_path / "part-00000.jsonl"
    path.write_text(outcome_lines([REJECTED, FAILED]), encoding="utf-8")
    assert read_outcomes(path) == [REJECTED, FAILED]


def test_a_list_of_nothing_is_an_empty_file():
    assert outcome_lines([]) == ""
